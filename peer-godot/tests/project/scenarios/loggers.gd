extends "res://scenario.gd"
## A logger of the game's own may call the peer and the session from within every line that is printed.


class Caller:
	extends Logger
	var peer: SteamMultiplayerPeer
	var errors := 0
	var lines := 0
	var is_calling := false

	func _log_error(_function: String, _file: String, _line: int, _code: String, _rationale: String, _editor: bool,
			_type: int, _backtraces: Array[ScriptBacktrace]) -> void:
		errors += 1
		look()

	func _log_message(message: String, _error: bool) -> void:
		if message.begins_with("SteamMultiplayerPeer") or message.begins_with("Steam: "):
			lines += 1
			look()

	func look() -> void:
		if is_calling or peer == null:
			return
		is_calling = true
		peer.get_connection_status()
		peer.get_unique_id()
		peer.set_target_peer(0)
		peer.poll()
		peer.no_nagle = not peer.no_nagle
		peer.get_peer_map()
		SteamSession.get_steam_id()
		SteamSession.is_initialized()
		is_calling = false


var caller := Caller.new()


func run() -> void:
	OS.add_logger(caller)
	start_steam()
	var peer := SteamMultiplayerPeer.new()
	caller.peer = peer
	if role == "host":
		await host(peer)
	else:
		await client(peer)
	caller.peer = null
	OS.remove_logger(caller)


## Every call that prints an error, with a logger that calls back.
func host(peer: SteamMultiplayerPeer) -> void:
	var before := caller.errors
	expect_error("put_packet: not connected")
	equal(peer.put_packet(PackedByteArray([1])), ERR_UNCONFIGURED, "put_packet")
	expect_error("add_peer: ")
	equal(peer.add_peer(1), ERR_UNCONFIGURED, "add_peer")
	peer.debug_level = SteamMultiplayerPeer.DEBUG_LEVEL_STEAM
	equal(peer.create_host(), OK, "create_host")
	for call: String in ["create_host", "create_client", "host_with_lobby", "connect_to_lobby"]:
		expect_error(call + ": already connected")
	equal(peer.create_host(), ERR_ALREADY_IN_USE, "create_host")
	equal(peer.create_client(1), ERR_ALREADY_IN_USE, "create_client")
	equal(peer.host_with_lobby(1), ERR_ALREADY_IN_USE, "host_with_lobby")
	equal(peer.connect_to_lobby(1), ERR_ALREADY_IN_USE, "connect_to_lobby")
	expect_error("disconnect_peer: peer 77")
	peer.disconnect_peer(77)
	expect_error("kick: peer 77")
	peer.kick(77)
	expect_error("set_config: ", 2)
	equal(peer.set_config(25, null), ERR_INVALID_PARAMETER, "set_config")
	equal(peer.set_config(123_456, 1), ERR_INVALID_PARAMETER, "set_config")
	expect_error("set_channel_priority: ")
	equal(peer.set_channel_priority(0, -1, 1), ERR_INVALID_PARAMETER, "set_channel_priority")
	expect_error("create_lobby: ")
	equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC, 0), ERR_INVALID_PARAMETER, "create_lobby")
	expect_error("initialize: ")
	equal(SteamSession.initialize(-1), ERR_INVALID_PARAMETER, "initialize")
	equal(caller.errors - before, 13, "errors that the logger was called for")
	say("host")
	# A peer without debug output, and another that drops it, leave what this one asked for.
	var quiet := SteamMultiplayerPeer.new()
	equal(quiet.create_host(5), OK, "create_host")
	quiet.debug_level = SteamMultiplayerPeer.DEBUG_LEVEL_STEAM
	quiet.debug_level = SteamMultiplayerPeer.DEBUG_LEVEL_NONE
	quiet.close()
	quiet = null
	caller.lines = 0
	var came := [0]
	peer.peer_connected.connect(func(id: int) -> void: came[0] = id)
	await until("the client", func() -> bool:
		peer.poll()
		return came[0] > 0)
	await until("Steam's lines", func() -> bool: return caller.lines > 1)
	var packet_peer := peer.get_peer(came[0])
	expect_error("disconnect_peer: ")
	packet_peer.disconnect_peer(true)
	packet_peer.disconnect_peer(true)
	peer.close()


func client(peer: SteamMultiplayerPeer) -> void:
	await hear("host")
	# The lines of the events are printed while the peer is polled.
	peer.debug_level = SteamMultiplayerPeer.DEBUG_LEVEL_PEER
	equal(peer.create_client(steam_id(1)), OK, "create_client")
	var left := [false]
	peer.peer_disconnected.connect(func(_id: int) -> void: left[0] = true)
	await until("the end", func() -> bool:
		peer.poll()
		return left[0])
	check(caller.lines >= 1, "lines that the logger was called for")
