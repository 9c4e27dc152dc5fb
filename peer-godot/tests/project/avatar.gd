extends Node
## What a player is to the others: whoever it belongs to moves it.

## Goes from its owner to everyone.
@export var place := Vector2.ZERO
## Goes along when it is spawned, and never again.
@export var colour := ""


func _enter_tree() -> void:
	$State.set_multiplayer_authority(name.to_int())
