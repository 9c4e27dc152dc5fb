extends Node2D
## A player's figure: its owner gives the input, the host moves it, and it is stunned by a bomb.

const SPEED := 90.0

@export var synced_position := Vector2.ZERO
## What the owner wants: where to go, and whether to drop a bomb.
@export var motion := Vector2.ZERO
@export var bombing := false
@export var stunned := false

var score := 0
var has_bombed := false


func _enter_tree() -> void:
	$Input.set_multiplayer_authority(name.to_int())


func _physics_process(delta: float) -> void:
	if not multiplayer.has_multiplayer_peer() or not is_multiplayer_authority():
		position = synced_position
		return
	if not stunned:
		position += motion * SPEED * delta
	synced_position = position
	if bombing and not has_bombed:
		has_bombed = true
		get_node("../../BombSpawner").spawn([position, name.to_int()])


@rpc("call_local")
func exploded(by_who: int) -> void:
	stunned = true
	var by := get_node_or_null("../" + str(by_who))
	if by and by_who != name.to_int():
		by.score += 1
