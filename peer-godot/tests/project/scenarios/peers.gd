extends "res://peer_scenario.gd"
## A host, alice and bob: what a peer and its packet peers say of each other, from the first connection to the last end.

const RELIABLE := MultiplayerPeer.TRANSFER_MODE_RELIABLE
const UNRELIABLE := MultiplayerPeer.TRANSFER_MODE_UNRELIABLE
const ORDERED := MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED


func run() -> void:
	start_steam()
	new_peer()
	match role:
		"host":
			await host()
		"alice":
			await alice()
		"bob":
			await bob()


func host() -> void:
	peer.refuse_new_connections = true
	equal(peer.create_host(), OK, "create_host")
	equal(status(), MultiplayerPeer.CONNECTION_CONNECTED, "the status of a host")
	equal(peer.get_unique_id(), 1, "the id of a host")
	equal(peer.is_server_relay_supported(), true, "is_server_relay_supported without a lobby")
	equal(peer.refuse_new_connections, false, "refuse_new_connections after create_host")
	equal(peer.get_peer_id_for_steam_id(steam_id(1)), 1, "get_peer_id_for_steam_id of oneself")
	equal(peer.get_steam_id_for_peer_id(1), steam_id(1), "get_steam_id_for_peer_id of oneself")
	equal(peer.get_peer_map(), {}, "get_peer_map")
	equal(peer.get_tracked_lobby(), 0, "get_tracked_lobby")
	for id in [1, 2, 0, -1, -2147483648]:
		equal(peer.get_peer(id), null, "get_peer(%d)" % id)
	equal(peer.get_peer_id_for_steam_id(steam_id(2)), 0, "get_peer_id_for_steam_id of nobody")
	equal(peer.get_steam_id_for_peer_id(2), 0, "get_steam_id_for_peer_id of nobody")
	say("host")
	await poll_until("two peers", func() -> bool: return events.size() == 2)
	var a := peer.get_peer_id_for_steam_id(steam_id(2))
	var b := peer.get_peer_id_for_steam_id(steam_id(3))
	equal(peer.get_peer_map(), {a: steam_id(2), b: steam_id(3)}, "get_peer_map with two")
	equal(peer.get_steam_id_for_peer_id(a), steam_id(2), "get_steam_id_for_peer_id")
	# To one peer alone, then to everybody.
	var to_alice := peer.get_peer(a)
	equal(to_alice.get_class(), "SteamPacketPeer", "the class of get_peer")
	equal(to_alice.get_steam_id(), steam_id(2), "get_steam_id")
	equal(to_alice.get_peer_id(), a, "get_peer_id")
	equal(to_alice.get_state(), SteamPacketPeer.STATE_CONNECTED, "get_state")
	equal(to_alice.get_available_packet_count(), 0, "packets of a packet peer")
	peer.transfer_channel = 7
	equal(to_alice.put_packet(bytes([1])), OK, "put_packet of a packet peer")
	peer.transfer_channel = 0
	equal(peer.put_packet(bytes([2])), OK, "put_packet to all")
	peer.set_target_peer(-a)
	equal(peer.put_packet(bytes([3])), OK, "put_packet to all but one")
	await check_statistics(to_alice)
	# What comes from alice, on channels that nobody has declared.
	say("send")
	for expected: Array in [
		[a, 0, RELIABLE, bytes([10])], [a, 83, RELIABLE, bytes([11])], [a, 5, UNRELIABLE, bytes([12])],
		[a, 5, ORDERED, bytes([13])],
	]:
		equal(await receive(), expected, "a packet of alice's")
	await ends(a, b, to_alice)


## Each statistic is a number, and those that must be there are.
func check_statistics(to_alice: SteamPacketPeer) -> void:
	await poll_until("an acknowledgement", func() -> bool:
		return to_alice.get_statistic(SteamPacketPeer.STAT_SENT_UNACKED_RELIABLE) == 0.0)
	for name in ClassDB.class_get_enum_constants("SteamPacketPeer", "Statistic"):
		var statistic := ClassDB.class_get_integer_constant("SteamPacketPeer", name)
		var value: float = to_alice.call("get_statistic", statistic)
		check(is_finite(value) and value >= -1.0, "%s: %s" % [name, value])
	check(to_alice.get_statistic(SteamPacketPeer.STAT_PING_MS) < 1000.0, "a ping on one machine")
	check(to_alice.get_statistic(SteamPacketPeer.STAT_SEND_RATE) > 0.0, "a send rate")
	equal(to_alice.get_statistic(SteamPacketPeer.STAT_BACKLOG_BYTES), 0.0, "a backlog")
	check(to_alice.get_statistic(SteamPacketPeer.STAT_QUALITY_LOCAL) <= 1.0, "a quality")


## Somebody is disconnected, somebody is kicked, and somebody goes without a signal.
func ends(a: int, b: int, to_alice: SteamPacketPeer) -> void:
	events.clear()
	to_alice.disconnect_peer()
	equal(events, [], "signals out of disconnect_peer")
	await poll_until_event(["disconnected", a])
	equal(events.map(func(what: Array) -> String: return what[0]), ["ended", "disconnected"], "the events of an end")
	equal(events[0].slice(0, 4), ["ended", steam_id(2), a, 1000], "why alice is gone")
	equal(peer.get_peer(a), null, "get_peer of somebody gone")
	equal(to_alice.get_state(), SteamPacketPeer.STATE_NONE, "the state of somebody gone")
	equal(to_alice.get_statistic(SteamPacketPeer.STAT_SEND_RATE), 0.0, "a statistic of somebody gone")
	equal(to_alice.get_steam_id(), steam_id(2), "the Steam id of somebody gone")
	expect_error("put_packet: target peer %d is not connected" % a)
	equal(to_alice.put_packet(bytes([1])), ERR_INVALID_PARAMETER, "put_packet to somebody gone")
	expect_error("disconnect_peer: peer %d is not connected" % a, 2)
	to_alice.disconnect_peer()
	peer.disconnect_peer(a)
	events.clear()
	peer.kick(b, "no cheating")
	equal(events, [], "signals out of kick")
	await poll_until_event(["disconnected", b])
	equal(events[0], ["ended", steam_id(3), b, 1001, "no cheating"], "why bob is gone")
	expect_error("kick: peer %d is not connected" % b)
	peer.kick(b)
	# Bob comes back, under another id, and is forgotten at once.
	events.clear()
	await poll_until("bob again", func() -> bool: return not events.is_empty())
	var again: int = events[0][1]
	check(again != b and again > 1, "a new id for bob")
	var to_bob := peer.get_peer(again)
	peer.disconnect_peer(again, true)
	equal(peer.get_peer(again), null, "get_peer of somebody forced out")
	equal(peer.get_peer_map(), {}, "get_peer_map after all that")
	await poll_until_said("bob is out")
	equal(events, [["connected", again]], "no signal for somebody forced out")
	peer.close()
	equal(to_bob.get_state(), SteamPacketPeer.STATE_NONE, "a packet peer after close")
	peer = null
	equal(to_bob.get_statistic(SteamPacketPeer.STAT_PING_MS), 0.0, "a packet peer that outlives its peer")
	expect_error("put_packet: not connected")
	equal(to_bob.put_packet(bytes([1])), ERR_UNCONFIGURED, "put_packet of a packet peer that outlives its peer")


func join() -> void:
	await hear("host")
	equal(peer.create_client(steam_id(1)), OK, "create_client")
	equal(status(), MultiplayerPeer.CONNECTION_CONNECTING, "the status of a client")
	check(peer.get_unique_id() > 1, "the id of a client")
	await poll_until_event(["connected", 1])
	equal(status(), MultiplayerPeer.CONNECTION_CONNECTED, "the status of a client with its host")
	equal(events[0], ["connected", 1], "the host is the first")


func alice() -> void:
	await join()
	equal(await receive(), [1, 0, RELIABLE, bytes([1])], "what was for alice alone")
	equal(await receive(), [1, 0, RELIABLE, bytes([2])], "what was for all")
	await poll_until_said("send")
	peer.set_target_peer(1)
	equal(peer.put_packet(bytes([10])), OK, "put_packet")
	for case: Array in [[83, RELIABLE, 11], [5, UNRELIABLE, 12], [5, ORDERED, 13]]:
		# One at a time: modes and channels have an order of their own.
		await frames(10)
		peer.transfer_channel = case[0]
		peer.transfer_mode = case[1]
		equal(peer.put_packet(bytes([case[2]])), OK, "put_packet")
		poll()
	await poll_until_event(["disconnected", 1])
	equal(status(), MultiplayerPeer.CONNECTION_DISCONNECTED, "the status after the host's goodbye")
	var ended := events.filter(func(what: Array) -> bool: return what[0] == "ended")
	equal(ended.back().slice(0, 4), ["ended", steam_id(1), 1, 1000], "why the host is gone")
	equal(peer.get_unique_id(), 0, "the id afterwards")


func bob() -> void:
	await join()
	equal(await receive(), [1, 0, RELIABLE, bytes([2])], "what was for all")
	equal(await receive(), [1, 0, RELIABLE, bytes([3])], "what was for all but alice")
	await poll_until_event(["disconnected", 1])
	var ended := events.filter(func(what: Array) -> bool: return what[0] == "ended")
	check(["ended", steam_id(1), 1, 1001, "no cheating"] in ended, "why the host is gone: %s" % [ended])
	equal(status(), MultiplayerPeer.CONNECTION_DISCONNECTED, "the status of somebody kicked")
	# With a new peer, as games do.
	events.clear()
	new_peer()
	equal(peer.create_client(steam_id(1)), OK, "create_client again")
	await poll_until_event(["disconnected", 1])
	say("bob is out")
