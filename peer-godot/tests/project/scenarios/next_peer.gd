extends "res://peer_scenario.gd"
## A game makes a new peer for each session. The former may still be sending what was put before its close, and the
## next one gets its port all the same.

const COUNT := 6
const SIZE := 100_000


func put_much() -> void:
	var packet := PackedByteArray()
	packet.resize(SIZE)
	for i in COUNT:
		equal(peer.put_packet(packet), OK, "put_packet")


func receive_much() -> void:
	for i in COUNT:
		equal((await receive())[3].size(), SIZE, "a packet from before the close")


func host() -> void:
	equal(peer.create_host(), OK, "create_host")
	say("host")
	await receive_much()
	await poll_until("the end of the first session", func() -> bool: return events.back()[0] == "disconnected")
	peer.close()
	new_peer()
	events.clear()
	equal(peer.create_host(1), OK, "create_host on another port")
	say("host on port 1")
	await poll_until("the client's second session", func() -> bool: return not events.is_empty())
	put_much()
	peer.close()
	new_peer()
	events.clear()
	equal(peer.create_host(1), OK, "create_host while the former one drains")
	await poll_until("the client's third session", func() -> bool: return not events.is_empty())
	await poll_until_said("done")


func client() -> void:
	await hear("host")
	equal(peer.create_client(steam_id(1)), OK, "create_client")
	await poll_until_event(["connected", 1])
	put_much()
	peer.close()
	new_peer()
	equal(peer.create_host(), OK, "create_host while the former one drains")
	peer.close()
	await hear("host on port 1")
	new_peer()
	events.clear()
	equal(peer.create_client(steam_id(1), 1), OK, "create_client")
	await poll_until_event(["connected", 1])
	await receive_much()
	await poll_until_event(["disconnected", 1])
	events.clear()
	equal(peer.create_client(steam_id(1), 1), OK, "create_client of the next host")
	await poll_until_event(["connected", 1])
	say("done")
