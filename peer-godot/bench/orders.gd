extends RefCounted
## The host's orders to the clients, and their answers: by TCP, so that they are no part of what is measured.

const Report := preload("report.gd")
const Transports := preload("transports.gd")

var _server := TCPServer.new()
var _clients: Array[StreamPeerTCP] = []
var _answers: Array = []


## The port that clients come to.
func listen() -> int:
	Report.check("listen", _server.listen(0, Transports.LOOPBACK))
	return _server.get_local_port()


func clients() -> int:
	return _clients.size()


func order(what: Dictionary) -> void:
	for client in _clients:
		client.put_var(what)


## The answers that have come since the last call.
func take_answers() -> Array:
	var answers := _answers
	_answers = []
	return answers


func poll() -> void:
	while _server.is_connection_available():
		var client := _server.take_connection()
		client.set_no_delay(true)
		_clients.append(client)
	for client in _clients:
		client.poll()
		while client.get_available_bytes() > 0:
			_answers.append(client.get_var())
