extends "res://scenario.gd"
## Handlers of a peer's signals may do anything with the peer. The role is "client", or the signal whose handlers the
## host tries: one round for each thing that they may do.

const ACTIONS: Array[String] = [
	"close", "disconnect", "force", "put", "put to all", "host", "close and host", "join", "close and join", "poll",
	"read", "drop", "close and drop", "kick", "look",
]

## The only reference to the host's peer.
var peer: SteamMultiplayerPeer
var is_polling := false
## The signals of a round, in order.
var events: Array[String] = []
var acted := false


func run() -> void:
	start_steam()
	if role == "client":
		await visit()
	else:
		for action in ACTIONS:
			await host(role, action)
		say("over")


## A host whose handler of that signal does that.
func host(of: String, action: String) -> void:
	events.clear()
	acted = false
	peer = SteamMultiplayerPeer.new()
	# Each round on a port of its own: the client may still be saying goodbye to the host of the last one.
	equal(peer.create_host(ACTIONS.find(action)), OK, "create_host")
	peer.peer_connected.connect(_on_signal.bind("peer_connected", of, action))
	peer.peer_disconnected.connect(_on_signal.bind("peer_disconnected", of, action))
	peer.connection_ended.connect(
		func(_steam_id: int, id: int, _reason: int, _message: String) -> void:
			_on_signal(id, "connection_ended", of, action)
	)
	print("%d ms: %s in a handler of %s" % [Time.get_ticks_msec(), action, of])
	say("round " + action)
	await until("peer_connected in %s, %s" % [of, action], func() -> bool: return poll() and not events.is_empty())
	if of != "peer_connected":
		say("leave " + action)
	await until("the handler of %s, %s" % [of, action], func() -> bool: return poll() and acted)
	if action in ["disconnect", "kick"] and of == "peer_connected":
		await until("the end of it", func() -> bool: return poll() and events.has("peer_disconnected"))
	say("leave " + action)
	var key := "left " + action
	await until("the client to go", func() -> bool: return poll() and FileAccess.file_exists(board.path_join(key)))
	if peer:
		peer.close()
		equal(peer.get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED, "the status after close")
		# It still works.
		equal(peer.create_host(ACTIONS.find(action)), OK, "create_host after " + action)
		peer.close()
	peer = null


func poll() -> bool:
	if peer:
		is_polling = true
		peer.poll()
		is_polling = false
	return true


func _on_signal(id: int, what: String, of: String, action: String) -> void:
	check(is_polling, "%s only while polled" % what)
	check(id > 1, "the id of %s" % what)
	events.append(what)
	if what != of or acted:
		return
	acted = true
	var before := events.size()
	var is_there := of == "peer_connected"
	match action:
		"close":
			peer.close()
			equal(peer.get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED, "the status")
			equal(peer.get_unique_id(), 0, "the id")
		"disconnect", "force":
			if of == "peer_disconnected":
				expect_error("disconnect_peer: peer %d is not connected" % id)
			peer.disconnect_peer(id, action == "force")
		"put":
			peer.set_target_peer(id)
			if of == "peer_disconnected":
				expect_error("put_packet: target peer %d is not connected" % id)
			var expected := ERR_INVALID_PARAMETER if of == "peer_disconnected" else OK
			equal(peer.put_packet(PackedByteArray([1, 2, 3])), expected, "put_packet in " + of)
		"put to all":
			peer.set_target_peer(0)
			equal(peer.put_packet(PackedByteArray([1, 2, 3])), OK, "put_packet to all in " + of)
		"host":
			expect_error("create_host: already connected or connecting")
			equal(peer.create_host(), ERR_ALREADY_IN_USE, "create_host in " + of)
		"close and host":
			peer.close()
			equal(peer.create_host(ACTIONS.find(action)), OK, "create_host after close in " + of)
			equal(peer.get_unique_id(), 1, "the id of the next session")
		"join":
			expect_error("create_client: already connected or connecting")
			equal(peer.create_client(steam_id(9)), ERR_ALREADY_IN_USE, "create_client in " + of)
		"close and join":
			peer.close()
			equal(peer.create_client(steam_id(9)), OK, "create_client after close in " + of)
			equal(peer.get_connection_status(), MultiplayerPeer.CONNECTION_CONNECTING, "the status")
		"poll":
			peer.poll()
			return
		"read":
			equal(peer.get_packet().size(), 0, "get_packet with none")
			equal(peer.get_packet_error(), ERR_UNAVAILABLE, "get_packet_error with none")
		"drop":
			peer = null
		"close and drop":
			peer.close()
			peer = null
		"kick":
			if of == "peer_disconnected":
				expect_error("kick: peer %d is not connected" % id)
			peer.kick(id, "out")
		"look":
			equal(peer.get_peer(id) != null, of != "peer_disconnected", "get_peer in " + of)
			equal(peer.get_peer_map().has(id), of != "peer_disconnected", "get_peer_map in " + of)
			equal(peer.get_steam_id_for_peer_id(id), steam_id(2) if of != "peer_disconnected" else 0, "its Steam id")
			peer.server_relay = is_there
			peer.refuse_new_connections = is_there
	equal(events.size(), before, "signals from within %s" % action)


## A client that comes for each round, and goes when it is told to or has to.
func visit() -> void:
	for action in ACTIONS:
		await hear("round " + action)
		peer = SteamMultiplayerPeer.new()
		equal(peer.create_client(steam_id(1), ACTIONS.find(action)), OK, "create_client")
		var key := board.path_join("leave " + action)
		await until("the end of " + action, func() -> bool:
			poll()
			while peer.get_available_packet_count() > 0:
				equal(peer.get_packet(), PackedByteArray([1, 2, 3]), "a packet")
			return (FileAccess.file_exists(key)
				or peer.get_connection_status() == MultiplayerPeer.CONNECTION_DISCONNECTED))
		peer.close()
		say("left " + action)
	await hear("over")
