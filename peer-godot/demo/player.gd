extends Node2D
## A player: a square that its owner moves and that everybody sees.
##
## The owner has the authority: its [member target] is what [MultiplayerSynchronizer] sends to the others.

## Pixels a second.
const SPEED := 160.0
const SIZE := 28.0
const AREA := Rect2(20, 60, 600, 320)

## Seconds without a key after which the square wanders by itself.
const IDLE_TIME := 2.0

## Where the square is for its owner. It is shown there a moment later by the others, who smooth its way.
@export var target := Vector2.ZERO

## The owner's id.
var peer_id := 1
var player_name := ""
var colour := Color.WHITE

## Whether something about where it is has come from its owner.
var has_been_synchronized := false

var _idle := IDLE_TIME
var _heading := Vector2.from_angle(randf() * TAU)
var _aim := 0.0
var _flash := 0.0
var _bubble := ""
var _bubble_time := 0.0

@onready var _synchronizer: MultiplayerSynchronizer = $Synchronizer


func _enter_tree() -> void:
	# Before the synchronizer is ready: from then on it belongs to whoever has the authority.
	set_multiplayer_authority(peer_id)
	var synchronizer: MultiplayerSynchronizer = $Synchronizer
	# What the host sends arrives after its players have been spawned. What others send may overtake the host, so
	# they wait until they are told that their player has arrived: see `show_to`.
	synchronizer.public_visibility = peer_id == MultiplayerPeer.TARGET_PEER_SERVER


func _ready() -> void:
	target = position
	_synchronizer.synchronized.connect(func() -> void: has_been_synchronized = true)


func _physics_process(delta: float) -> void:
	if is_multiplayer_authority():
		target = (target + _get_direction(delta) * SPEED * delta).clamp(AREA.position, AREA.end)
		position = target
	else:
		# Gets to within a tenth of the way in about 0.15 s, at any frame rate.
		position = position.lerp(target, 1.0 - exp(-15.0 * delta))
	_flash = maxf(_flash - delta, 0.0)
	_bubble_time -= delta
	if _bubble_time <= 0.0:
		_bubble = ""
	queue_redraw()


func _draw() -> void:
	draw_rect(Rect2(-SIZE / 2, -SIZE / 2, SIZE, SIZE), colour)
	draw_line(Vector2.ZERO, Vector2.from_angle(_aim) * SIZE, Color.WHITE, 3.0)
	if _flash > 0.0:
		draw_arc(Vector2.ZERO, SIZE, 0.0, TAU, 24, Color(colour, _flash * 4.0), 2.0)
	var font := ThemeDB.fallback_font
	draw_string(font, Vector2(-60, -24), player_name, HORIZONTAL_ALIGNMENT_CENTER, 120, 13)
	draw_string(font, Vector2(-60, 34), _bubble, HORIZONTAL_ALIGNMENT_CENTER, 120, 12, Color.LIGHT_GRAY)


## Lets another player see this one move. Called by the owner, once it knows that the other has this node.
func show_to(viewer: int) -> void:
	_synchronizer.set_visibility_for(viewer, true)


## Takes back what [method show_to] did.
func hide_from(viewer: int) -> void:
	_synchronizer.set_visibility_for(viewer, false)


## Shows what the player says.
func say(text: String) -> void:
	_bubble = text
	_bubble_time = 1.5


## Shows that the player shoots.
func shoot() -> void:
	_flash = 0.25


## Shows where the player looks, in radians.
func aim(angle: float) -> void:
	_aim = angle


func _get_direction(delta: float) -> Vector2:
	var input := Input.get_vector(&"ui_left", &"ui_right", &"ui_up", &"ui_down")
	_idle = _idle + delta if input.is_zero_approx() else 0.0
	if _idle < IDLE_TIME:
		return input
	_heading = _heading.rotated(randf_range(-3.0, 3.0) * delta)
	if not AREA.grow(-1.0).has_point(target):
		_heading = target.direction_to(AREA.get_center())
	return _heading
