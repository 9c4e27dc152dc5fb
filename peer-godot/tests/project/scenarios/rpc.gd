extends "res://scenario.gd"
## A host and a client of a lobby call each other's functions.

var calls: Array = []


@rpc("any_peer", "call_remote", "reliable")
func greet(words: String) -> void:
	calls.append([multiplayer.get_remote_sender_id(), words])


func run() -> void:
	start_steam()
	var peer := SteamMultiplayerPeer.new()
	if role == "host":
		equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC, 4), OK, "create_lobby")
		var created: Array = await SteamSession.lobby_created
		equal(created[0], SteamSession.RESULT_OK, "lobby_created")
		equal(peer.host_with_lobby(created[1]), OK, "host_with_lobby")
		multiplayer.multiplayer_peer = peer
		say("lobby", created[1])
		var client: int = await multiplayer.peer_connected
		greet.rpc_id(client, "welcome")
		await until("the client's first call", func() -> bool: return not calls.is_empty())
		equal(calls, [[client, "hello"]], "what the client called")
		await multiplayer.peer_disconnected
	else:
		var lobby: int = await hear("lobby")
		equal(SteamSession.join_lobby(lobby), OK, "join_lobby")
		var joined: Array = await SteamSession.lobby_joined
		equal(joined, [lobby, SteamSession.CHAT_ROOM_ENTER_RESPONSE_SUCCESS], "lobby_joined")
		equal(peer.connect_to_lobby(lobby), OK, "connect_to_lobby")
		multiplayer.multiplayer_peer = peer
		await multiplayer.connected_to_server
		greet.rpc_id(1, "hello")
		await until("the host's first call", func() -> bool: return not calls.is_empty())
		equal(calls, [[1, "welcome"]], "what the host called")
		await frames(2)
		peer.close()
