extends "res://scenario.gd"
## RPCs of any size arrive, the whole state of a game in one packet, too.

const SIZES := [1_000, 200_000, 600_000, 3_000_000, 10_000_000]

var peer: SteamMultiplayerPeer
var received: Array[int] = []


@rpc("any_peer", "reliable")
func state(bytes: PackedByteArray) -> void:
	equal(bytes.decode_u32(bytes.size() - 4), bytes.size(), "the last bytes")
	received.append(bytes.size())


@rpc("any_peer", "unreliable")
func part(bytes: PackedByteArray) -> void:
	received.append(bytes.size())


func run() -> void:
	start_steam()
	peer = SteamMultiplayerPeer.new()
	equal(peer.max_packet_bytes, 16_777_216, "max_packet_bytes")
	if role == "host":
		equal(peer.create_host(), OK, "create_host")
		multiplayer.multiplayer_peer = peer
		say("host")
		await until("all of them", func() -> bool: return received.size() == SIZES.size() + 2)
		equal(received.filter(func(size: int) -> bool: return size in SIZES), SIZES, "what came, in order")
		say("done")
	else:
		await hear("host")
		equal(peer.create_client(steam_id(1)), OK, "create_client")
		multiplayer.multiplayer_peer = peer
		await multiplayer.connected_to_server
		for size: int in SIZES:
			var bytes := PackedByteArray()
			bytes.resize(size)
			bytes.encode_u32(size - 4, size)
			equal(rpc_id(1, &"state", bytes), OK, "an RPC of %d bytes" % size)
		for size: int in [20_001, 200_001]:
			var bytes := PackedByteArray()
			bytes.resize(size)
			equal(rpc_id(1, &"part", bytes), OK, "an unreliable RPC of %d bytes" % size)
		await hear("done")
	multiplayer.multiplayer_peer = null
