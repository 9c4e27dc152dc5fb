extends "res://scenario.gd"
## The life of a lobby between its owner and a guest: every method and signal of SteamSession.

const MODE := "mode"

var events: Array[Array] = []


func run() -> void:
	equal(SteamSession.is_initialized(), false, "is_initialized before initialize")
	start_steam()
	equal(SteamSession.is_initialized(), true, "is_initialized")
	SteamSession.lobby_member_joined.connect(func(lobby, who) -> void: events.append(["joined", lobby, who]))
	SteamSession.lobby_member_left.connect(func(lobby, who) -> void: events.append(["left", lobby, who]))
	SteamSession.join_requested.connect(func(_lobby, _friend) -> void: fail("join_requested"))
	if role == "owner":
		await own()
	else:
		await visit()
	SteamSession.shutdown()
	equal(SteamSession.is_initialized(), false, "is_initialized after shutdown")
	equal(SteamSession.get_steam_id(), 0, "get_steam_id after shutdown")


func make(type: int, members: int) -> int:
	equal(SteamSession.create_lobby(type, members), OK, "create_lobby")
	var created: Array = await SteamSession.lobby_created
	equal(created[0], SteamSession.RESULT_OK, "the result of lobby_created")
	check(created[1] != 0, "the lobby of lobby_created")
	return created[1]


func search(filters: Dictionary) -> PackedInt64Array:
	equal(SteamSession.request_lobby_list(filters), OK, "request_lobby_list %s" % filters)
	return await SteamSession.lobby_list_received


func own() -> void:
	equal(SteamSession.get_steam_id(), steam_id(1), "get_steam_id")
	check(SteamSession.get_persona_name() != "", "get_persona_name")
	expect_error("create_lobby: ", 2)
	equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC, 0), ERR_INVALID_PARAMETER, "no members")
	equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC, 251), ERR_INVALID_PARAMETER, "251 members")
	var lobby := await make(SteamSession.LOBBY_TYPE_PUBLIC, 2)
	equal(SteamSession.get_lobby_owner(lobby), steam_id(1), "get_lobby_owner")
	equal(SteamSession.get_lobby_members(lobby), PackedInt64Array([steam_id(1)]), "get_lobby_members")
	equal(SteamSession.get_lobby_member_limit(lobby), 2, "get_lobby_member_limit")
	equal(SteamSession.get_all_lobby_data(lobby), {}, "get_all_lobby_data of a new lobby")
	equal(SteamSession.set_lobby_data(lobby, MODE, "coop"), true, "set_lobby_data")
	equal(SteamSession.set_lobby_data(lobby, "level", "7"), true, "set_lobby_data")
	equal(SteamSession.set_lobby_data(lobby, "k".repeat(256), "1"), false, "a key too long")
	equal(SteamSession.set_lobby_data(lobby, "big", "x".repeat(8193)), false, "a value too long")
	equal(SteamSession.get_lobby_data(lobby, MODE), "coop", "get_lobby_data")
	equal(SteamSession.get_lobby_data(lobby, "nothing"), "", "get_lobby_data of no key")
	equal(SteamSession.get_all_lobby_data(lobby), {MODE: "coop", "level": "7"}, "get_all_lobby_data")
	# One that no list shows.
	var hidden := await make(SteamSession.LOBBY_TYPE_PRIVATE, 4)
	equal(SteamSession.set_lobby_data(hidden, MODE, "coop"), true, "set_lobby_data")
	say("lobby", lobby)
	say("hidden", hidden)
	await until("the guest", func() -> bool: return not events.is_empty())
	equal(events, [["joined", lobby, steam_id(2)]], "what happened")
	var both := PackedInt64Array([steam_id(1), steam_id(2)])
	equal(SteamSession.get_lobby_members(lobby), both, "get_lobby_members with the guest")
	await hear("is in")
	equal(SteamSession.set_lobby_data(lobby, MODE, "versus"), true, "set_lobby_data")
	equal(SteamSession.set_lobby_joinable(lobby, false), true, "set_lobby_joinable")
	say("closed")
	await until("the guest to go", func() -> bool: return events.size() > 1)
	equal(events.slice(1), [["left", lobby, steam_id(2)]], "what happened then")
	await hear("was refused")
	equal(SteamSession.set_lobby_joinable(lobby, true), true, "set_lobby_joinable")
	say("open")
	await until("the guest again", func() -> bool: return events.size() > 2)
	equal(events.slice(2), [["joined", lobby, steam_id(2)]], "what happened at last")
	SteamSession.open_invite_dialog(lobby)
	SteamSession.leave_lobby(hidden)
	equal(SteamSession.get_lobby_owner(hidden), 0, "get_lobby_owner of a lobby that was left")
	equal(SteamSession.get_lobby_members(hidden), PackedInt64Array(), "members of a lobby that was left")
	# The owner goes, and the lobby has another.
	SteamSession.leave_lobby(lobby)
	say("owner left")
	await hear("is owner")


func visit() -> void:
	equal(SteamSession.get_steam_id(), steam_id(2), "get_steam_id")
	var lobby: int = await hear("lobby")
	var hidden: int = await hear("hidden")
	await lists(lobby)
	var changes: Array[int] = []
	SteamSession.lobby_data_changed.connect(func(which) -> void: changes.append(which))
	equal(SteamSession.join_lobby(lobby), OK, "join_lobby")
	var joined: Array = await SteamSession.lobby_joined
	equal(joined, [lobby, SteamSession.CHAT_ROOM_ENTER_RESPONSE_SUCCESS], "lobby_joined")
	equal(SteamSession.get_lobby_owner(lobby), steam_id(1), "get_lobby_owner")
	equal(SteamSession.get_lobby_data(lobby, MODE), "coop", "get_lobby_data")
	equal(SteamSession.set_lobby_data(lobby, MODE, "mine"), false, "set_lobby_data of another's")
	equal(SteamSession.set_lobby_joinable(lobby, true), false, "set_lobby_joinable of another's")
	say("is in")
	await hear("closed")
	await until("the change", func() -> bool: return SteamSession.get_lobby_data(lobby, MODE) == "versus")
	await until("the change", func() -> bool: return lobby in changes)
	SteamSession.leave_lobby(lobby)
	equal(SteamSession.get_lobby_members(lobby), PackedInt64Array(), "get_lobby_members after leaving")
	equal(SteamSession.join_lobby(lobby), OK, "join_lobby of a closed one")
	joined = await SteamSession.lobby_joined
	equal(joined[0], lobby, "the lobby that was refused")
	check(joined[1] != SteamSession.CHAT_ROOM_ENTER_RESPONSE_SUCCESS, "a lobby that is not joinable")
	equal(SteamSession.join_lobby(lobby ^ 0xffff), OK, "join_lobby of none")
	joined = await SteamSession.lobby_joined
	equal(joined, [lobby ^ 0xffff, SteamSession.CHAT_ROOM_ENTER_RESPONSE_DOESNT_EXIST], "no such lobby")
	say("was refused")
	await hear("open")
	equal(SteamSession.join_lobby(lobby), OK, "join_lobby again")
	joined = await SteamSession.lobby_joined
	equal(joined, [lobby, SteamSession.CHAT_ROOM_ENTER_RESPONSE_SUCCESS], "lobby_joined again")
	equal(SteamSession.get_lobby_owner(hidden), 0, "get_lobby_owner of a lobby never joined")
	await hear("owner left")
	await until("a new owner", func() -> bool: return SteamSession.get_lobby_owner(lobby) == steam_id(2))
	equal(SteamSession.set_lobby_data(lobby, MODE, "mine"), true, "set_lobby_data of one's own")
	await until("the change", func() -> bool: return not events.is_empty())
	equal(events, [["left", lobby, steam_id(1)]], "what happened")
	say("is owner")


## What filters let through.
func lists(lobby: int) -> void:
	# One that was made a moment ago may not be listed yet.
	while not lobby in await search({}):
		check(true, "another search")
	var only := PackedInt64Array([lobby])
	var none := PackedInt64Array()
	equal(SteamSession.get_lobby_data(lobby, "level"), "7", "get_lobby_data of one that was listed")
	equal(SteamSession.get_lobby_member_limit(lobby), 2, "get_lobby_member_limit of one that was listed")
	for case: Array in [
		[{}, only],
		[{MODE: "coop"}, only],
		[{MODE: &"coop"}, only],
		[{MODE: "versus"}, none],
		[{MODE: ["versus", SteamSession.LOBBY_COMPARISON_NOT_EQUAL]}, only],
		[{"level": 7}, only],
		[{"level": 8}, none],
		[{"level": [7, SteamSession.LOBBY_COMPARISON_LESS_THAN]}, none],
		[{"level": [8, SteamSession.LOBBY_COMPARISON_LESS_THAN]}, only],
		[{"level": [7, SteamSession.LOBBY_COMPARISON_EQUAL_TO_OR_LESS_THAN]}, only],
		[{"level": [7, SteamSession.LOBBY_COMPARISON_EQUAL_TO_GREATER_THAN]}, only],
		[{"level": [7, SteamSession.LOBBY_COMPARISON_GREATER_THAN]}, none],
		[{"level": [6, SteamSession.LOBBY_COMPARISON_GREATER_THAN]}, only],
		[{"level": 7, MODE: "versus"}, none],
		[{"slots_available": 1}, only],
		[{"slots_available": 2}, none],
		[{"distance": SteamSession.LOBBY_DISTANCE_FILTER_WORLDWIDE, "max_results": 1}, only],
	]:
		equal(await search(case[0]), case[1], "the list for %s" % case[0])
	var wrong: Array[Dictionary] = [
		{MODE: Vector2.ONE}, {MODE: []}, {MODE: ["coop"]}, {MODE: ["coop", 9]}, {"distance": 4},
		{"slots_available": "many"}, {7: "seven"}, {MODE: 1.5},
	]
	expect_error("request_lobby_list: a filter's value must be", wrong.size())
	for filters in wrong:
		equal(SteamSession.request_lobby_list(filters), ERR_INVALID_PARAMETER, "filters %s" % filters)
