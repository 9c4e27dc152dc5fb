extends Node
## A game that plays itself, for so many players and so many seconds, and tells what arrived: what
## [code]cargo xtask demo[/code] starts. Without arguments it does nothing, and the lobby screen is there.
##
## [codeblock]
## godot --path peer-godot/demo -- --host --players=4 --seconds=8 --round=NAME
## godot --path peer-godot/demo -- --join --players=4 --seconds=8 --round=NAME
## [/codeblock]
##
## How it ends is worth a look: nobody leaves before the host knows that everybody has everything, and the host
## leaves last, because without it the game is over for all.

const Game := preload("res://game.gd")
const Streams := preload("res://streams.gd")

## In front of the one line that [code]cargo xtask demo[/code] reads.
const REPORT_PREFIX := "DEMO-REPORT "

## Seconds for everybody to find each other, and for what was sent to arrive.
const GATHER_DEADLINE := 45.0
const SETTLE_DEADLINE := 30.0

## Seconds that the host waits for the others to leave. All has arrived by then.
const LEAVE_DEADLINE := 5.0

enum Stage { GATHERING, READY, PLAYING, SETTLING, SETTLED, OVER }

var _stage := Stage.GATHERING
var _players := 0
var _seconds := 0.0

## Seconds left of the stage.
var _left := 0.0

## How often each player has called each stream, once it says so.
var _totals: Dictionary[int, Dictionary] = {}

## The host's: who is ready to play, and who has everything.
var _ready_ids: Array[int] = []
var _settled_ids: Array[int] = []

var _bytes_in := 0.0
var _bytes_out := 0.0
var _sampled := 0

@onready var _game: Game = get_parent()
@onready var _streams: Streams = $"../Streams"


func _ready() -> void:
	var options := _get_options()
	var is_asked_for := options.has("host") or options.has("join")
	set_process(is_asked_for)
	if not is_asked_for:
		# The scene's root is ready after its children.
		await _game.ready
		_game.open_lobby_screen()
		return
	_players = int(options.get("players", "2"))
	_seconds = float(options.get("seconds", "8"))
	_enter(Stage.GATHERING, GATHER_DEADLINE)
	multiplayer.peer_disconnected.connect(_on_peer_disconnected)
	Lobby.left.connect(_on_left)
	await _game.ready
	var round_name: String = options.get("round", Game.DEFAULT_ROUND)
	if options.has("host"):
		_game.host(_players, round_name)
	else:
		_game.join(round_name)


func _process(delta: float) -> void:
	_left -= delta
	match _stage:
		Stage.GATHERING when _is_everybody_here():
			_enter(Stage.READY, _left)
			_i_am_ready.rpc_id(MultiplayerPeer.TARGET_PEER_SERVER)
		Stage.GATHERING, Stage.READY when _left <= 0.0:
			_fail("not everybody came: connected to %d, squares of %d, seen by %d" % [
				multiplayer.get_peers().size(), _game.get_player_ids().size(), _game.get_viewer_count()])
		Stage.PLAYING when _left <= 0.0:
			_streams.is_active = false
			_enter(Stage.SETTLING, SETTLE_DEADLINE)
			# After everything else that is reliable on this channel; the other channel may still be on its way.
			_announce.rpc(_streams.sent)
		Stage.SETTLING when _has_everything():
			# Now, because others may leave before the host's word reaches us.
			_report()
			_game.stop_moving()
			_enter(Stage.SETTLED, _left)
			_i_have_everything.rpc_id(MultiplayerPeer.TARGET_PEER_SERVER)
		Stage.SETTLING, Stage.SETTLED when _left <= 0.0:
			_fail("not everything reliable arrived")
		Stage.OVER when multiplayer.get_peers().is_empty() or _left <= 0.0:
			_quit(0)
	_measure_bytes()


## To the host.
@rpc("any_peer", "call_local", "reliable")
func _i_am_ready() -> void:
	_ready_ids.append(multiplayer.get_remote_sender_id())
	if _ready_ids.size() == _players:
		_begin.rpc()


## From the host.
@rpc("authority", "call_local", "reliable")
func _begin() -> void:
	_enter(Stage.PLAYING, _seconds)
	_game.start_streams()


## To everybody: how often each stream was called.
@rpc("any_peer", "call_remote", "reliable")
func _announce(totals: Dictionary) -> void:
	_totals[multiplayer.get_remote_sender_id()] = totals


## To the host.
@rpc("any_peer", "call_local", "reliable")
func _i_have_everything() -> void:
	_settled_ids.append(multiplayer.get_remote_sender_id())
	if _settled_ids.size() == _players:
		_end.rpc()


## From the host: everybody has everything.
@rpc("authority", "call_local", "reliable")
func _end() -> void:
	_enter(Stage.OVER, LEAVE_DEADLINE)
	if not multiplayer.is_server():
		_quit(0)


func _enter(stage: Stage, seconds: float) -> void:
	_stage = stage
	_left = seconds


func _is_everybody_here() -> bool:
	var others := _players - 1
	return (
		multiplayer.get_peers().size() == others
		and _game.get_player_ids().size() == _players
		and _game.get_viewer_count() == others
	)


func _has_everything() -> bool:
	for id in multiplayer.get_peers():
		if not _totals.has(id) or not _streams.has_everything(id, _totals[id]):
			return false
	return true


func _on_peer_disconnected(id: int) -> void:
	if _stage < Stage.SETTLED:
		_fail("player %d has left too early" % id)


func _on_left(reason: String) -> void:
	if _stage < Stage.OVER:
		_fail(reason)


func _fail(reason: String) -> void:
	print("The round has failed: ", reason)
	if _stage < Stage.SETTLED:
		_report()
	_quit(1)


func _quit(code: int) -> void:
	_stage = Stage.OVER
	set_process(false)
	Lobby.leave("The round is over.")
	get_tree().quit(code)


## One line for a program to read.
func _report() -> void:
	var received: Array[Dictionary] = []
	for id: int in _streams.received:
		for stream: StringName in Streams.MODES:
			var tally := _streams.get_tally(id, stream)
			received.append({
				"from": id, "stream": stream, "count": tally.count, "last": tally.last, "late": tally.late,
			})
	var moved: Array[int] = []
	var pings: Dictionary[int, float] = {}
	for id in multiplayer.get_peers():
		pings[id] = Lobby.get_ping(id)
		var player := _game.get_player(id)
		if player and player.has_been_synchronized:
			moved.append(id)
	print(REPORT_PREFIX, JSON.stringify({
		"id": multiplayer.get_unique_id(),
		"name": Lobby.get_player_name(),
		"peers": multiplayer.get_peers(),
		"squares": _game.get_player_ids(),
		"moved": moved,
		"modes": Streams.MODES,
		"sent": _streams.sent,
		"received": received,
		"ping_ms": pings,
		"bytes_in": roundi(_bytes_in),
		"bytes_out": roundi(_bytes_out),
	}))


## The addon shows a session's statistics in the debugger's Monitors tab, and so to whoever asks. A rate is that since it
## was last asked for, so its sum is the total.
func _measure_bytes() -> void:
	var now := Time.get_ticks_usec()
	if Performance.has_custom_monitor(&"Steam Peer/bytes in (per s)"):
		var seconds := (now - _sampled) / 1e6
		_bytes_in += Performance.get_custom_monitor(&"Steam Peer/bytes in (per s)") * seconds
		_bytes_out += Performance.get_custom_monitor(&"Steam Peer/bytes out (per s)") * seconds
	_sampled = now


## What stands after [code]--[/code] on the command line, as [code]--name=value[/code] or [code]--name[/code].
func _get_options() -> Dictionary[String, String]:
	var options: Dictionary[String, String] = {}
	for argument in OS.get_cmdline_user_args():
		var parts := argument.trim_prefix("--").split("=", true, 1)
		options[parts[0]] = parts[1] if parts.size() > 1 else ""
	return options
