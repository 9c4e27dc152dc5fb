extends "res://game_scenario.gd"
## Another addon on the same Steam, in every process: it makes and joins lobbies by itself, and so do we.
##
## `FIRST` in the environment says who initialises Steam, and `LEAVES_FIRST` who shuts it down first: "ours" or "other".

const ROLES := ["host", "a", "b"]

var orders := 0
var calls: Array[Array] = []


@rpc("any_peer", "call_remote", "reliable")
func greet(from: String) -> void:
	calls.append([multiplayer.get_remote_sender_id(), from])


## What the other addon knows.
func other() -> Dictionary:
	return JSON.parse_string(OS.get_environment("OTHER_ADDON_KNOWS"))


## Has the other addon do something, and waits until it is done.
func order(what: String) -> void:
	orders += 1
	OS.set_environment("OTHER_ADDON_ORDER", "%d %s" % [orders, what])
	await until("the other addon to %s" % what, func() -> bool: return int(other().done) == orders)


func run() -> void:
	listen()
	await until("the other addon's first frame", func() -> bool: return OS.has_environment("OTHER_ADDON_KNOWS"))
	if OS.get_environment("FIRST") == "other":
		await order("init")
		start_steam()
	else:
		start_steam()
		await order("init")
	equal(other().is_up, true, "the other addon's Steam")
	equal(SteamSession.get_steam_id(), steam_id(ROLES.find(role) + 1), "get_steam_id")
	# Who makes the lobby; of those who join, one does it by the other addon each time.
	await match_in_lobby("other")
	await match_in_lobby("ours")
	await leave_steam()


func match_in_lobby(maker: String) -> void:
	calls.clear()
	events.clear()
	if role == "host":
		var lobby: int
		if maker == "other":
			await order("create")
			await until("its lobby", func() -> bool: return other().created != "0")
			lobby = int(other().created)
			equal(SteamSession.get_lobby_owner(lobby), steam_id(1), "get_lobby_owner")
		else:
			lobby = await make_lobby()
		var came: int = other().came
		host_lobby(lobby)
		say("lobby of " + maker, lobby)
		await until("the other addon to hear of both", func() -> bool: return int(other().came) == came + 2)
	else:
		var lobby: int = await hear("lobby of " + maker)
		if (role == "a") == (maker == "ours"):
			await order("join %d" % lobby)
			await until("it to be in", func() -> bool: return other().entered == str(lobby))
		else:
			await enter_lobby(lobby)
		connect_to_lobby(lobby)
		await until_event(["connected_to_server"])
	await until_peers(2)
	await meet("connected in " + maker, ROLES)
	greet.rpc(role)
	await until("everyone's call", func() -> bool: return calls.size() == 2)
	var names := calls.map(func(call: Array) -> String: return call[1])
	equal(sorted(names), sorted(ROLES.filter(func(other_role: String) -> bool: return other_role != role)), "who called")
	await meet("done in " + maker, ROLES)
	leave()


func leave_steam() -> void:
	var are_we_first := OS.get_environment("LEAVES_FIRST") == "ours"
	if are_we_first:
		SteamSession.shutdown()
		equal(SteamSession.get_steam_id(), 0, "get_steam_id after shutdown")
		await frames(2)
		# Steam is down with whoever has initialised it.
		equal(other().is_up, OS.get_environment("FIRST") == "other", "the other addon's Steam")
	if other().is_up:
		# It still hears what is its own.
		var made: String = other().created
		await order("create")
		await until("a lobby of its own", func() -> bool: return other().created != made)
		await order("shutdown")
		equal(other().is_up, false, "the other addon's Steam")
	await frames(2)
	equal(SteamSession.get_steam_id(), 0, "get_steam_id")
	SteamSession.shutdown()
	# Whoever comes next finds everything as at first.
	start_steam()
	equal(SteamSession.get_steam_id(), steam_id(ROLES.find(role) + 1), "get_steam_id again")
	SteamSession.shutdown()
