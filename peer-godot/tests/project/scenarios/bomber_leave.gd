extends "res://scenarios/bomber.gd"
## One of three leaves in the middle of the game, and the host ends it. Nobody has anything to complain of, as long as the
## other client sends nothing until it knows: what a client sends of a node that the host frees meanwhile the engine
## complains of, over every transport.


func run() -> void:
	await gather()
	var id_of := await start()
	var world := get_node("/root/World")
	world.player(id_of[role]).motion = Vector2.DOWN
	for other in ROLES:
		await until("%s to walk" % other, func() -> bool: return world.player(id_of[other]).position.y > 30.0)
	await meet("walking", ROLES)
	if role == "b":
		# Behind what this frame has put, which is sent before.
		stand_still.call_deferred()
		await until("no players", func() -> bool: return world.get_node("Players").get_child_count() == 0)
	else:
		await hear("b stands still")
		# What b sent before is on its way, and taken in.
		await frames(30)
		if role == "a":
			leave()
			world.queue_free()
		else:
			await until("the end of the game", func() -> bool: return not errors.is_empty())
			await until("no world", func() -> bool: return not get_tree().root.has_node("World"))
			await frames(2)
			say("the host's end")
	await meet("over", ROLES)


## Keeps the main thread until the host has ended the game.
func stand_still() -> void:
	say("b stands still")
	var deadline := Time.get_ticks_msec() + int(TIMEOUT_SECONDS * 1000.0)
	while not FileAccess.file_exists(board.path_join("the host's end")) and Time.get_ticks_msec() < deadline:
		OS.delay_msec(1)
