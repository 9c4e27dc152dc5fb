extends "res://peer_scenario.gd"
## The host's process is killed: its client hears of it, and ends.


func run() -> void:
	start_steam()
	new_peer()
	if role == "host":
		equal(peer.create_host(), OK, "create_host")
		say("host")
		await poll_until_said("nothing, until it is killed")
		return
	equal(peer.set_config(SteamMultiplayerPeer.NETWORKING_CONFIG_TIMEOUT_CONNECTED, 1500), OK, "set_config")
	await hear("host")
	equal(peer.create_client(steam_id(1)), OK, "create_client")
	await poll_until_event(["connected", 1])
	say("connected")
	await hear("killed")
	await poll_until_event(["disconnected", 1])
	equal(status(), MultiplayerPeer.CONNECTION_DISCONNECTED, "the status without a host")
	var ended: Array = events.filter(func(what: Array) -> bool: return what[0] == "ended")[0]
	check(ended[1] == steam_id(1) and ended[2] == 1 and ended[3] > 2999, "Steam's reason: %s" % [ended])
