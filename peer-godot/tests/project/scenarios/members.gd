extends "res://scenario.gd"
## Who is in a lobby, what they say of themselves and to each other, and what somebody outside learns of it.

const READY := "ready"

var told: Array[Array] = []


func run() -> void:
	equal(SteamSession.get_lobby_member_count(1), 0, "get_lobby_member_count before initialize")
	equal(SteamSession.get_friend_name(steam_id(1)), "", "get_friend_name before initialize")
	equal(SteamSession.send_lobby_message(1, "hello"), false, "send_lobby_message before initialize")
	expect_error("request_lobby_data: Steam is not initialised")
	equal(SteamSession.request_lobby_data(1), ERR_UNAVAILABLE, "request_lobby_data before initialize")
	start_steam()
	SteamSession.lobby_owner_changed.connect(func(lobby, who) -> void: told.append(["owner", lobby, who]))
	SteamSession.lobby_message_received.connect(
		func(lobby, who, text) -> void: told.append(["message", lobby, who, text]))
	SteamSession.lobby_data_changed.connect(func(lobby) -> void: told.append(["data", lobby]))
	SteamSession.friend_name_changed.connect(func(who) -> void: told.append(["name", who]))
	await call(role)


func owner() -> void:
	equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC, 8), OK, "create_lobby")
	var lobby: int = (await SteamSession.lobby_created)[1]
	equal(SteamSession.get_lobby_member_count(lobby), 1, "get_lobby_member_count of a new lobby")
	equal(SteamSession.get_friend_name(steam_id(1)), SteamSession.get_persona_name(), "one's own name")
	equal(SteamSession.set_lobby_data(lobby, "name", "members"), true, "set_lobby_data")
	for pair: Array in [["", "1"], ["k".repeat(256), "1"], [READY, "x".repeat(8193)]]:
		equal(SteamSession.set_lobby_member_data(lobby, pair[0], pair[1]), false, "set_lobby_member_data too long")
	equal(SteamSession.set_lobby_member_data(lobby, READY, "no"), true, "set_lobby_member_data")
	equal(SteamSession.set_lobby_member_data(lobby, "k".repeat(255), "x".repeat(8192)), true, "the longest")
	say("lobby", lobby)
	await until("the guest's name", func() -> bool: return SteamSession.get_friend_name(steam_id(2)) == "Local 2")
	await until("the guest is ready", func() -> bool:
		return SteamSession.get_lobby_member_data(lobby, steam_id(2), READY) == "yes")
	check(told.has(["data", lobby]), "lobby_data_changed tells of members' data")
	await until_told(["message", lobby, steam_id(2), "héllo ✔"])
	equal(SteamSession.send_lobby_message(lobby, "x".repeat(4096)), false, "a message too long")
	equal(SteamSession.send_lobby_message(lobby, "x".repeat(4095)), true, "the longest message")
	await until_told(["message", lobby, steam_id(1), "x".repeat(4095)])
	await hear("outside looked")
	equal(SteamSession.set_lobby_owner(lobby, steam_id(3)), false, "set_lobby_owner to nobody in the lobby")
	told.clear()
	equal(SteamSession.set_lobby_owner(lobby, steam_id(2)), true, "set_lobby_owner")
	await until_told(["owner", lobby, steam_id(2)])
	equal(SteamSession.set_lobby_owner(lobby, steam_id(1)), false, "set_lobby_owner of another's")
	say("handed over")
	# The owner leaves, and its data with it.
	await until_told(["owner", lobby, steam_id(1)])
	equal(SteamSession.get_lobby_member_data(lobby, steam_id(2), READY), "", "data of a member that has left")
	equal(told.filter(func(what: Array) -> bool: return what[0] == "owner").size(), 2, "each change is told once")


func guest() -> void:
	var lobby: int = await hear("lobby")
	equal(SteamSession.join_lobby(lobby), OK, "join_lobby")
	await SteamSession.lobby_joined
	# As on Steam, where names of strangers come a moment later.
	equal(SteamSession.get_friend_name(steam_id(1)), "", "a name that has not arrived")
	await until_told(["name", steam_id(1)])
	equal(SteamSession.get_friend_name(steam_id(1)), "Local 1", "a name that has arrived")
	equal(SteamSession.get_lobby_member_data(lobby, steam_id(1), READY), "no", "get_lobby_member_data")
	equal(SteamSession.get_lobby_member_data(lobby, steam_id(2), READY), "", "data that is not set")
	equal(SteamSession.set_lobby_member_data(lobby, READY, "yes"), true, "set_lobby_member_data")
	equal(SteamSession.get_lobby_member_data(lobby, steam_id(2), READY), "yes", "one's own, at once")
	equal(SteamSession.set_lobby_owner(lobby, steam_id(2)), false, "set_lobby_owner of another's")
	equal(SteamSession.send_lobby_message(lobby, "héllo ✔"), true, "send_lobby_message")
	await until_told(["message", lobby, steam_id(2), "héllo ✔"])
	await until_told(["message", lobby, steam_id(1), "x".repeat(4095)])
	say("guest is in")
	await until_told(["owner", lobby, steam_id(2)])
	equal(SteamSession.set_lobby_data(lobby, "name", "mine"), true, "set_lobby_data of the new owner")
	await hear("handed over")
	SteamSession.leave_lobby(lobby)
	equal(SteamSession.get_lobby_member_data(lobby, steam_id(2), READY), "", "data of a lobby that was left")
	equal(SteamSession.send_lobby_message(lobby, "gone"), false, "a message to a lobby that was left")


func outside() -> void:
	var lobby: int = await hear("lobby")
	await hear("guest is in")
	# Known by its id alone: its data have to be asked for.
	equal(SteamSession.get_lobby_member_count(lobby), 0, "the count of a lobby that Steam does not know")
	equal(SteamSession.request_lobby_data(lobby), OK, "request_lobby_data")
	await until_told(["data", lobby])
	equal(SteamSession.get_lobby_data(lobby, "name"), "members", "the data of a lobby that was asked for")
	told.clear()
	equal(SteamSession.request_lobby_data(lobby ^ 0xffff), OK, "request_lobby_data of none")
	await until_told(["data", lobby ^ 0xffff])
	equal(SteamSession.get_lobby_member_count(lobby ^ 0xffff), 0, "the count of no lobby")
	equal(SteamSession.request_lobby_list({"name": "members"}), OK, "request_lobby_list")
	equal(await SteamSession.lobby_list_received, PackedInt64Array([lobby]), "the list")
	equal(SteamSession.get_lobby_member_count(lobby), 2, "get_lobby_member_count of one that is listed")
	equal(SteamSession.get_lobby_member_limit(lobby), 8, "get_lobby_member_limit of one that is listed")
	equal(SteamSession.get_lobby_members(lobby), PackedInt64Array([0, 0]).slice(2), "its members")
	# What is for members alone.
	equal(SteamSession.get_lobby_member_data(lobby, steam_id(1), READY), "", "get_lobby_member_data")
	equal(SteamSession.set_lobby_member_data(lobby, READY, "yes"), false, "set_lobby_member_data")
	equal(SteamSession.send_lobby_message(lobby, "hello"), false, "send_lobby_message")
	equal(SteamSession.invite_to_lobby(lobby, steam_id(2)), false, "invite_to_lobby")
	equal(SteamSession.set_lobby_owner(lobby, steam_id(1)), false, "set_lobby_owner")
	# A stranger's name is asked for.
	equal(SteamSession.get_friend_name(steam_id(9)), "", "a stranger's name")
	await until_told(["name", steam_id(9)])
	equal(SteamSession.get_friend_name(steam_id(9)), "Local 9", "a stranger's name")
	equal(SteamSession.get_friend_name(0), "", "nobody's name")
	say("outside looked")


func until_told(what: Array) -> void:
	await until("event: %s" % [what], func() -> bool: return told.has(what))
