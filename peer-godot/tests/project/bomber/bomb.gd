extends Node2D
## A bomb: after some frames it explodes, and whoever is near is hit. The host decides.

const FUSE_FRAMES := 60
const REACH := 150.0

var from_player := 0
var age := 0


func _physics_process(_delta: float) -> void:
	if not is_multiplayer_authority():
		return
	age += 1
	if age < FUSE_FRAMES:
		return
	for player: Node2D in get_node("../../Players").get_children():
		if player.position.distance_to(position) < REACH:
			player.exploded.rpc(from_player)
	queue_free()
