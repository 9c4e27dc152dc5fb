extends "res://peer_scenario.gd"
## The process ends in the midst of things, with handlers of every kind connected: nothing is left, and nothing crashes.

## Lambdas that are kept by nobody but the signals.
var count := 0


func run() -> void:
	for event in ClassDB.class_get_signal_list("SteamSession", true):
		SteamSession.connect(event.name, func(_a: Variant = null, _b: Variant = null) -> void: count += 1)
		# One that is of no object, and so goes with none.
		var calls: Array[int] = []
		SteamSession.connect(event.name, func(_a: Variant = null, _b: Variant = null) -> void: calls.append(1))
	SteamSession.lobby_created.connect(_on_lobby_created)
	SteamSession.lobby_joined.connect(_on_lobby_created.bind(1).unbind(1))
	SteamSession.lobby_list_received.connect(
		func(_ids: PackedInt64Array) -> void: count += 1, CONNECT_ONE_SHOT | CONNECT_DEFERRED)
	start_steam()
	if role == "lobby":
		equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC), OK, "create_lobby")
		await SteamSession.lobby_created
		# Its answer comes when nobody is there any more.
		equal(SteamSession.request_lobby_list(), OK, "request_lobby_list")
	else:
		new_peer()
		equal(peer.create_host() if role == "host" else peer.create_client(steam_id(7)), OK, "a session")
		multiplayer.multiplayer_peer = peer
		multiplayer.peer_connected.connect(func(_id: int) -> void: peer.close())
		await frames(2)


func _on_lobby_created(_result: int, _lobby: int) -> void:
	count += 1
