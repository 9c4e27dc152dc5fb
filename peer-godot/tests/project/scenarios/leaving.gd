extends "res://game_scenario.gd"
## A host and three clients of a lobby, round after round: everyone else hears once of who comes and who goes.

const ROLES: Array[String] = ["host", "a", "b", "c"]


## In which order they leave, round by round; the host's leave is the end of a round.
func orders() -> Array:
	return [
		["a", "b", "c", "host"], ["a", "c", "b", "host"], ["b", "a", "c", "host"], ["b", "c", "a", "host"],
		["c", "a", "b", "host"], ["c", "b", "a", "host"],
	]


func run() -> void:
	start_steam()
	listen()
	for i in orders().size():
		await play_round("round %d" % i, orders()[i], i % 2 == 0)


func play_round(round: String, order: Array, is_one_by_one: bool) -> void:
	events.clear()
	var lobby: int
	if role == "host":
		lobby = await make_lobby()
		host_lobby(lobby)
		say(round + ", lobby", lobby)
	else:
		lobby = await hear(round + ", lobby")
		await enter_lobby(lobby)
		var place := order.find(role)
		# The last to leave is the first to come, or they come as they will.
		if is_one_by_one and place + 1 < order.size() and order[place + 1] != "host":
			await hear("%s, %s is in" % [round, order[place + 1]])
		connect_to_lobby(lobby)
		await until_event(["connected_to_server"])
		say("%s, %s is in" % [round, role])
	await until_peers(3)
	var id_of := await meet(round + ", full", ROLES, multiplayer.get_unique_id())
	equal(id_of["host"], 1, "the host's id")
	var here := ROLES.duplicate()
	var is_over := false
	for leaver: String in order:
		if is_over:
			break
		await meet("%s, before %s" % [round, leaver], here)
		here.erase(leaver)
		is_over = leaver == "host"
		if leaver == role:
			check_news(order, id_of)
			leave()
			break
		if is_over:
			await until_event(["server_disconnected"])
			equal(events.filter(func(what: Array) -> bool: return what[0] != "ended").back(),
				["server_disconnected"], "the last event of a client's")
			check_news(order, id_of)
		else:
			await until_peers(here.size() - 1)
	await meet(round + ", over", ROLES)
	SteamSession.leave_lobby(lobby)


## Everything was heard once.
func check_news(order: Array, id_of: Dictionary) -> void:
	var others := ROLES.filter(func(other: String) -> bool: return other != role)
	var connected := ids_of("peer_connected")
	equal(sorted(connected), sorted(others.map(func(other: String) -> int: return id_of[other])), "peer_connected")
	var is_host := role == "host"
	if not is_host:
		equal(connected[0], 1, "the host is the first")
	equal(times("connected_to_server"), int(not is_host), "connected_to_server")
	equal(times("connection_failed"), 0, "connection_failed")
	# Those who went before this role or the host, one by one; and with the host all who were left.
	var end := mini(order.find(role), order.find("host")) if role in order else order.find("host")
	var gone := order.slice(0, end).map(func(other: String) -> int: return id_of[other])
	var disconnected := ids_of("peer_disconnected")
	equal(disconnected.slice(0, gone.size()), gone, "peer_disconnected, in order")
	var has_lost_host := events.has(["server_disconnected"])
	equal(has_lost_host, not is_host and end == order.find("host"), "server_disconnected")
	if has_lost_host:
		equal(times("server_disconnected"), 1, "server_disconnected")
		equal(sorted(disconnected), sorted(connected), "all are gone with the host")
	else:
		equal(disconnected.size(), gone.size(), "peer_disconnected")
	# Besides those of dials to members who did not listen yet.
	var ended := events.filter(func(what: Array) -> bool: return what[0] == "ended" and what[2] != 0)
	equal(sorted(ended.map(func(what: Array) -> int: return what[2])), sorted(disconnected), "connection_ended")
