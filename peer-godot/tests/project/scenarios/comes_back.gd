extends "res://game_scenario.gd"
## The recipe for players who come back: the host keeps what is theirs by Steam id, and writes into the lobby who plays, by
## which a player whose game crashed finds it.

var scores := {}


func run() -> void:
	start_steam()
	match role:
		"host":
			await be_host()
		"player":
			await gather_in_lobby()
			await until("the score", func() -> bool: return scores.get(steam_id(2)) == 0)
			say("playing")
			await hear("nothing, until it is killed")
		"again":
			await come_back()


func be_host() -> void:
	multiplayer.peer_connected.connect(_on_peer_connected)
	await gather_in_lobby()
	var lobby: int = await hear("lobby")
	await hear("playing")
	equal(SteamSession.set_lobby_data(lobby, "player %d" % steam_id(2), "1"), true, "set_lobby_data")
	scores[steam_id(2)] = 7
	say("go")
	await hear("is back")
	equal(scores, {steam_id(2): 7}, "scores by Steam id")


func _on_peer_connected(id: int) -> void:
	var who: int = multiplayer.multiplayer_peer.get_peer_map()[id]
	welcome.rpc_id(id, who, scores.get_or_add(who, 0))


## As a game that was started anew: it knows who it is, and nothing else.
func come_back() -> void:
	var found := PackedInt64Array()
	while found.is_empty():
		check(true, "another search")
		SteamSession.request_lobby_list({"player %d" % SteamSession.get_steam_id(): "1"})
		found = await SteamSession.lobby_list_received
	await enter_lobby(found[0])
	connect_to_lobby(found[0])
	await until("the score", func() -> bool: return scores.get(steam_id(2)) == 7)
	say("is back")


@rpc("authority", "call_remote", "reliable")
func welcome(who: int, score: int) -> void:
	scores[who] = score
