extends "res://game_scenario.gd"
## A spawner and synchronisers: every process has the same avatars in the same state, one that comes late included, and
## an avatar goes with its player. With a relay, as the engine's replication wants it where clients have authority: what
## a client says of a node must not overtake the host's word that the node exists.

const ROLES: Array[String] = ["host", "early", "late"]

var world := Node.new()


func run() -> void:
	start_steam()
	listen()
	world.name = "World"
	add_child(world)
	var spawner := MultiplayerSpawner.new()
	spawner.name = "Spawner"
	add_child(spawner)
	spawner.add_spawnable_scene("res://avatar.tscn")
	spawner.spawn_path = NodePath("../World")
	var lobby: int
	if role == "host":
		multiplayer.peer_connected.connect(spawn)
		multiplayer.peer_disconnected.connect(func(id: int) -> void: avatar(id).queue_free())
		lobby = await make_lobby()
		host_lobby(lobby, true)
		spawn(1)
		say("lobby", lobby)
	else:
		lobby = await hear("lobby")
		await enter_lobby(lobby)
		if role == "late":
			await hear("early has moved")
		connect_to_lobby(lobby, true)
		await until_event(["connected_to_server"])
	var me := multiplayer.get_unique_id()
	await until("an avatar of one's own", func() -> bool: return avatar(me) != null)
	avatar(me).place = Vector2(me % 1000, 1)
	say("place of " + role, [me, avatar(me).place])
	if role == "late":
		# Before it came.
		await see("early", true)
	else:
		await see("early", true)
		await see("host", true)
		if role == "early":
			await meet("moved", ["host", "early"])
			say("early has moved")
		else:
			await meet("moved", ["host", "early"])
	for other in ROLES:
		await see(other, true)
	await meet("all see all", ROLES)
	# Everyone moves many times; the last place holds.
	for step in 100:
		avatar(me).place = Vector2(me % 1000, step)
		await get_tree().process_frame
	say("last place of " + role, [me, avatar(me).place])
	for other in ROLES:
		await see(other, false)
	equal(world.get_child_count(), 3, "avatars")
	await meet("all have moved", ROLES)
	if role == "early":
		leave()
	else:
		var gone: int = (await hear("place of early"))[0]
		await until("the end of early's avatar", func() -> bool: return avatar(gone) == null)
		equal(world.get_child_count(), 2, "avatars without early's")
	await meet("early has left", ROLES)
	if role == "late":
		await hear("nothing more of the host")
		await until_event(["server_disconnected"])
	elif role == "host":
		say("nothing more of the host")
		leave()
	await meet("over", ROLES)


func spawn(id: int) -> void:
	var one: Node = preload("res://avatar.tscn").instantiate()
	one.name = str(id)
	one.colour = "colour of %d" % id
	world.add_child(one)


func avatar(id: int) -> Node:
	return world.get_node_or_null(str(id))


## Waits until another's avatar is where that one has put it.
func see(other: String, is_first: bool) -> void:
	var at: Array = await hear(("place of " if is_first else "last place of ") + other)
	await until("%s of %s" % [at, other], func() -> bool:
		return avatar(at[0]) != null and avatar(at[0]).place == at[1])
	equal(avatar(at[0]).colour, "colour of %d" % at[0], "what came with the avatar")
