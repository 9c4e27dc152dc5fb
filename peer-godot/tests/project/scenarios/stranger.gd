extends "res://game_scenario.gd"
## Whoever is not in the lobby does not get into the game, hears why, and nobody there hears of it as a peer.

const ROLES: Array[String] = ["host", "member", "stranger"]


func run() -> void:
	start_steam()
	listen()
	if role == "host":
		var lobby := await make_lobby()
		host_lobby(lobby)
		say("lobby", lobby)
	elif role == "member":
		var lobby: int = await hear("lobby")
		await enter_lobby(lobby)
		connect_to_lobby(lobby)
		await until_event(["connected_to_server"])
	else:
		await hear("lobby")
		join()
		await until_event(["connection_failed"])
		equal(events, [
			["ended", steam_id(1), 0, SteamMultiplayerPeer.END_REASON_NOT_IN_LOBBY, ended_message()],
			["connection_failed"],
		] as Array[Array], "a stranger's events")
	equal(SteamMultiplayerPeer.END_REASON_NOT_IN_LOBBY, 1003, "the number of the reason")
	await meet("refused", ROLES)
	if role != "stranger":
		equal(times("peer_connected"), 1, "peer_connected")
		equal(multiplayer.get_peers().size(), 1, "peers")
	await meet("end", ROLES)
	# A host that wants strangers gets them.
	if role == "host":
		leave()
		var lobby := await make_lobby()
		var peer := new_peer()
		peer.lobby_members_only = false
		equal(peer.host_with_lobby(lobby), OK, "host_with_lobby")
		use(peer)
		say("open")
		await until_peers(1)
	elif role == "stranger":
		await hear("open")
		join()
		await until_event(["connected_to_server"])
	await meet("open to all", ROLES)


## In words for people, which are not empty.
func ended_message() -> String:
	var message: String = events[0][4]
	check(not message.is_empty(), "words for people")
	return message
