extends "res://game_scenario.gd"
## What is put in the frame of `close` arrives before `peer_disconnected`, and the leave is known within a second.

const ROLES: Array[String] = ["host", "client"]
const ROUNDS := 5


func run() -> void:
	start_steam()
	listen()
	api.peer_packet.connect(func(_id: int, packet: PackedByteArray) -> void:
		events.append(["packet", packet.get_string_from_utf8()]))
	for i in ROUNDS:
		# In turn the client and the host.
		await play_round("round %d" % i, ROLES[(i + 1) % 2])


func play_round(round: String, leaver: String) -> void:
	if role == "host":
		host()
		say(round)
	else:
		await hear(round)
		join()
	await until_peers(1)
	events.clear()
	await meet(round + ", together", ROLES)
	if role == leaver:
		var other := multiplayer.get_peers()[0]
		for word: String in ["last", "words"]:
			equal(api.send_bytes(word.to_utf8_buffer(), other, RELIABLE, 2), OK, "send_bytes")
		leave()
		say(round + ", left", Time.get_unix_time_from_system())
	else:
		await until("the leave", func() -> bool: return times("peer_disconnected") == 1)
		var known := Time.get_unix_time_from_system()
		var left: float = await hear(round + ", left")
		check(known - left < 1.0, "%s s until the leave was known" % (known - left))
		var order := events.map(func(what: Array) -> String: return what[1] if what[0] == "packet" else what[0])
		equal(order.slice(0, 2), ["last", "words"], "the final packets, before anything else: %s" % [events])
		check("peer_disconnected" in order, "and then the leave")
		if role == "client":
			await until_event(["server_disconnected"])
		leave()
	await meet(round + ", over", ROLES)
