extends "res://game_scenario.gd"
## Six times Steam's send buffer in one frame: 3 MB of reliable packets of 1 KB, all of which arrive, in order.

const COUNT := 3072
const SIZE := 1024

var received: Array[int] = []


func run() -> void:
	start_steam()
	listen()
	api.peer_packet.connect(func(_id: int, packet: PackedByteArray) -> void:
		received.append(packet.decode_u32(0) if packet.size() == SIZE else -1))
	if role == "host":
		host()
		say("host")
		await until("all packets", func() -> bool: return received.size() == COUNT)
		equal(received, Array(range(COUNT), TYPE_INT, &"", null), "what arrives")
		say("done")
		await until("the client's leave", func() -> bool: return times("peer_disconnected") == 1)
	else:
		await hear("host")
		var peer := new_peer()
		# So that it takes less than a dozen seconds.
		for option: int in [
			SteamMultiplayerPeer.NETWORKING_CONFIG_SEND_RATE_MIN, SteamMultiplayerPeer.NETWORKING_CONFIG_SEND_RATE_MAX,
		]:
			equal(peer.set_config(option, 4_000_000), OK, "set_config")
		equal(peer.create_client(steam_id(1)), OK, "create_client")
		use(peer)
		await until_event(["connected_to_server"])
		var packet := PackedByteArray()
		packet.resize(SIZE)
		var puts := 0
		for number in COUNT:
			packet.encode_u32(0, number)
			puts += int(api.send_bytes(packet) == OK)
		equal(puts, COUNT, "puts that were OK")
		await hear("done")
		leave()
