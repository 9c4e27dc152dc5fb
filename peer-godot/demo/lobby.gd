extends Node
## Brings players together: the autoload [code]Lobby[/code].
##
## One player calls [method host], the others [method find_and_join]. When [signal joined] comes, [member
## Node.multiplayer] works as with any other peer: [code]@rpc[/code], [MultiplayerSpawner], [MultiplayerSynchronizer].

## The local player is in the game: the host at once, a client when the host has answered.
signal joined
## The local player is not in the game, or not any more; [param reason] is for people to read.
signal left(reason: String)

## Valve's example game, which every account owns. Yours has a number of its own.
const APP_ID := 480

## Many games are tried out with Valve's number: this entry of a lobby's data tells ours from theirs.
const GAME := "steam-peer-demo"

## Seconds between two looks for a lobby.
const SEARCH_INTERVAL := 0.25

## The lobby that the local player is in, or 0.
var lobby_id := 0

## Typed, for what only Steam's peer can do, such as [method SteamMultiplayerPeer.get_peer].
var peer: SteamMultiplayerPeer

var _end_message := ""


func _ready() -> void:
	multiplayer.connected_to_server.connect(joined.emit)
	multiplayer.connection_failed.connect(func() -> void: leave("The host cannot be reached. " + _end_message))
	multiplayer.server_disconnected.connect(func() -> void: leave("The host has left. " + _end_message))


## Makes a public lobby for up to [param max_players], and hosts the game in it. Only those who look for the same
## [param round_name] find it.
func host(max_players: int, round_name: String) -> void:
	if not _start_steam():
		return
	SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC, max_players)
	var answer: Array = await SteamSession.lobby_created
	var result: int = answer[0]
	if result != SteamSession.RESULT_OK:
		leave("Steam made no lobby (result %d)." % result)
		return
	lobby_id = answer[1]

	peer = _new_peer()
	if peer.host_with_lobby(lobby_id) != OK:
		leave("The lobby cannot be hosted.")
		return
	multiplayer.multiplayer_peer = peer

	# Now that there is somebody to connect to, the lobby may be found.
	SteamSession.set_lobby_data(lobby_id, "host", SteamSession.get_persona_name())
	SteamSession.set_lobby_data(lobby_id, "round", round_name)
	SteamSession.set_lobby_data(lobby_id, "game", GAME)
	joined.emit()


## Looks for a lobby with [param round_name] until there is one, and joins the game in it.
func find_and_join(round_name: String) -> void:
	if not _start_steam():
		return
	while lobby_id == 0:
		SteamSession.request_lobby_list({ "game": GAME, "round": round_name, "slots_available": 1 })
		var found: PackedInt64Array = await SteamSession.lobby_list_received
		if found.is_empty():
			await get_tree().create_timer(SEARCH_INTERVAL).timeout
			continue
		SteamSession.join_lobby(found[0])
		var answer: Array = await SteamSession.lobby_joined
		var response: int = answer[1]
		# Somebody else may have taken the last place, or the host may just have left: there may be another lobby.
		if response == SteamSession.CHAT_ROOM_ENTER_RESPONSE_SUCCESS:
			lobby_id = found[0]

	peer = _new_peer()
	if peer.connect_to_lobby(lobby_id) != OK:
		leave("The host of the lobby cannot be reached.")
		return
	multiplayer.multiplayer_peer = peer


## Leaves the game and the lobby. Reliable RPCs that were called before still arrive.
func leave(reason: String) -> void:
	if peer:
		multiplayer.multiplayer_peer = OfflineMultiplayerPeer.new()
		peer.close()
		peer = null
	if lobby_id != 0:
		SteamSession.leave_lobby(lobby_id)
		lobby_id = 0
	left.emit(reason)


## The Steam name of the local player.
func get_player_name() -> String:
	return SteamSession.get_persona_name()


## The round trip to another player, in milliseconds; 0 if that player is not connected.
func get_ping(peer_id: int) -> float:
	var packet_peer: SteamPacketPeer = peer.get_peer(peer_id) if peer else null
	return packet_peer.get_statistic(SteamPacketPeer.STAT_PING_MS) if packet_peer else 0.0


func _start_steam() -> bool:
	# Harmless if it has been done. Why it failed has been printed.
	if SteamSession.initialize(APP_ID) != OK:
		left.emit("Steam is not running.")
		return false
	return true


func _new_peer() -> SteamMultiplayerPeer:
	_end_message = ""
	var new_peer := SteamMultiplayerPeer.new()
	new_peer.connection_ended.connect(_on_connection_ended)
	return new_peer


func _on_connection_ended(_steam_id: int, _peer_id: int, _reason: int, message: String) -> void:
	_end_message = message
