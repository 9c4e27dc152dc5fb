extends "res://game_scenario.gd"
## A host that does not host is dialled for half a minute, and told of once.


func run() -> void:
	start_steam()
	listen()
	if role == "nobody":
		await until("the client has failed", func() -> bool: return FileAccess.file_exists(board.path_join("failed")), 50.0)
		return
	var start := Time.get_ticks_msec()
	var peer := join()
	await until("connection_failed", func() -> bool: return events.has(["connection_failed"]), 50.0)
	var took := Time.get_ticks_msec() - start
	check(took >= 29_000, "failed after %d ms" % took)
	equal(events.size(), 2, "events: %s" % [events])
	equal(times("ended"), 1, "connection_ended")
	equal(peer.get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED, "the status then")
	equal(peer.get_unique_id(), 0, "the id then")
	say("failed")
