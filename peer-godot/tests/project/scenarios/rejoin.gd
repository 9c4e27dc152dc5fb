extends "res://peer_scenario.gd"
## A client leaves and comes back at once, over and over, with the same peer or a new one.

const TIMES := 5


func run() -> void:
	start_steam()
	new_peer()
	if role == "host":
		equal(peer.create_host(), OK, "create_host")
		say("host")
		for i in TIMES:
			# The last packet of somebody who leaves at once.
			equal((await receive())[3], bytes([i]), "a packet")
		await poll_until("the last end", func() -> bool: return events.size() == 3 * TIMES)
		var kinds := events.map(func(what: Array) -> String: return what[0])
		for i in TIMES:
			equal(kinds.slice(3 * i, 3 * i + 3), ["connected", "ended", "disconnected"], "session %d" % i)
		equal(connected_ids().size(), TIMES, "how many came")
		return
	await hear("host")
	for i in TIMES:
		if role == "client with new peers":
			new_peer()
		events.clear()
		equal(peer.create_client(steam_id(1)), OK, "create_client")
		await poll_until_event(["connected", 1])
		equal(peer.put_packet(bytes([i])), OK, "put_packet")
		peer.close()
