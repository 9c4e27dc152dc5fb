extends "res://game_scenario.gd"
## Hosts, closes and hosts again, with a new peer each time.

const ROLES: Array[String] = ["host", "client"]
const EMPTY_ROUNDS := 50
const ROUNDS := 8


func run() -> void:
	start_steam()
	listen()
	if role == "host":
		for i in EMPTY_ROUNDS:
			host()
			if i % 5 == 0:
				await frames(1)
			leave()
	# Now with somebody in it; in turn each leaves first, or both at once.
	for i in ROUNDS:
		var round := "round %d" % i
		events.clear()
		if role == "host":
			host()
			say(round)
		else:
			await hear(round)
			join()
		await until_peers(1)
		equal(times("peer_connected"), 1, "peer_connected in " + round)
		await meet(round + ", together", ROLES)
		if i % 3 != 2 and role != ROLES[i % 3]:
			await until("the other's leave", func() -> bool: return times("peer_disconnected") == 1)
		leave()
		if role == "host":
			# Before the other has left, it may be.
			host()
			leave()
		await meet(round + ", over", ROLES)
