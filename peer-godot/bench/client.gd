extends Node
## A client that does what the host orders, and otherwise little: there are more of them than processors.

const Report := preload("report.gd")
const Transports := preload("transports.gd")

const RESTING_FPS := 30
const FLOOD_BYTES := 16
## How often it looks while it takes what comes: no frame is to be waited for.
const LOOK_USEC := 200
const TAKE_SECONDS := 60.0

var options: Dictionary
var _control := StreamPeerTCP.new()
var _apis: Dictionary[String, SceneMultiplayer] = {}
var _echoes := false
var _stamps_left := 0
var _stamp_order: Dictionary
var _flooded := ""
## What is taken at the moment: how many packets of how many bytes, and when half of them and all had come.
var _taking := {}
## Of every other packet, which begins with the time, how long it took, in milliseconds.
var _waits: PackedFloat64Array


func _ready() -> void:
	Engine.max_fps = RESTING_FPS
	Report.check("connect", _control.connect_to_host(Transports.LOOPBACK, options["control"].to_int()))
	for via: String in ["steam", "enet", "floor"]:
		if not options.has(via):
			continue
		var api := SceneMultiplayer.new()
		api.root_path = get_path()
		api.multiplayer_peer = Transports.client(via, options[via])
		api.peer_packet.connect(_on_packet.bind(api))
		_apis[via] = api


func _process(_delta: float) -> void:
	_control.poll()
	if _control.get_status() == StreamPeerTCP.STATUS_CONNECTED:
		_control.set_no_delay(true)
		while _control.get_available_bytes() > 0:
			_obey(_control.get_var())
	elif _control.get_status() != StreamPeerTCP.STATUS_CONNECTING:
		get_tree().quit()
	for via in _apis:
		_apis[via].poll()
	if _stamps_left > 0:
		_send_stamp()
	if _flooded and _has_arrived(_apis[_flooded].multiplayer_peer):
		_flooded = ""
		_control.put_var(true)


func _obey(order: Dictionary) -> void:
	match order["do"]:
		"burst":
			_send(_apis[order["via"]], order["bytes"], order["mode"], order["count"])
			_apis[order["via"]].poll()
		"echo":
			_echoes = true
			Engine.max_fps = order["fps"]
		"stamps":
			_stamp_order = order
			_stamps_left = order["count"]
			Engine.max_fps = order["fps"]
		"flood":
			_flooded = order["via"]
			_send(_apis[_flooded], FLOOD_BYTES, MultiplayerPeer.TRANSFER_MODE_RELIABLE, order["count"])
		"take":
			_take(order)
		"answer":
			_taking["end"] = _now()
		"rest":
			_echoes = false
			Engine.max_fps = RESTING_FPS


func _send(api: SceneMultiplayer, bytes: int, mode: MultiplayerPeer.TransferMode, count: int) -> void:
	var packet := PackedByteArray()
	packet.resize(bytes)
	for i in count:
		Report.check("send_bytes", api.send_bytes(packet, MultiplayerPeer.TARGET_PEER_SERVER, mode))


## Does nothing but take what comes, until it is all there.
func _take(order: Dictionary) -> void:
	_taking = {"left": order["count"], "half": order["count"] / 2, "bytes": order["bytes"]}
	_waits.clear()
	var give_up := _now() + TAKE_SECONDS
	while not _taking.has("end") and _now() < give_up:
		_control.poll()
		while _control.get_available_bytes() > 0:
			_obey(_control.get_var())
		for via in _apis:
			_apis[via].poll()
		OS.delay_usec(LOOK_USEC)
	_control.put_var({"end": _taking.get("end"), "half": _taking.get("half_at"), "waits": _waits})
	_taking = {}


func _count_taken(packet: PackedByteArray) -> void:
	if packet.size() != _taking["bytes"]:
		_waits.append((_now() - packet.decode_double(0)) * 1000.0)
		return
	_taking["left"] -= 1
	if _taking["left"] == _taking["half"]:
		_taking["half_at"] = _now()
	if _taking["left"] == 0:
		_taking["end"] = _now()


func _now() -> float:
	return Time.get_unix_time_from_system()


func _on_packet(id: int, packet: PackedByteArray, api: SceneMultiplayer) -> void:
	if _taking:
		_count_taken(packet)
	if _echoes:
		Report.check("send_bytes", api.send_bytes(packet, id, MultiplayerPeer.TRANSFER_MODE_RELIABLE))


func _send_stamp() -> void:
	var api := _apis[_stamp_order["via"]]
	var packet := PackedByteArray()
	packet.resize(8)
	packet.encode_double(0, Time.get_unix_time_from_system())
	Report.check("send_bytes", api.send_bytes(packet, MultiplayerPeer.TARGET_PEER_SERVER))
	if _stamp_order["polls"]:
		api.poll()
	_stamps_left -= 1
	if _stamps_left == 0:
		Engine.max_fps = RESTING_FPS


## Whether the other side has acknowledged everything that is reliable.
func _has_arrived(peer: Object) -> bool:
	var host: Object = peer.get_peer(MultiplayerPeer.TARGET_PEER_SERVER)
	for statistic in ["STAT_BACKLOG_BYTES", "STAT_PENDING_RELIABLE", "STAT_SENT_UNACKED_RELIABLE"]:
		if host.get_statistic(ClassDB.class_get_integer_constant("SteamPacketPeer", statistic)) > 0:
			return false
	return true
