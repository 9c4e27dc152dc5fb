extends "res://game_scenario.gd"
## A kick in a game: whoever is kicked reads why and loses the host, the others see a peer go.

const ROLES: Array[String] = ["host", "a", "b"]


func run() -> void:
	start_steam()
	listen()
	await gather_in_lobby()
	await until_peers(2)
	events.clear()
	# Before anyone is let go on, because the host's word may be here as soon as it is.
	var words := []
	api.peer_packet.connect(func(_id: int, packet: PackedByteArray) -> void:
		words.append(packet.get_string_from_utf8()))
	var id_of := await meet("full", ROLES, multiplayer.get_unique_id())
	match role:
		"host":
			var peer: SteamMultiplayerPeer = multiplayer.multiplayer_peer
			equal(api.send_bytes("last words".to_utf8_buffer(), id_of["a"]), OK, "send_bytes")
			peer.kick(id_of["a"], "no cheating, Ærøskøbing")
			await until_event(["peer_disconnected", id_of["a"]])
			equal(events, [
				["ended", steam_id(2), id_of["a"], SteamMultiplayerPeer.END_REASON_KICKED, "no cheating, Ærøskøbing"],
				["peer_disconnected", id_of["a"]],
			] as Array[Array], "the host's events")
		"a":
			await until_event(["server_disconnected"])
			equal(words, ["last words"], "what was sent before")
			var why := ["ended", steam_id(1), 1, SteamMultiplayerPeer.END_REASON_KICKED, "no cheating, Ærøskøbing"]
			check(why in events, "why: %s" % [events])
			equal(sorted(ids_of("peer_disconnected")), sorted([1, id_of["b"]]), "who is gone for a")
		"b":
			await until_event(["peer_disconnected", id_of["a"]])
			equal(multiplayer.get_peers(), PackedInt32Array([1]), "who is left")
	await meet("kicked", ROLES)
