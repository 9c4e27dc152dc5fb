extends "res://game_scenario.gd"
## `refuse_new_connections`: whoever comes hears so, those who are in stay, and afterwards the game is open again.

const ROLES: Array[String] = ["host", "a", "b"]


func run() -> void:
	start_steam()
	listen()
	if role == "host":
		host()
		say("host")
		await until_peers(1)
		multiplayer.multiplayer_peer.refuse_new_connections = true
		say("closed")
	elif role == "a":
		await hear("host")
		join()
		await until_event(["connected_to_server"])
	else:
		await hear("closed")
		join()
		await until_event(["connection_failed"])
		equal(events.map(func(what: Array) -> Array: return what.slice(0, 4)), [
			["ended", steam_id(1), 0, SteamMultiplayerPeer.END_REASON_REFUSED],
			["connection_failed"],
		], "b's events")
	await meet("refused", ROLES)
	if role == "host":
		equal(times("peer_connected"), 1, "peer_connected")
		equal(times("peer_disconnected"), 0, "peer_disconnected")
		multiplayer.multiplayer_peer.refuse_new_connections = false
		say("open")
		await until_peers(2)
	elif role == "b":
		await hear("open")
		join()
		await until_event(["connected_to_server"])
	await meet("open", ROLES)
