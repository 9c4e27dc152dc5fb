extends Node2D
## The game: whoever is connected has a square, and a line at the top says how the connections do.

const LobbyScreen := preload("res://lobby_screen.gd")
const Player := preload("res://player.gd")
const Streams := preload("res://streams.gd")
const PLAYER_SCENE := preload("res://player.tscn")

const DEFAULT_ROUND := "open"

## Players that have our own square, and so may see it move.
var _viewers: Array[int] = []

@onready var _players: Node2D = $Players
@onready var _spawner: MultiplayerSpawner = $Spawner
@onready var _streams: Streams = $Streams
@onready var _lobby_screen: LobbyScreen = $Screen/LobbyScreen
@onready var _status: Label = $Status


func _ready() -> void:
	# On every side: the host calls `spawn`, and each side makes the node from what the host passed to it.
	_spawner.spawn_function = _make_player
	_spawner.spawned.connect(_on_spawned)
	multiplayer.peer_connected.connect(_on_peer_connected)
	multiplayer.peer_disconnected.connect(_on_peer_disconnected)
	Lobby.joined.connect(_on_joined)
	Lobby.started.connect(_on_started)
	Lobby.left.connect(_on_left)
	_streams.said.connect(func(id: int, text: String) -> void: _with_player(id, &"say", [text]))
	_streams.shot.connect(func(id: int) -> void: _with_player(id, &"shoot", []))
	_streams.aimed.connect(func(id: int, angle: float) -> void: _with_player(id, &"aim", [angle]))


func _process(_delta: float) -> void:
	if not Lobby.peer:
		return
	var lines: PackedStringArray = []
	for id in multiplayer.get_peers():
		var player := get_player(id)
		if player:
			lines.append("%s %d ms" % [player.player_name, roundi(Lobby.get_ping(id))])
	_status.text = "I am %s.  " % Lobby.get_player_name() + "  ".join(lines)


## Lets the player choose or make a lobby.
func open_lobby_screen() -> void:
	_lobby_screen.open()


## Makes a lobby for so many players, and is its host.
func host(max_players: int, round_name: String) -> void:
	_status.text = "Making a lobby ..."
	Lobby.host(max_players, round_name)


## Looks for a lobby, and joins it.
func join(round_name: String) -> void:
	_status.text = "Looking for a lobby ..."
	Lobby.find_and_join(round_name)


## Everybody calls the RPCs of [Streams] from now on.
func start_streams() -> void:
	_streams.is_active = true


## The square of a player, or [code]null[/code] if it is not here (yet).
func get_player(peer_id: int) -> Player:
	return _players.get_node_or_null(str(peer_id)) as Player


## The ids of all players whose squares are here, sorted.
func get_player_ids() -> Array[int]:
	var ids: Array[int] = []
	for player: Player in _players.get_children():
		ids.append(player.peer_id)
	ids.sort()
	return ids


## How many others see our own square move.
func get_viewer_count() -> int:
	# Those who have the host's square see it move without being asked.
	return multiplayer.get_peers().size() if multiplayer.is_server() else _viewers.size()


## Nobody sees our own square move any more. What moves until its owner has gone could still be on its way when the
## host takes the square away.
func stop_moving() -> void:
	for id in _viewers:
		get_player(multiplayer.get_unique_id()).hide_from(id)
	_viewers.clear()


func _on_joined() -> void:
	if not Lobby.is_waiting:
		_introduce.rpc_id(MultiplayerPeer.TARGET_PEER_SERVER, Lobby.get_player_name())


## The host has started the game from the lobby screen.
func _on_started() -> void:
	_introduce.rpc_id(MultiplayerPeer.TARGET_PEER_SERVER, Lobby.get_player_name())
	start_streams()


func _on_left(reason: String) -> void:
	_streams.is_active = false
	_viewers.clear()
	for player in _players.get_children():
		player.queue_free()
	_status.text = reason


func _on_peer_connected(id: int) -> void:
	_tell_owner(id)


func _on_peer_disconnected(id: int) -> void:
	_viewers.erase(id)
	var player := get_player(id)
	# The spawner takes it from everybody else.
	if multiplayer.is_server() and player:
		player.queue_free()


func _on_spawned(node: Node) -> void:
	var player: Player = node
	if player.peer_id == multiplayer.get_unique_id():
		# The host has it, because it comes from there.
		_viewers.append(MultiplayerPeer.TARGET_PEER_SERVER)
		for id in _viewers:
			player.show_to(id)
	else:
		_tell_owner(player.peer_id)


## To the host: here is somebody who wants to play.
@rpc("any_peer", "call_local", "reliable")
func _introduce(player_name: String) -> void:
	var id := multiplayer.get_remote_sender_id()
	if not multiplayer.is_server() or get_player(id):
		return
	var place := Player.AREA.position + Player.AREA.size * Vector2(randf(), randf())
	# Neighbours in the order of arrival get colours far apart.
	var hue := fposmod(_players.get_child_count() * 0.618, 1.0)
	_spawner.spawn({ "peer_id": id, "name": player_name.left(24), "position": place, "hue": hue })


## To the owner of a square: it has arrived here.
@rpc("any_peer", "call_remote", "reliable")
func _your_square_is_here() -> void:
	var viewer := multiplayer.get_remote_sender_id()
	_viewers.append(viewer)
	var player := get_player(multiplayer.get_unique_id())
	# Otherwise when it has been spawned here.
	if player:
		player.show_to(viewer)


## Everyone is connected to everyone, so another player's square and our connection with that player come in any order.
## Whichever is second gets to tell.
func _tell_owner(id: int) -> void:
	var is_client := id != MultiplayerPeer.TARGET_PEER_SERVER
	if is_client and get_player(id) and id in multiplayer.get_peers():
		_your_square_is_here.rpc_id(id)


## Makes a player from what the host passed to the spawner.
func _make_player(data: Dictionary) -> Node:
	var player: Player = PLAYER_SCENE.instantiate()
	player.peer_id = data["peer_id"]
	player.name = str(player.peer_id)
	player.player_name = data["name"]
	player.colour = Color.from_hsv(data["hue"], 0.6, 0.9)
	player.position = data["position"]
	return player


## Calls a method of a player whose square is here.
func _with_player(id: int, method: StringName, arguments: Array) -> void:
	var player := get_player(id)
	if player:
		player.callv(method, arguments)
