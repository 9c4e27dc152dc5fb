extends "res://game_scenario.gd"
## `SceneMultiplayer.send_bytes` by every mode and several channels; packets for all but one; and `disconnect_peer`.

const ROLES: Array[String] = ["host", "a", "b"]
const CHANNELS: Array[int] = [0, 1, 2, 5, 83]

## What has come: sender, channel, mode, number.
var received: Array[Array] = []
## How `SceneMultiplayer` begins a packet of a game's own.
const RAW := 3


func run() -> void:
	start_steam()
	listen()
	api.peer_packet.connect(func(id: int, packet: PackedByteArray) -> void:
		received.append([id, packet[0], packet[1], packet[2]]))
	await gather_in_lobby()
	await until_peers(2)
	var id_of := await meet("full", ROLES, multiplayer.get_unique_id())
	await everything(id_of)
	await for_all_but_one(id_of)
	await sent_away(id_of)


## Everybody sends to everybody by each way. Reliable packets once, the others until they have come.
func everything(id_of: Dictionary) -> void:
	for channel in CHANNELS:
		for number in 3:
			send(channel, RELIABLE, number)
	var others := ROLES.filter(func(other: String) -> bool: return other != role)
	var has_all := func() -> bool:
		for other: String in others:
			for channel in CHANNELS:
				for mode: int in [UNRELIABLE, ORDERED]:
					if not received.has([id_of[other], channel, mode, 0]):
						return false
				if not received.has([id_of[other], channel, RELIABLE, 2]):
					return false
		return true
	await until("packets by every way", func() -> bool:
		for channel in CHANNELS:
			for mode: int in [UNRELIABLE, ORDERED]:
				send(channel, mode, 0)
		return has_all.call())
	# The others may not have all yet.
	say("everything, " + role)
	for other: String in others:
		await until("everything, " + other, func() -> bool:
			for channel in CHANNELS:
				for mode: int in [UNRELIABLE, ORDERED]:
					send(channel, mode, 0)
			return FileAccess.file_exists(board.path_join("everything, " + other)))
	for other: String in others:
		for channel in CHANNELS:
			var came := received.filter(func(packet: Array) -> bool:
				return packet.slice(0, 3) == [id_of[other], channel, RELIABLE])
			equal(came.map(func(packet: Array) -> int: return packet[3]), [0, 1, 2],
				"the reliable packets of %s on %d" % [other, channel])
	await meet("everything", ROLES)


func send(channel: int, mode: MultiplayerPeer.TransferMode, number: int) -> void:
	equal(api.send_bytes(PackedByteArray([channel, mode, number]), 0, mode, channel), OK, "send_bytes")


func for_all_but_one(id_of: Dictionary) -> void:
	# What is still on its way came in another shape.
	if role == "host":
		var peer := multiplayer.multiplayer_peer
		peer.transfer_channel = 4
		peer.transfer_mode = RELIABLE
		for target: Array in [[-id_of["a"], 10], [id_of["a"], 11], [-id_of["b"], 12], [0, 13]]:
			peer.set_target_peer(target[0])
			equal(peer.put_packet(PackedByteArray([RAW, 4, RELIABLE, target[1]])), OK, "put_packet")
	else:
		await until("the last one", func() -> bool: return received.has([1, 4, RELIABLE, 13]))
		var came := received.filter(func(packet: Array) -> bool: return packet[3] >= 10)
		var numbers := came.map(func(packet: Array) -> int: return packet[3])
		equal(numbers, [11, 12, 13] if role == "a" else [10, 13], "what was for %s" % role)
	events.clear()
	await meet("all but one", ROLES)


## The host disconnects a: without a signal on its side, and a knows that the host is gone.
func sent_away(id_of: Dictionary) -> void:
	match role:
		"host":
			api.disconnect_peer(id_of["a"])
			equal(multiplayer.get_peers(), PackedInt32Array([id_of["b"]]), "who is left")
			await until("the end of a", func() -> bool: return times("ended") > 0)
			var map := (multiplayer.multiplayer_peer as SteamMultiplayerPeer).get_peer_map()
			equal(map, {id_of["b"]: steam_id(3)}, "get_peer_map without a")
		"a":
			await until_event(["server_disconnected"])
			equal(sorted(ids_of("peer_disconnected")), sorted([1, id_of["b"]]), "who is gone for a")
			var why := events.filter(func(what: Array) -> bool: return what[0] == "ended" and what[2] == 1)
			equal(why.map(func(what: Array) -> int: return what[3]), [SteamMultiplayerPeer.END_REASON_LEFT], "why")
		"b":
			await until_event(["peer_disconnected", id_of["a"]])
	await meet("away", ROLES)
	if role == "host":
		equal(ids_of("peer_disconnected"), [], "SceneMultiplayer does not tell whoever asked for it")
	elif role == "b":
		equal(multiplayer.get_peers(), PackedInt32Array([1]), "who is left for b")
	await meet("end", ROLES)
