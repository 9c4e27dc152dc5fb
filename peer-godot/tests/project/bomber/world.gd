extends Node2D
## The level: players and bombs, which the host spawns for everyone.

var names := {}


func _ready() -> void:
	$BombSpawner.spawn_function = make_bomb


func set_player_name(id: int, player_name: String) -> void:
	names[id] = player_name


func spawn_player(id: int, point: int) -> void:
	var player: Node2D = preload("res://bomber/player.tscn").instantiate()
	player.name = str(id)
	player.synced_position = Vector2(100 * point, 0)
	player.position = player.synced_position
	$Players.add_child(player)


func make_bomb(data: Array) -> Node:
	var bomb: Node2D = preload("res://bomber/bomb.tscn").instantiate()
	bomb.position = data[0]
	bomb.from_player = data[1]
	return bomb


func player(id: int) -> Node2D:
	return $Players.get_node_or_null(str(id))
