extends Node
## The lobby of a small game: who is in, who is ready, and when it starts. It was written for ENet; the two functions
## that make the peer, at the end, are all that changed for Steam.

signal player_list_changed
signal connection_failed
signal connection_succeeded
signal game_ended
signal game_error(what: String)

const DEFAULT_PORT := 10567
const MAX_PEERS := 12

var peer: MultiplayerPeer
var port := DEFAULT_PORT
## The lobby to host or to join; 0 for none.
var lobby := 0
var player_name := "The Warrior"
## Names by id, of the others.
var players := {}
var players_ready: Array[int] = []


func _ready() -> void:
	multiplayer.peer_connected.connect(_player_connected)
	multiplayer.peer_disconnected.connect(_player_disconnected)
	multiplayer.connected_to_server.connect(_connected_ok)
	multiplayer.connection_failed.connect(_connected_fail)
	multiplayer.server_disconnected.connect(_server_disconnected)


func _player_connected(id: int) -> void:
	# Each player introduces itself to each other.
	register_player.rpc_id(id, player_name)


func _player_disconnected(id: int) -> void:
	if has_node("/root/World"):
		if multiplayer.is_server():
			game_error.emit("Player " + players[id] + " disconnected")
			end_game()
	else:
		unregister_player(id)


func _connected_ok() -> void:
	connection_succeeded.emit()


func _connected_fail() -> void:
	multiplayer.multiplayer_peer = null
	connection_failed.emit()


func _server_disconnected() -> void:
	game_error.emit("Server disconnected")
	end_game()


@rpc("any_peer")
func register_player(new_player_name: String) -> void:
	players[multiplayer.get_remote_sender_id()] = new_player_name
	player_list_changed.emit()


func unregister_player(id: int) -> void:
	players.erase(id)
	player_list_changed.emit()


@rpc("call_local")
func load_world() -> void:
	var world: Node2D = load("res://bomber/world.tscn").instantiate()
	get_tree().root.add_child(world)
	world.set_player_name(multiplayer.get_unique_id(), player_name)
	for id: int in players:
		world.set_player_name(id, players[id])


func get_player_list() -> Array:
	return players.values()


func begin_game() -> void:
	assert(multiplayer.is_server())
	load_world.rpc()
	var spawn_points := {1: 0}
	for id: int in players:
		spawn_points[id] = spawn_points.size()
	for id: int in spawn_points:
		get_node("/root/World").spawn_player(id, spawn_points[id])


@rpc("any_peer", "call_local")
func ready_to_start(id: int) -> void:
	assert(multiplayer.is_server())
	if not id in players_ready:
		players_ready.append(id)
	if players_ready.size() == players.size() + 1:
		begin_game()


func end_game() -> void:
	if has_node("/root/World"):
		get_node("/root/World").queue_free()
	players.clear()
	players_ready.clear()
	game_ended.emit()


func is_steam() -> bool:
	return OS.get_environment("GAME_TRANSPORT") != "enet"


func host_game(new_player_name: String) -> void:
	player_name = new_player_name
	if is_steam():
		peer = SteamMultiplayerPeer.new()
		peer.max_clients = MAX_PEERS
		if lobby:
			peer.host_with_lobby(lobby)
		else:
			peer.create_host()
	else:
		peer = ENetMultiplayerPeer.new()
		peer.create_server(port, MAX_PEERS)
	multiplayer.multiplayer_peer = peer


## `host` is an address, or a Steam id.
func join_game(host: String, new_player_name: String) -> void:
	player_name = new_player_name
	if is_steam():
		peer = SteamMultiplayerPeer.new()
		if lobby:
			peer.connect_to_lobby(lobby)
		else:
			peer.create_client(host.to_int())
	else:
		peer = ENetMultiplayerPeer.new()
		peer.create_client(host, port)
	multiplayer.multiplayer_peer = peer
