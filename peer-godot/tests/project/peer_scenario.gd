extends "res://scenario.gd"
## A scenario with one peer that it polls itself, and that peer's events.

var peer: SteamMultiplayerPeer
## What signals said, in order: `["connected", id]`, `["disconnected", id]`, `["ended", steam_id, id, reason, message]`.
var events: Array[Array] = []
var is_polling := false


## The host plays [method host], the others [method client].
func run() -> void:
	start_steam()
	new_peer()
	if role == "host":
		await host()
	else:
		await client()


func host() -> void:
	fail("the scenario has no host()")


func client() -> void:
	fail("the scenario has no client()")


## A new peer, whose signals are noted.
func new_peer() -> void:
	peer = SteamMultiplayerPeer.new()
	peer.peer_connected.connect(func(id: int) -> void: note(["connected", id]))
	peer.peer_disconnected.connect(func(id: int) -> void: note(["disconnected", id]))
	peer.connection_ended.connect(func(steam_id: int, id: int, reason: int, message: String) -> void:
		note(["ended", steam_id, id, reason, message]))


func note(what: Array) -> void:
	check(is_polling, "signals come from poll: %s" % [what])
	events.append(what)


func poll() -> void:
	is_polling = true
	peer.poll()
	is_polling = false


## Polls until a condition holds, which is looked at after each poll.
func poll_until(what: String, condition: Callable) -> void:
	await until(what, func() -> bool:
		poll()
		return condition.call())


func poll_until_event(what: Array) -> void:
	await poll_until("event: %s" % [what], func() -> bool: return events.has(what))


## The ids of the peers that were connected.
func connected_ids() -> Array:
	return events.filter(func(what: Array) -> bool: return what[0] == "connected").map(
		func(what: Array) -> int: return what[1])


func poll_until_said(key: String) -> Variant:
	await poll_until("somebody says " + key, func() -> bool: return FileAccess.file_exists(board.path_join(key)))
	return await hear(key)


## Waits for a packet; returns `[sender, channel, mode, bytes]`.
func receive() -> Array:
	await poll_until("a packet", func() -> bool: return peer.get_available_packet_count() > 0)
	var from := [peer.get_packet_peer(), peer.get_packet_channel(), peer.get_packet_mode()]
	return from + [peer.get_packet()]


func bytes(values: Array) -> PackedByteArray:
	return PackedByteArray(values)


func status() -> MultiplayerPeer.ConnectionStatus:
	return peer.get_connection_status()
