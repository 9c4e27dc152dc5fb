extends "res://peer_scenario.gd"
## Channels that nobody has declared, each in each mode: a packet arrives on its own, and in order. Those out of range are
## refused.

const CHANNELS: Array[int] = [0, 1, 2, 3, 4, 5, 83]
const MODES: Array[int] = [
	MultiplayerPeer.TRANSFER_MODE_UNRELIABLE, MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED,
	MultiplayerPeer.TRANSFER_MODE_RELIABLE,
]
const COUNT := 100


func host() -> void:
	equal(peer.create_host(), OK, "create_host")
	say("host")
	var numbers := {}
	await poll_until("the client", func() -> bool: return not events.is_empty())
	# The last of each, so that unreliable ones may get lost.
	var last := 0
	await poll_until("all packets", func() -> bool:
		while peer.get_available_packet_count() > 0:
			var way := [peer.get_packet_channel(), peer.get_packet_mode()]
			var packet := peer.get_packet()
			equal([packet[0], packet[1]], way, "the way of a packet")
			numbers.get_or_add(way, []).append(packet[2])
			last += int(packet[2] == COUNT and way[1] == MultiplayerPeer.TRANSFER_MODE_RELIABLE)
		return last == CHANNELS.size() and numbers.size() == CHANNELS.size() * MODES.size())
	say("done")
	await poll_until_said("done too")
	for channel in CHANNELS:
		equal(numbers[[channel, MultiplayerPeer.TRANSFER_MODE_RELIABLE]], range(COUNT + 1), "channel %d" % channel)
		var ordered: Array = numbers[[channel, MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED]]
		var rising := ordered.duplicate()
		rising.sort()
		equal(ordered, rising, "unreliable ordered on channel %d" % channel)


func client() -> void:
	await hear("host")
	equal(peer.create_client(steam_id(1)), OK, "create_client")
	await poll_until_event(["connected", 1])
	for number in COUNT:
		for channel in CHANNELS:
			for mode in MODES:
				put(channel, mode, number)
		if number % 10 == 0:
			await frames(1)
			poll()
	for channel in CHANNELS:
		put(channel, MultiplayerPeer.TRANSFER_MODE_RELIABLE, COUNT)
	expect_error("put_packet: ", 2)
	for channel: int in [84, -1]:
		peer.transfer_channel = channel
		equal(peer.put_packet(bytes([1])), ERR_INVALID_PARAMETER, "put_packet on channel %d" % channel)
	# Again what may have been lost. It is over for the host when it has all, so one more may not get through.
	await poll_until("the host to have all", func() -> bool:
		if FileAccess.file_exists(board.path_join("done")):
			return true
		for channel in CHANNELS:
			for mode in MODES.slice(0, 2):
				put(channel, mode, COUNT)
		return false)
	say("done too")


func put(channel: int, mode: MultiplayerPeer.TransferMode, number: int) -> void:
	peer.transfer_channel = channel
	peer.transfer_mode = mode
	equal(peer.put_packet(bytes([channel, mode, number])), OK, "put_packet")
