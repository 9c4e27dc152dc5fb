extends "res://scenario.gd"
## From the first click: an invitation is accepted while the game runs, or while it is closed; and a game that Steam has
## not started.

var requests: Array[Array] = []


func run() -> void:
	SteamSession.join_requested.connect(func(lobby, friend) -> void: requests.append([lobby, friend]))
	match role:
		"host":
			await host()
		"restarted":
			await restarted()
		_:
			await join()


func host() -> void:
	start_steam()
	equal(SteamSession.get_launch_lobby(), 0, "get_launch_lobby of a game that was started by itself")
	equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PRIVATE, 8), OK, "create_lobby")
	var lobby: int = (await SteamSession.lobby_created)[1]
	for guest in ["2 is running", "3 is running"]:
		await hear(guest)
	for account in [2, 3, 4]:
		equal(SteamSession.invite_to_lobby(lobby, steam_id(account)), true, "invite_to_lobby")
	equal(SteamSession.invite_to_lobby(lobby, lobby), false, "to invite what is no user")
	equal(SteamSession.invite_to_lobby(lobby ^ 0xffff, steam_id(2)), false, "to invite to no lobby")
	say("lobby", lobby)
	for account in [2, 4, 5]:
		await until("member %d" % account, func() -> bool:
			return steam_id(account) in SteamSession.get_lobby_members(lobby))
	say("all are in")
	check(not steam_id(3) in SteamSession.get_lobby_members(lobby), "nobody comes without accepting")


func join() -> void:
	var from_command_line := role == "5"
	var before := SteamSession.get_launch_lobby()
	start_steam()
	var lobby := SteamSession.get_launch_lobby()
	equal(before, lobby if from_command_line else 0, "get_launch_lobby before initialize")
	equal(lobby != 0, role in ["4", "5"], "get_launch_lobby")
	if lobby == 0:
		say(role + " is running")
		if role == "3":
			await hear("all are in")
			equal(requests, [] as Array[Array], "requests of who does not accept")
			return
		await until("the request", func() -> bool: return not requests.is_empty())
		lobby = requests[0][0]
		equal(requests[0][1], steam_id(1), "who has invited")
	equal(lobby, await hear("lobby"), "the lobby of the invitation")
	equal(SteamSession.join_lobby(lobby), OK, "join_lobby")
	equal(await SteamSession.lobby_joined, [lobby, SteamSession.CHAT_ROOM_ENTER_RESPONSE_SUCCESS], "lobby_joined")
	await hear("all are in")
	equal(requests.size(), int(role == "2"), "each invitation is accepted once")


## Started by its executable, it ends, and Steam starts it again.
func restarted() -> void:
	expect_error("restart_app_if_necessary: the app id must be", 2)
	equal(SteamSession.restart_app_if_necessary(0), false, "restart_app_if_necessary without an app")
	equal(SteamSession.restart_app_if_necessary(-1), false, "restart_app_if_necessary without an app")
	if SteamSession.restart_app_if_necessary(480):
		say("started by hand")
		return
	await hear("started by hand")
	equal(OS.get_environment("SteamAppId"), "480", "the app that Steam has started")
	say("started by Steam")
	start_steam()
	equal(SteamSession.restart_app_if_necessary(480), false, "restart_app_if_necessary after initialize")
