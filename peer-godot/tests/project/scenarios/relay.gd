extends "res://game_scenario.gd"
## With server_relay clients are connected to the host alone, and reach each other through it; with a lobby as without.

const ROLES: Array[String] = ["host", "a", "b", "c"]

var calls: Array[Array] = []


func has_relay() -> bool:
	return true


@rpc("any_peer", "call_remote", "reliable")
func greet(word: String) -> void:
	calls.append([multiplayer.get_remote_sender_id(), word])


func run() -> void:
	start_steam()
	listen()
	await play_in("lobby", func(lobby: int) -> void: host_lobby(lobby, has_relay()),
		func(lobby: int) -> void: connect_to_lobby(lobby, has_relay()))
	if has_relay():
		await play_in("no lobby", func(_lobby: int) -> void: host(true), func(_lobby: int) -> void: join(true))


func play_in(place: String, to_host: Callable, to_join: Callable) -> void:
	calls.clear()
	events.clear()
	var lobby: int
	if role == "host":
		lobby = await make_lobby()
		to_host.call(lobby)
		say(place, lobby)
	else:
		lobby = await hear(place)
		await enter_lobby(lobby)
		to_join.call(lobby)
	var peer: SteamMultiplayerPeer = multiplayer.multiplayer_peer
	await until_peers(3)
	equal(peer.is_server_relay_supported(), has_relay(), "is_server_relay_supported")
	var id_of := await meet(place + ", full", ROLES, multiplayer.get_unique_id())
	var others := ROLES.filter(func(other: String) -> bool: return other != role)
	var ids := others.map(func(other: String) -> int: return id_of[other])
	equal(sorted(ids_of("peer_connected")), sorted(ids), "peer_connected")
	var direct: Array = ["host"] if has_relay() and role != "host" else others
	var map := {}
	for other: String in direct:
		map[id_of[other]] = steam_id(ROLES.find(other) + 1)
	equal(peer.get_peer_map().size(), map.size(), "how many are connected")
	for id: int in map:
		equal(peer.get_steam_id_for_peer_id(id), map[id], "whom it is connected to")
	# To each alone, and to all.
	for other: String in others:
		greet.rpc_id(id_of[other], "only " + other)
	greet.rpc("all")
	await until("all greetings", func() -> bool: return calls.size() == 6)
	for other: String in others:
		var from := calls.filter(func(call: Array) -> bool: return call[0] == id_of[other])
		equal(from.map(func(call: Array) -> String: return call[1]), ["only " + role, "all"], "greetings of " + other)
	await meet(place + ", hellos done", ROLES)
	if role == "a":
		leave()
	else:
		await until_event(["peer_disconnected", id_of["a"]])
		equal(ids_of("peer_disconnected"), [id_of["a"]], "who is gone")
		equal(multiplayer.get_peers().size(), 2, "who is left")
	await meet(place + ", without a", ROLES)
	if role == "host":
		leave()
	elif role != "a":
		await until_event(["server_disconnected"])
	await meet(place + ", over", ROLES)
	SteamSession.leave_lobby(lobby)
