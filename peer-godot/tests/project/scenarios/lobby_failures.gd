extends "res://peer_scenario.gd"
## Ways to join or host a game that fail, and the peer is as good as new after each.


func run() -> void:
	start_steam()
	new_peer()
	if role == "owner":
		await own()
	else:
		await visit()


func is_fresh(after: String) -> void:
	equal(status(), MultiplayerPeer.CONNECTION_DISCONNECTED, "the status after " + after)
	equal(peer.get_unique_id(), 0, "the id after " + after)
	equal(peer.get_tracked_lobby(), 0, "the lobby after " + after)
	equal(peer.get_peer_map(), {}, "the peers after " + after)
	poll()
	equal(events, [], "the signals after " + after)


func own() -> void:
	equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC, 4), OK, "create_lobby")
	var lobby: int = (await SteamSession.lobby_created)[1]
	expect_error("connect_to_lobby: lobby %d is our own" % lobby)
	equal(peer.connect_to_lobby(lobby), ERR_CANT_CREATE, "connect_to_lobby of one's own")
	is_fresh("connect_to_lobby of one's own")
	for none: int in [0, -1, 1, lobby ^ 0xffff]:
		expect_error("host_with_lobby: not the owner of lobby")
		equal(peer.host_with_lobby(none), ERR_CANT_CREATE, "host_with_lobby of none")
		is_fresh("host_with_lobby of none")
	equal(peer.host_with_lobby(lobby), OK, "host_with_lobby")
	equal(peer.get_tracked_lobby(), lobby, "get_tracked_lobby")
	equal(status(), MultiplayerPeer.CONNECTION_CONNECTED, "the status of a host")
	say("lobby", lobby)
	await poll_until_said("refused")
	equal(events, [["ended", steam_id(2), 0, 1003, "not in the lobby"]], "what a stranger leaves behind")
	await poll_until("the guest", func() -> bool: return not connected_ids().is_empty())
	await poll_until_said("done")
	peer.close()
	equal(peer.get_tracked_lobby(), 0, "get_tracked_lobby after close")


func visit() -> void:
	var lobby: int = await hear("lobby")
	for none: int in [0, -1, lobby, lobby ^ 0xffff]:
		expect_error("connect_to_lobby: not in lobby")
		equal(peer.connect_to_lobby(none), ERR_CANT_CREATE, "connect_to_lobby from outside")
		is_fresh("connect_to_lobby from outside")
		expect_error("host_with_lobby: not the owner of lobby")
		equal(peer.host_with_lobby(none), ERR_CANT_CREATE, "host_with_lobby of another's")
		is_fresh("host_with_lobby of another's")
	# The host lets in only who is in its lobby.
	equal(peer.create_client(steam_id(1)), OK, "create_client from outside")
	await poll_until("the refusal", func() -> bool: return status() == MultiplayerPeer.CONNECTION_DISCONNECTED)
	equal(events.size(), 1, "the event of a refusal")
	equal(events[0].slice(0, 4), ["ended", steam_id(1), 0, 1003], "why it was refused")
	events.clear()
	is_fresh("a refusal")
	say("refused")
	# At last.
	equal(SteamSession.join_lobby(lobby), OK, "join_lobby")
	equal((await SteamSession.lobby_joined)[1], SteamSession.CHAT_ROOM_ENTER_RESPONSE_SUCCESS, "lobby_joined")
	expect_error("host_with_lobby: not the owner of lobby %d" % lobby)
	equal(peer.host_with_lobby(lobby), ERR_CANT_CREATE, "host_with_lobby of a lobby of which one is a member")
	is_fresh("host_with_lobby of a lobby of which one is a member")
	equal(peer.connect_to_lobby(lobby), OK, "connect_to_lobby")
	equal(peer.get_tracked_lobby(), lobby, "get_tracked_lobby")
	await poll_until_event(["connected", 1])
	peer.close()
	equal(peer.get_tracked_lobby(), 0, "get_tracked_lobby after close")
	say("done")
