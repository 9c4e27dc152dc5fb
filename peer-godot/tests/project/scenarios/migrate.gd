extends "res://game_scenario.gd"
## The host leaves, and the others go on in the same match, with the state that it had set.

const ROLES: Array[String] = ["host", "a", "b"]

var lobby: int
var calls: Array[Array] = []


@rpc("any_peer", "call_remote", "reliable")
func greet(word: String) -> void:
	calls.append([multiplayer.get_remote_sender_id(), word])


func run() -> void:
	start_steam()
	listen()
	expect_error("migrate: no match has lost its host")
	equal(new_peer().migrate(), ERR_UNCONFIGURED, "migrate without a match")
	await gather_in_lobby()
	lobby = await hear("lobby")
	var peer: SteamMultiplayerPeer = multiplayer.multiplayer_peer
	peer.host_lost.connect(func(_next: int) -> void:
		events.append(["host_lost"])
		equal(peer.migrate(), OK, "migrate"))
	peer.migrated.connect(func(state: PackedByteArray) -> void: events.append(["migrated", bytes_to_var(state)]))
	await until_peers(2)
	if role == "host":
		peer.migration_state = var_to_bytes({"score": 7})
	await until("the state", func() -> bool: return not peer.migration_state.is_empty())
	var id_of := await meet("full", ROLES, multiplayer.get_unique_id())
	if role == "host":
		leave()
		SteamSession.leave_lobby(lobby)
	else:
		await go_on(peer, id_of)
	await meet("over", ROLES)


func go_on(peer: SteamMultiplayerPeer, id_of: Dictionary) -> void:
	await until_event(["migrated", {"score": 7}])
	var names: Array = events.map(func(what: Array) -> String: return what[0])
	equal(names.find("host_lost") + 1, names.find("server_disconnected"), "host_lost is right before server_disconnected")
	var is_next := SteamSession.get_lobby_owner(lobby) == SteamSession.get_steam_id()
	equal(multiplayer.is_server(), is_next, "is_server")
	equal(multiplayer.get_unique_id(), 1 if is_next else id_of[role], "the id afterwards")
	equal(peer, multiplayer.multiplayer_peer, "the peer afterwards")
	await until_peers(1)
	await meet("gone on", ["a", "b"])
	greet.rpc("hello from " + role)
	var other := "b" if role == "a" else "a"
	await until("a greeting", func() -> bool: return calls.size() == 1)
	equal(calls, [[id_of[other] if is_next else 1, "hello from " + other]] as Array[Array], "what is heard")
	await meet("greeted", ["a", "b"])
	leave()
