extends "res://peer_scenario.gd"
## Ordered packets over a network that loses and jumbles: what arrives never goes back, and what is lost stays lost.

const CHANNELS: Array[int] = [0, 5]
const COUNT := 500


func run() -> void:
	start_steam()
	new_peer()
	if role == "receiver":
		await receiver()
	else:
		await sender()


func receiver() -> void:
	equal(peer.create_host(), OK, "create_host")
	say("host")
	var last := {0: -1, 5: -1}
	var counts := {0: 0, 5: 0}
	var unordered := []
	var ends := []
	await poll_until("the last packets", func() -> bool:
		while peer.get_available_packet_count() > 0:
			var channel := peer.get_packet_channel()
			var mode := peer.get_packet_mode()
			var number := peer.get_packet().decode_u32(0)
			match mode:
				MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED:
					check(number > last[channel], "%d after %d" % [number, last[channel]])
					last[channel] = number
					counts[channel] += 1
				MultiplayerPeer.TRANSFER_MODE_UNRELIABLE:
					unordered.append(number)
				MultiplayerPeer.TRANSFER_MODE_RELIABLE:
					ends.append(number)
		return ends.size() == COUNT + 1)
	equal(ends, range(COUNT + 1), "reliable packets, of which none gets lost")
	for channel in CHANNELS:
		# At 15 % of loss, and more that come late.
		check(counts[channel] < COUNT, "%d of %d on channel %d: some are lost" % [counts[channel], COUNT, channel])
		check(counts[channel] > COUNT / 20, "%d of %d on channel %d: some arrive" % [counts[channel], COUNT, channel])
	check(unordered.size() < COUNT, "unreliable ones are lost")
	say("done")


func sender() -> void:
	await hear("host")
	equal(peer.create_client(steam_id(1)), OK, "create_client")
	await poll_until_event(["connected", 1])
	for number in COUNT:
		for channel in CHANNELS:
			put(channel, MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED, number)
		put(1, MultiplayerPeer.TRANSFER_MODE_UNRELIABLE, number)
		put(0, MultiplayerPeer.TRANSFER_MODE_RELIABLE, number)
		await frames(1)
		poll()
	put(0, MultiplayerPeer.TRANSFER_MODE_RELIABLE, COUNT)
	await poll_until_said("done")


func put(channel: int, mode: MultiplayerPeer.TransferMode, number: int) -> void:
	var packet := PackedByteArray()
	packet.resize(4)
	packet.encode_u32(0, number)
	peer.transfer_channel = channel
	peer.transfer_mode = mode
	equal(peer.put_packet(packet), OK, "put_packet")
