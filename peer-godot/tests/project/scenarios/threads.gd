extends "res://scenario.gd"
## Peers on threads: they may be made, held and freed on any; every other call there does nothing, and says so.

const ON_A_THREAD := ": called on a thread"


func run() -> void:
	start_steam()
	await made()
	await loaded()
	await freed()
	await called()
	await called_by_the_api()
	await fields()
	await session()


## What a function returns that ran on a thread, frames going on.
func on_thread(action: Callable) -> Variant:
	var thread := Thread.new()
	equal(thread.start(action), OK, "a thread")
	await until("the thread's end", func() -> bool: return not thread.is_alive())
	return thread.wait_to_finish()


func made() -> void:
	var peer: SteamMultiplayerPeer = await on_thread(func() -> SteamMultiplayerPeer: return SteamMultiplayerPeer.new())
	equal(peer.create_host(), OK, "create_host of a peer made on a thread")
	equal(peer.get_connection_status(), MultiplayerPeer.CONNECTION_CONNECTED, "its status")
	peer.poll()
	peer.close()
	# Never used by the main thread.
	await on_thread(func() -> void: SteamMultiplayerPeer.new())


## Scenes with a peer in a script, as loading screens load them.
func loaded() -> void:
	for round in 20:
		var holder: Node = await on_thread(func() -> Node:
			return (load("res://thread_holder.tscn") as PackedScene).instantiate())
		add_child(holder)
		equal(holder.peer.create_host(), OK, "create_host of a peer in a scene loaded on a thread")
		if round % 2 == 0:
			remove_child(holder)
			await on_thread(func() -> void: holder.free())
		else:
			holder.free()
		holder = null
		await frames(2)


func freed() -> void:
	var peers := [SteamMultiplayerPeer.new()]
	equal(peers[0].create_host(3), OK, "create_host")
	await on_thread(func() -> void: peers.clear())
	# It was closed, with its port.
	await frames(2)
	var peer := SteamMultiplayerPeer.new()
	equal(peer.create_host(3), OK, "create_host on the port of a peer freed on a thread")
	peer.close()


func called() -> void:
	var peer := SteamMultiplayerPeer.new()
	equal(peer.create_host(), OK, "create_host")
	var calls := {
		"poll": [[], null], "close": [[], null], "get_unique_id": [[], 0], "get_available_packet_count": [[], 0],
		"put_packet": [[PackedByteArray([1])], ERR_UNAVAILABLE], "create_host": [[], ERR_UNAVAILABLE],
		"create_client": [[steam_id(2)], ERR_UNAVAILABLE], "add_peer": [[steam_id(2)], ERR_UNAVAILABLE],
		"host_with_lobby": [[1], ERR_UNAVAILABLE], "connect_to_lobby": [[1], ERR_UNAVAILABLE],
		"get_peer": [[1], null], "get_peer_map": [[], {}], "get_peer_id_for_steam_id": [[steam_id(1)], 0],
		"get_steam_id_for_peer_id": [[1], 0], "get_tracked_lobby": [[], 0], "kick": [[2], null],
		"disconnect_peer": [[2], null], "set_config": [[25, 20_000], ERR_UNAVAILABLE], "clear_config": [[25], null],
		"set_channel_priority": [[0, 0, 1], ERR_UNAVAILABLE], "set_no_nagle": [[true], null],
		"get_server_relay": [[], false], "set_debug_level": [[2], null],
		"get_connection_status": [[], MultiplayerPeer.CONNECTION_DISCONNECTED],
	}
	for call: String in calls:
		expect_error(call + ON_A_THREAD)
	var got: Dictionary = await on_thread(func() -> Dictionary:
		var got := {}
		for call: String in calls:
			# However often in a frame.
			for i in 3:
				got[call] = peer.callv(call, calls[call][0])
		return got)
	for call: String in calls:
		equal(got[call], calls[call][1], call + " on a thread")
	await frames(2)
	equal(peer.get_connection_status(), MultiplayerPeer.CONNECTION_CONNECTED, "the status after all that")
	equal(peer.get_unique_id(), 1, "the id after all that")
	equal(peer.no_nagle, false, "no_nagle after all that")
	peer.close()


## A game that polls on a thread while the main thread does something else.
func called_by_the_api() -> void:
	get_tree().multiplayer_poll = false
	var peer := SteamMultiplayerPeer.new()
	equal(peer.create_host(), OK, "create_host")
	multiplayer.multiplayer_peer = peer
	var api := multiplayer
	for call: String in ["poll", "get_connection_status"]:
		expect_error(call + ON_A_THREAD)
	await on_thread(func() -> void: peer.poll(); peer.get_connection_status())
	await frames(2)
	equal(peer.get_connection_status(), MultiplayerPeer.CONNECTION_CONNECTED, "the status of a host polled on a thread")
	api.poll()
	multiplayer.multiplayer_peer = null
	peer.close()
	get_tree().multiplayer_poll = true


## What a peer keeps by itself is true on any thread.
func fields() -> void:
	var peer := SteamMultiplayerPeer.new()
	equal(peer.create_host(), OK, "create_host")
	peer.transfer_channel = 7
	equal(await on_thread(func() -> Array: return [peer.debug_level, peer.transfer_channel]), [0, 7], "fields on a thread")
	peer.close()


## The session answers on any thread.
func session() -> void:
	var ask := func() -> Array:
		return [
			SteamSession.is_initialized(), SteamSession.get_steam_id(), SteamSession.get_persona_name(),
			SteamSession.get_lobby_members(1), SteamSession.get_lobby_data(1, "key"),
		]
	var there: Array = await on_thread(ask)
	equal(there, ask.call(), "the session on a thread")
	equal(there[0], true, "is_initialized")
	equal(there[1], steam_id(1), "get_steam_id")
	for call: String in ["initialize", "shutdown"]:
		expect_error(call + ON_A_THREAD)
	equal(await on_thread(func() -> Error: return SteamSession.initialize(480)), ERR_UNAVAILABLE, "initialize")
	await on_thread(func() -> void: SteamSession.shutdown())
	await frames(2)
	equal(SteamSession.is_initialized(), true, "is_initialized after that")
