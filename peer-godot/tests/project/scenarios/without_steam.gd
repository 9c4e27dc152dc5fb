extends "res://peer_scenario.gd"
## Without Steam every call says so in one line, and nothing crashes. In the role "no client" there is no Steam to
## initialise, in the role "never" nobody does so.


func run() -> void:
	new_peer()
	if role == "no client":
		for i in 2:
			expect_error("initialize: ")
			equal(SteamSession.initialize(480), ERR_UNAVAILABLE, "initialize")
			equal(SteamSession.is_initialized(), false, "is_initialized")
	expect_error("initialize: the app id", 2)
	equal(SteamSession.initialize(-1), ERR_INVALID_PARAMETER, "initialize with a negative id")
	equal(SteamSession.initialize(1 << 32), ERR_INVALID_PARAMETER, "initialize with an id too large")
	peers()
	lobbies()
	# Frames go by, and the peer is assigned and let go of.
	await frames(3)
	expect_error("Supplied MultiplayerPeer must be connecting or connected.")
	multiplayer.multiplayer_peer = peer
	await frames(3)
	SteamSession.shutdown()
	equal(events, [], "the peer's events")


func peers() -> void:
	for call: String in ["create_host", "create_client", "host_with_lobby", "connect_to_lobby"]:
		expect_error(call + ": Steam is not initialised")
	equal(peer.create_host(), ERR_UNAVAILABLE, "create_host")
	equal(peer.create_client(steam_id(1)), ERR_UNAVAILABLE, "create_client")
	equal(peer.host_with_lobby(1), ERR_UNAVAILABLE, "host_with_lobby")
	equal(peer.connect_to_lobby(1), ERR_UNAVAILABLE, "connect_to_lobby")
	expect_error("set_config: Steam is not initialised")
	equal(peer.set_config(SteamMultiplayerPeer.NETWORKING_CONFIG_NAGLE_TIME, 0), ERR_UNAVAILABLE, "set_config")
	peer.clear_config(SteamMultiplayerPeer.NETWORKING_CONFIG_NAGLE_TIME)
	equal(peer.set_channel_priority(0, 0, 1), OK, "set_channel_priority")
	expect_error("add_peer: ")
	check(peer.add_peer(steam_id(1)) != OK, "add_peer")
	expect_error("put_packet: not connected")
	equal(peer.put_packet(bytes([1])), ERR_UNCONFIGURED, "put_packet")
	expect_error("kick: peer 2 is not connected")
	peer.kick(2)
	peer.direct_connections = true
	peer.debug_level = SteamMultiplayerPeer.DEBUG_LEVEL_STEAM
	poll()
	peer.close()
	equal(status(), MultiplayerPeer.CONNECTION_DISCONNECTED, "the status")
	equal(peer.get_unique_id(), 0, "the id")
	equal(peer.get_peer(1), null, "get_peer")
	equal(peer.get_peer_map(), {}, "get_peer_map")
	equal(peer.get_peer_id_for_steam_id(steam_id(1)), 0, "get_peer_id_for_steam_id")
	equal(peer.get_steam_id_for_peer_id(1), 0, "get_steam_id_for_peer_id")
	equal(peer.get_tracked_lobby(), 0, "get_tracked_lobby")


func lobbies() -> void:
	for call: String in ["create_lobby", "join_lobby", "request_lobby_list"]:
		expect_error(call + ": Steam is not initialised")
	equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC), ERR_UNAVAILABLE, "create_lobby")
	equal(SteamSession.join_lobby(1), ERR_UNAVAILABLE, "join_lobby")
	equal(SteamSession.request_lobby_list(), ERR_UNAVAILABLE, "request_lobby_list")
	SteamSession.leave_lobby(1)
	SteamSession.open_invite_dialog(1)
	equal(SteamSession.get_steam_id(), 0, "get_steam_id")
	equal(SteamSession.get_persona_name(), "", "get_persona_name")
	equal(SteamSession.get_lobby_owner(1), 0, "get_lobby_owner")
	equal(SteamSession.get_lobby_members(1), PackedInt64Array(), "get_lobby_members")
	equal(SteamSession.get_lobby_member_limit(1), 0, "get_lobby_member_limit")
	equal(SteamSession.get_lobby_data(1, "key"), "", "get_lobby_data")
	equal(SteamSession.get_all_lobby_data(1), {}, "get_all_lobby_data")
	equal(SteamSession.set_lobby_data(1, "key", "value"), false, "set_lobby_data")
	equal(SteamSession.set_lobby_joinable(1, true), false, "set_lobby_joinable")
