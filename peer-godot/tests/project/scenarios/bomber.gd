extends "res://game_scenario.gd"
## Three play a small game that was written for ENet: they gather, start, move, place bombs, and the host ends it.

const ROLES: Array[String] = ["host", "a", "b"]

## As the project of such a game has it as an autoload.
var gamestate: Node = preload("res://bomber/gamestate.gd").new()
var errors: Array[String] = []


func run() -> void:
	await gather()
	await play_it()
	await end_it()


func gather() -> void:
	gamestate.name = "gamestate"
	get_tree().root.add_child.call_deferred(gamestate)
	await gamestate.ready
	gamestate.game_error.connect(func(what: String) -> void: errors.append(what))
	if gamestate.is_steam():
		start_steam()
	if OS.get_environment("GAME_TRANSPORT") == "lobby":
		if role == "host":
			gamestate.lobby = await make_lobby()
		else:
			gamestate.lobby = await hear("lobby")
			await enter_lobby(gamestate.lobby)
	if role == "host":
		# Any port that is free.
		gamestate.port = 0
		gamestate.host_game("host")
		equal(multiplayer.multiplayer_peer.get_connection_status(), MultiplayerPeer.CONNECTION_CONNECTED, "hosting")
		say("lobby", gamestate.lobby)
		say("port", 0 if gamestate.is_steam() else gamestate.peer.host.get_local_port())
	else:
		gamestate.port = await hear("port")
		gamestate.join_game(str(steam_id(1)) if gamestate.is_steam() else "127.0.0.1", role)
		await gamestate.connection_succeeded
	var others := ROLES.filter(func(other: String) -> bool: return other != role)
	await until("the others' names", func() -> bool: return sorted(gamestate.get_player_list()) == sorted(others))
	await meet("gathered", ROLES)


## Starts the game. Returns everyone's id.
func start() -> Dictionary:
	gamestate.ready_to_start.rpc_id(1, multiplayer.get_unique_id())
	await until("the world", func() -> bool: return get_tree().root.has_node("World"))
	var players := get_node("/root/World/Players")
	await until("three players", func() -> bool: return players.get_child_count() == 3)
	return await meet("in the world", ROLES, multiplayer.get_unique_id())


func play_it() -> void:
	var id_of := await start()
	var world := get_node("/root/World")
	var names := {}
	for other in ROLES:
		names[id_of[other]] = other
	equal(world.names, names, "names in the world")
	# Everybody walks down until it is far enough.
	var me: Node2D = world.player(id_of[role])
	me.motion = Vector2.DOWN
	for other in ROLES:
		await until("%s to walk" % other, func() -> bool: return world.player(id_of[other]).position.y > 30.0)
	me.motion = Vector2.ZERO
	await meet("walked", ROLES)
	# It comes to rest everywhere in the same places.
	var places := func() -> Array: return ROLES.map(func(other: String) -> Vector2:
		return world.player(id_of[other]).position)
	if role == "host":
		await until("rest", func() -> bool: return ROLES.all(func(other: String) -> bool:
			return world.player(id_of[other]).motion == Vector2.ZERO))
		say("places", places.call())
	var at_host: Array = await hear("places")
	await until("the host's places", func() -> bool: return places.call() == at_host)
	# One of the clients places a bomb, which hits its neighbour and itself.
	if role == "a":
		me.bombing = true
	await until("the bomb's victims", func() -> bool: return world.player(id_of["a"]).stunned)
	await until("the score", func() -> bool: return world.player(id_of["a"]).score > 0)
	await until("the bomb's end", func() -> bool: return world.get_node("Bombs").get_child_count() == 0)
	say("result of " + role, result(world, id_of))
	for other in ROLES:
		equal(result(world, id_of), await hear("result of " + other), "the result at %s" % other)
	equal(errors, [] as Array[String], "errors of the game")
	await meet("bombed", ROLES)


## What the bomb has done, for each player in turn.
func result(world: Node, id_of: Dictionary) -> Array:
	return ROLES.map(func(other: String) -> Array:
		return [world.player(id_of[other]).stunned, world.player(id_of[other]).score])


func end_it() -> void:
	if role == "host":
		gamestate.end_game()
		multiplayer.multiplayer_peer.close()
		multiplayer.multiplayer_peer = null
	else:
		await until("the end of the game", func() -> bool: return not errors.is_empty())
		equal(errors, ["Server disconnected"] as Array[String], "why it ended")
	await until("the end of the world", func() -> bool: return not get_tree().root.has_node("World"))
	equal(gamestate.get_player_list(), [], "players of no game")
	await meet("over", ROLES)
