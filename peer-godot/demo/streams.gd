extends Node
## What players tell each other beside where they are: four RPCs, in three transfer modes on two channels.
##
## Each call has a number, so that everybody can tell what arrived. A game needs none of that: the four functions with
## [code]@rpc[/code] and the calls in [method _physics_process] are the example, the rest is counting.

## Who said what, for the game to show.
signal said(peer_id: int, text: String)
signal shot(peer_id: int)
signal aimed(peer_id: int, angle: float)

## Every stream and its transfer mode, as in the annotations below.
const MODES: Dictionary[StringName, StringName] = {
	&"chat": &"reliable",
	&"shot": &"reliable",
	&"spark": &"unreliable",
	&"aim": &"unreliable_ordered",
}

## Physics frames from one call to the next.
const INTERVALS: Dictionary[StringName, int] = { &"chat": 10, &"shot": 3, &"spark": 1, &"aim": 1 }


## What arrived of one stream from one player.
class Tally:
	var count := 0
	## The number of the latest.
	var last := 0
	## How many came after a later one, or twice. Only those of an unreliable stream may.
	var late := 0

	func add(number: int) -> void:
		count += 1
		late += int(number <= last)
		last = maxi(last, number)


## Whether the local player calls anything.
var is_active := false

## How often each stream was called here. Every call goes to everybody.
var sent: Dictionary[StringName, int] = {}

## What arrived, as a [Tally] for each stream of each player.
var received: Dictionary[int, Dictionary] = {}

var _frame := 0


func _ready() -> void:
	for stream in MODES:
		sent[stream] = 0


func _physics_process(_delta: float) -> void:
	if not is_active:
		return
	_frame += 1
	if _is_due(&"chat"):
		chat.rpc(sent[&"chat"], "Hello %d!" % sent[&"chat"])
	if _is_due(&"shot"):
		fire.rpc(sent[&"shot"])
	if _is_due(&"spark"):
		spark.rpc(sent[&"spark"])
	if _is_due(&"aim"):
		aim.rpc(sent[&"aim"], _frame * 0.05)


## Must arrive, and in the order in which it was said.
@rpc("any_peer", "call_remote", "reliable")
func chat(number: int, text: String) -> void:
	_count(&"chat", number)
	said.emit(multiplayer.get_remote_sender_id(), text)


## Must arrive too, but need not wait until a chat line that was lost has been sent again: a channel of its own.
@rpc("any_peer", "call_remote", "reliable", 1)
func fire(number: int) -> void:
	_count(&"shot", number)
	shot.emit(multiplayer.get_remote_sender_id())


## One more or less makes no difference.
@rpc("any_peer", "call_remote", "unreliable")
func spark(number: int) -> void:
	_count(&"spark", number)


## Only the latest counts: one that comes late is dropped.
@rpc("any_peer", "call_remote", "unreliable_ordered", 1)
func aim(number: int, angle: float) -> void:
	_count(&"aim", number)
	aimed.emit(multiplayer.get_remote_sender_id(), angle)


## What arrived of a stream from a player.
func get_tally(peer_id: int, stream: StringName) -> Tally:
	var tallies: Dictionary = received.get_or_add(peer_id, {})
	if not tallies.has(stream):
		tallies[stream] = Tally.new()
	return tallies[stream]


## Whether as many reliable calls have arrived from a player as it says to have made.
func has_everything(peer_id: int, totals: Dictionary) -> bool:
	for stream: StringName in totals:
		if MODES[stream] == &"reliable" and get_tally(peer_id, stream).count < totals[stream]:
			return false
	return true


## Whether a stream is to be called in this frame; counts it if so.
func _is_due(stream: StringName) -> bool:
	if _frame % INTERVALS[stream] != 0:
		return false
	sent[stream] += 1
	return true


func _count(stream: StringName, number: int) -> void:
	get_tally(multiplayer.get_remote_sender_id(), stream).add(number)
