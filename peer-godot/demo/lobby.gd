extends Node
## Brings players together: the autoload [code]Lobby[/code].
##
## A game with a lobby screen calls [method create] or [method join], shows who is there while [member is_waiting], and
## the host calls [method start]. A game without one calls [method host] and [method find_and_join], and is in it at
## once. When [signal joined] comes, [member Node.multiplayer] works as with any other peer: [code]@rpc[/code],
## [MultiplayerSpawner], [MultiplayerSynchronizer].

## The local player is in the lobby, and connected: the host at once, a client when the host has answered.
signal joined
## The game begins, or has begun.
signal started
## The local player is not in the lobby, or not any more; [param reason] is for people to read.
signal left(reason: String)

## Valve's example game, which every account owns. Yours has a number of its own.
const APP_ID := 480

## Many games are tried out with Valve's number: this entry of a lobby's data tells ours from theirs.
const GAME := "steam-peer-demo"

## Seconds between two looks for a lobby.
const SEARCH_INTERVAL := 0.25

## The lobby that the local player is in, or 0.
var lobby_id := 0

## Whether the game waits for the host to start it.
var is_waiting := false

## Typed, for what only Steam's peer can do, such as [method SteamMultiplayerPeer.get_peer].
var peer: SteamMultiplayerPeer

var _end_message := ""

## The host's: who was kicked, and is so again.
var _kicked: Array[int] = []


func _ready() -> void:
	multiplayer.connected_to_server.connect(_on_connected)
	multiplayer.connection_failed.connect(func() -> void: leave("The host cannot be reached. " + _end_message))
	multiplayer.server_disconnected.connect(func() -> void: leave("The host has left. " + _end_message))
	multiplayer.peer_connected.connect(_on_peer_connected)
	SteamSession.lobby_data_changed.connect(func(_lobby: int) -> void: _check_started())
	# An invitation was accepted while the game runs.
	SteamSession.join_requested.connect(func(lobby: int, _friend: int) -> void: join(lobby))


## Makes a public lobby with a name for up to [param max_players], and hosts the game in it, which [method start] begins.
func create(lobby_name: String, max_players: int) -> void:
	is_waiting = true
	if await _make_lobby(max_players):
		# Now that there is somebody to connect to, the lobby may be found.
		_set_data({ "name": lobby_name, "game": GAME })
		joined.emit()


## Joins a lobby. One whose game has begun is no exception.
func join(lobby: int) -> void:
	if not start_steam():
		return
	if lobby_id != 0:
		leave("")
	is_waiting = true
	if await _enter(lobby):
		_connect_to_host()
	else:
		left.emit("The lobby is full, or not there any more.")


## Begins the game, for everyone in the lobby. Called by the host.
func start() -> void:
	SteamSession.set_lobby_data(lobby_id, "started", "yes")


## Makes a public lobby for up to [param max_players], and hosts the game in it at once. Only those who look for the same
## [param round_name] find it.
func host(max_players: int, round_name: String) -> void:
	if await _make_lobby(max_players):
		_set_data({ "name": round_name, "round": round_name, "started": "yes", "game": GAME })
		joined.emit()


## Looks for a lobby with [param round_name] until there is one, and joins the game in it.
func find_and_join(round_name: String) -> void:
	if not start_steam():
		return
	while lobby_id == 0:
		SteamSession.request_lobby_list({ "game": GAME, "round": round_name, "slots_available": 1 })
		var found: PackedInt64Array = await SteamSession.lobby_list_received
		if found.is_empty():
			await get_tree().create_timer(SEARCH_INTERVAL).timeout
		else:
			# Somebody else may have taken the last place, or the host may just have left: there may be another lobby.
			await _enter(found[0])
	_connect_to_host()


## Leaves the game and the lobby. Reliable RPCs that were called before still arrive.
func leave(reason: String) -> void:
	is_waiting = false
	_kicked.clear()
	if peer:
		multiplayer.multiplayer_peer = OfflineMultiplayerPeer.new()
		peer.close()
		peer = null
	if lobby_id != 0:
		SteamSession.leave_lobby(lobby_id)
		lobby_id = 0
	left.emit(reason)


## Sends a player away for as long as the lobby lasts. Called by the host.
func kick(steam_id: int) -> void:
	_kicked.append(steam_id)
	var id := peer.get_peer_id_for_steam_id(steam_id)
	if id != 0:
		peer.kick(id, "You were kicked.")


## The Steam name of a player. Those of strangers come a moment after them: see [signal SteamSession.friend_name_changed].
func get_name_of(steam_id: int) -> String:
	var known := SteamSession.get_friend_name(steam_id)
	return known if known else "..."


## The Steam name of the local player.
func get_player_name() -> String:
	return SteamSession.get_persona_name()


## The round trip to another player, in milliseconds; 0 if that player is not connected.
func get_ping(peer_id: int) -> float:
	var packet_peer: SteamPacketPeer = peer.get_peer(peer_id) if peer else null
	return packet_peer.get_statistic(SteamPacketPeer.STAT_PING_MS) if packet_peer else 0.0


## Initialises Steam. Harmless if it has been done.
func start_steam() -> bool:
	# Why it failed has been printed.
	if SteamSession.initialize(APP_ID) != OK:
		left.emit("Steam is not running.")
		return false
	return true


func _make_lobby(max_players: int) -> bool:
	if not start_steam():
		return false
	SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC, max_players)
	var answer: Array = await SteamSession.lobby_created
	var result: int = answer[0]
	if result != SteamSession.RESULT_OK:
		leave("Steam made no lobby (result %d)." % result)
		return false
	lobby_id = answer[1]

	peer = _new_peer()
	if peer.host_with_lobby(lobby_id) != OK:
		leave("The lobby cannot be hosted.")
		return false
	multiplayer.multiplayer_peer = peer
	return true


func _set_data(data: Dictionary) -> void:
	SteamSession.set_lobby_data(lobby_id, "host", SteamSession.get_persona_name())
	for key: String in data:
		SteamSession.set_lobby_data(lobby_id, key, data[key])


func _enter(lobby: int) -> bool:
	SteamSession.join_lobby(lobby)
	var answer: Array = await SteamSession.lobby_joined
	var response: int = answer[1]
	if response != SteamSession.CHAT_ROOM_ENTER_RESPONSE_SUCCESS:
		return false
	lobby_id = lobby
	return true


func _connect_to_host() -> void:
	peer = _new_peer()
	if peer.connect_to_lobby(lobby_id) != OK:
		leave("The host of the lobby cannot be reached.")
		return
	multiplayer.multiplayer_peer = peer


func _new_peer() -> SteamMultiplayerPeer:
	_end_message = ""
	var new_peer := SteamMultiplayerPeer.new()
	new_peer.connection_ended.connect(_on_connection_ended)
	return new_peer


func _on_connected() -> void:
	joined.emit()
	_check_started()


func _on_peer_connected(id: int) -> void:
	if multiplayer.is_server() and peer.get_steam_id_for_peer_id(id) in _kicked:
		peer.kick(id, "You were kicked.")


func _check_started() -> void:
	if is_waiting and peer and SteamSession.get_lobby_data(lobby_id, "started"):
		is_waiting = false
		started.emit()


func _on_connection_ended(_steam_id: int, _peer_id: int, _reason: int, message: String) -> void:
	_end_message = message
