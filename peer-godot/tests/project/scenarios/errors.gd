extends "res://peer_scenario.gd"
## Every error has its number, and prints one line.

## Options of which less would lose or refuse packets.
const LEAST := {
	SteamMultiplayerPeer.NETWORKING_CONFIG_SEND_BUFFER_SIZE: 524_288,
	SteamMultiplayerPeer.NETWORKING_CONFIG_RECV_BUFFER_SIZE: 16_777_216,
	SteamMultiplayerPeer.NETWORKING_CONFIG_RECV_BUFFER_MESSAGES: 65_536,
	SteamMultiplayerPeer.NETWORKING_CONFIG_RECV_MAX_MESSAGE_SIZE: 524_288,
	SteamMultiplayerPeer.NETWORKING_CONFIG_MTU_PACKET_SIZE: 300,
}


func run() -> void:
	if role == "host":
		await host()
	else:
		await client()


func host() -> void:
	new_peer()
	start_steam()
	before()
	equal(peer.set_config(SteamMultiplayerPeer.NETWORKING_CONFIG_SEND_RATE_MIN, 10_000_000), OK, "set_config")
	equal(peer.set_config(SteamMultiplayerPeer.NETWORKING_CONFIG_SEND_RATE_MAX, 10_000_000), OK, "set_config")
	equal(peer.create_host(), OK, "create_host")
	in_use()
	options()
	say("host")
	await poll_until("the client", func() -> bool: return not events.is_empty())
	puts(connected_ids()[0])
	await too_far_behind(connected_ids()[0])
	peer.close()


func put(size: int, target := 0, channel := 0) -> Error:
	var packet := PackedByteArray()
	packet.resize(size)
	peer.set_target_peer(target)
	peer.transfer_channel = channel
	return peer.put_packet(packet)


## Without a session.
func before() -> void:
	expect_error("put_packet: not connected")
	equal(put(1), ERR_UNCONFIGURED, "put_packet while disconnected")
	equal(put(1), ERR_UNCONFIGURED, "put_packet while disconnected, again")
	expect_error("add_peer: not connected")
	equal(peer.add_peer(steam_id(2)), ERR_UNCONFIGURED, "add_peer while disconnected")
	expect_error("create_client: ", 2)
	equal(peer.create_client(steam_id(1)), ERR_CANT_CREATE, "create_client of oneself")
	equal(peer.create_client(0), ERR_CANT_CREATE, "create_client of nobody")
	equal(status(), MultiplayerPeer.CONNECTION_DISCONNECTED, "the status after that")
	equal(peer.get_packet(), PackedByteArray(), "get_packet with none")
	equal(peer.get_packet_error(), ERR_UNAVAILABLE, "get_packet_error with none")
	peer.close()


## With a session.
func in_use() -> void:
	for call: String in ["create_host", "create_client", "host_with_lobby", "connect_to_lobby"]:
		expect_error(call + ": already connected or connecting")
	equal(peer.create_host(), ERR_ALREADY_IN_USE, "create_host of a host")
	equal(peer.create_client(steam_id(2)), ERR_ALREADY_IN_USE, "create_client of a host")
	equal(peer.host_with_lobby(1), ERR_ALREADY_IN_USE, "host_with_lobby of a host")
	equal(peer.connect_to_lobby(1), ERR_ALREADY_IN_USE, "connect_to_lobby of a host")
	var other := SteamMultiplayerPeer.new()
	expect_error("create_host: cannot listen")
	equal(other.create_host(), ERR_CANT_CREATE, "create_host on a port that is taken")
	equal(other.create_host(1), OK, "create_host on another port")
	other.close()
	expect_error("add_peer: cannot connect to oneself")
	equal(peer.add_peer(steam_id(1)), ERR_CANT_CREATE, "add_peer of oneself")
	expect_error("disconnect_peer: peer 77 is not connected")
	peer.disconnect_peer(77)
	expect_error("kick: peer -1 is not connected")
	peer.kick(-1)


func options() -> void:
	const TIMEOUT := SteamMultiplayerPeer.NETWORKING_CONFIG_TIMEOUT_CONNECTED
	for name in ClassDB.class_get_enum_constants("SteamMultiplayerPeer", "NetworkingConfig"):
		var option := ClassDB.class_get_integer_constant("SteamMultiplayerPeer", name)
		# Those that this scenario has set, and one that only Valve's own library has.
		if option in [10, 11, SteamMultiplayerPeer.NETWORKING_CONFIG_P2P_TRANSPORT_SDR_PENALTY]:
			continue
		if option in LEAST:
			expect_error("set_config: networking option %d must be at least" % option)
			equal(peer.set_config(option, LEAST[option] - 1), ERR_INVALID_PARAMETER, "set_config of %s, too low" % name)
		equal(peer.set_config(option, LEAST.get(option, 1_200)), OK, "set_config of %s" % name)
		peer.clear_config(option)
	expect_error("must be at most 1300")
	equal(peer.set_config(SteamMultiplayerPeer.NETWORKING_CONFIG_MTU_PACKET_SIZE, 1_301), ERR_INVALID_PARAMETER, "an MTU")
	# What the peer sets itself, and what would let in users whom Steam does not vouch for.
	for option: int in [23, 33, 37, 38, 40, 50, 52]:
		expect_error("set_config: networking option %d is reserved for the transport" % option)
		equal(peer.set_config(option, 1), ERR_INVALID_PARAMETER, "set_config of option %d" % option)
	peer.clear_config(123_456)
	expect_error("set_config: ", 5)
	equal(peer.set_config(TIMEOUT, "long"), ERR_INVALID_PARAMETER, "set_config with a text for a number")
	equal(peer.set_config(TIMEOUT, 2.5), ERR_INVALID_PARAMETER, "set_config with a float for an int")
	equal(peer.set_config(TIMEOUT, Vector2.ONE), ERR_INVALID_PARAMETER, "set_config with a vector")
	equal(peer.set_config(TIMEOUT, null), ERR_INVALID_PARAMETER, "set_config with nothing")
	equal(peer.set_config(123_456, 1), ERR_INVALID_PARAMETER, "set_config of no option")
	equal(peer.set_channel_priority(0, 0, 1), OK, "set_channel_priority")
	equal(peer.set_channel_priority(83, 2, 65_535), OK, "set_channel_priority")
	expect_error("set_channel_priority: ", 5)
	for case: Array in [[-1, 0, 1], [84, 0, 1], [0, -1, 1], [0, 0, 0], [0, 0, 65_536]]:
		equal(peer.callv("set_channel_priority", case), ERR_INVALID_PARAMETER, "set_channel_priority%s" % [case])


func puts(id: int) -> void:
	expect_error("put_packet: channel 84 does not exist")
	equal(put(1, id, 84), ERR_INVALID_PARAMETER, "put_packet on channel 84")
	equal(put(1, id, 84), ERR_INVALID_PARAMETER, "put_packet on channel 84, again")
	expect_error("put_packet: channel -1 does not exist")
	equal(put(1, id, -1), ERR_INVALID_PARAMETER, "put_packet on channel -1")
	var nobody := 77 if id != 77 else 78
	expect_error("put_packet: target peer %d is not connected" % nobody)
	equal(put(1, nobody), ERR_INVALID_PARAMETER, "put_packet to nobody")
	expect_error("put_packet: target peer %d is not connected" % -nobody)
	equal(put(1, -nobody), ERR_INVALID_PARAMETER, "put_packet to all but nobody")
	peer.max_packet_bytes = 600_000
	expect_error("put_packet: a packet of 600001 bytes cannot be sent: the limit is 600000")
	equal(put(600_001, id), ERR_INVALID_PARAMETER, "a packet one byte too large")
	# The engine itself takes an empty packet for nothing to do.
	equal(put(0, id), OK, "an empty packet")
	equal(put(3, id), OK, "a packet that is well")


## With more than may wait for it, a peer is disconnected, on both sides and with the reason.
func too_far_behind(id: int) -> void:
	peer.max_backlog_bytes = 1
	expect_error("bytes wait for a peer already, which is disconnected")
	var count := 0
	while put(524_288, id) == OK:
		count += 1
		if count == 100:
			fail("no end of room")
			return
	check(count >= 1, "room for a packet")
	await poll_until_event(["disconnected", id])
	check_reason()
	await poll_until_said("that was it")


func check_reason() -> void:
	var ends := events.filter(func(what: Array) -> bool: return what[0] == "ended")
	equal(ends.map(func(what: Array) -> int: return what[3]), [SteamMultiplayerPeer.END_REASON_TOO_FAR_BEHIND], "reasons")


func client() -> void:
	start_steam()
	await hear("host")
	new_peer()
	equal(peer.create_client(steam_id(1)), OK, "create_client")
	expect_error("put_packet: not connected")
	equal(put(1), ERR_UNCONFIGURED, "put_packet while connecting")
	equal((await receive())[3].size(), 3, "the packet that was well")
	await poll_until("the end", func() -> bool:
		while peer.get_available_packet_count() > 0:
			peer.get_packet()
		return events.has(["disconnected", 1]))
	check_reason()
	say("that was it")
