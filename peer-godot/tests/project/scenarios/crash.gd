extends "res://game_scenario.gd"
## A player's process is killed, and the player comes back before the host has missed it: one peer, under a new id.


func run() -> void:
	start_steam()
	listen()
	match role:
		"host":
			await be_host()
		"player":
			await hear("host")
			join()
			await until_event(["connected_to_server"])
			say("playing", multiplayer.get_unique_id())
			await hear("nothing, until it is killed")
		"again":
			join()
			await until_event(["connected_to_server"])
			check(multiplayer.get_unique_id() != await hear("playing"), "a new id")
			say("again", multiplayer.get_unique_id())
			await hear("seen")


func be_host() -> void:
	var peer := host()
	say("host")
	var former: int = await hear("playing")
	var now: int = await hear("again")
	await until("the player's return", func() -> bool: return now in multiplayer.get_peers())
	equal(multiplayer.get_peers(), PackedInt32Array([now]), "peers")
	equal(peer.get_peer_map(), {now: steam_id(2)}, "get_peer_map")
	equal(peer.get_peer_id_for_steam_id(steam_id(2)), now, "get_peer_id_for_steam_id")
	equal(events.map(func(what: Array) -> Array: return what.slice(0, 3)), [
		["peer_connected", former],
		["ended", steam_id(2), former],
		["peer_disconnected", former],
		["peer_connected", now],
	], "the host's events")
	# Local Steam's sockets may notice first that the former process is gone.
	check(events[1][3] in [SteamMultiplayerPeer.END_REASON_REPLACED, 5010], "why: %s" % [events[1]])
	say("seen")
	await until_event(["peer_disconnected", now])
