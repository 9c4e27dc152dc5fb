extends "res://scenario.gd"
## Handlers of SteamSession's signals may call any of its methods, and leave Steam and come back.

## The signals on which everything was tried.
var tried: Array[StringName] = []
var lobby := 0


func run() -> void:
	start_steam()
	if role == "guest":
		await visit()
		return
	SteamSession.lobby_created.connect(_on_lobby_created)
	equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC, 4), OK, "create_lobby")
	await until("the first lobby", func() -> bool: return lobby != 0)
	SteamSession.lobby_created.disconnect(_on_lobby_created)
	# Events of what a guest does, and of what we do.
	SteamSession.lobby_member_joined.connect(func(which: int, who: int) -> void:
		equal([which, who], [lobby, steam_id(2)], "who joined")
		attempt(&"lobby_member_joined"))
	SteamSession.lobby_data_changed.connect(func(which: int) -> void:
		# Those of the lobbies that the handlers make, too.
		if which == lobby:
			attempt(&"lobby_data_changed"))
	SteamSession.lobby_list_received.connect(func(lobbies: PackedInt64Array) -> void:
		check(lobby in lobbies, "the list")
		attempt(&"lobby_list_received"))
	SteamSession.lobby_member_left.connect(func(which: int, who: int) -> void:
		equal([which, who], [lobby, steam_id(2)], "who left")
		attempt(&"lobby_member_left"))
	say("lobby", lobby)
	equal(SteamSession.request_lobby_list(), OK, "request_lobby_list")
	await until("all events", func() -> bool: return tried.size() == 4)
	equal(SteamSession.get_lobby_owner(lobby), steam_id(1), "the owner after all that")
	for event: StringName in [&"lobby_member_joined", &"lobby_data_changed", &"lobby_list_received", &"lobby_member_left"]:
		for connection in SteamSession.get_signal_connection_list(event):
			SteamSession.disconnect(event, connection.callable)
	await leave_from_handlers()


## Everything that leaves the session on.
func attempt(event: StringName) -> void:
	if event in tried:
		return
	tried.append(event)
	equal(SteamSession.initialize(480), OK, "initialize in " + event)
	equal(SteamSession.get_steam_id(), steam_id(1), "get_steam_id in " + event)
	check(not SteamSession.get_lobby_members(lobby).is_empty(), "get_lobby_members in " + event)
	equal(SteamSession.set_lobby_data(lobby, "key", event), true, "set_lobby_data in " + event)
	equal(SteamSession.get_lobby_data(lobby, "key"), String(event), "get_lobby_data in " + event)
	equal(SteamSession.set_lobby_joinable(lobby, true), true, "set_lobby_joinable in " + event)
	equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PRIVATE), OK, "create_lobby in " + event)
	equal(SteamSession.request_lobby_list(), OK, "request_lobby_list in " + event)
	SteamSession.leave_lobby(lobby ^ 0xffff)
	var peer := SteamMultiplayerPeer.new()
	equal(peer.host_with_lobby(lobby), OK, "host_with_lobby in " + event)
	peer.poll()
	peer.close()


func _on_lobby_created(result: int, made: int) -> void:
	equal(result, SteamSession.RESULT_OK, "lobby_created")
	if lobby == 0:
		lobby = made


## A handler that shuts Steam down, for every signal that a single process can bring about. Once it begins anew.
func leave_from_handlers() -> void:
	for event: StringName in [&"lobby_created", &"lobby_list_received", &"lobby_joined"]:
		for again: bool in [false, true]:
			start_steam()
			var done := [0]
			var handler := func(_a: Variant, _b: Variant = null) -> void:
				done[0] += 1
				SteamSession.shutdown()
				equal(SteamSession.is_initialized(), false, "is_initialized after shutdown in " + event)
				equal(SteamSession.get_steam_id(), 0, "get_steam_id after shutdown in " + event)
				if again:
					equal(SteamSession.initialize(480), OK, "initialize after shutdown in " + event)
					equal(SteamSession.get_steam_id(), steam_id(1), "get_steam_id after all in " + event)
			SteamSession.connect(event, handler)
			# Twice: nothing is emitted after the shutdown.
			for i in 2:
				match event:
					&"lobby_created":
						SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PRIVATE)
					&"lobby_list_received":
						SteamSession.request_lobby_list()
					&"lobby_joined":
						SteamSession.join_lobby(1)
			await until("%s, and a shutdown" % event, func() -> bool: return done[0] > 0)
			await frames(5)
			equal(done[0], 1, "how often %s came" % event)
			SteamSession.disconnect(event, handler)
			equal(SteamSession.is_initialized(), again, "is_initialized in the end")
	SteamSession.shutdown()
	SteamSession.shutdown()


func visit() -> void:
	lobby = await hear("lobby")
	SteamSession.join_lobby(lobby)
	equal((await SteamSession.lobby_joined)[1], SteamSession.CHAT_ROOM_ENTER_RESPONSE_SUCCESS, "lobby_joined")
	await until("the owner's data", func() -> bool: return SteamSession.get_lobby_data(lobby, "key") != "")
	SteamSession.leave_lobby(lobby)
