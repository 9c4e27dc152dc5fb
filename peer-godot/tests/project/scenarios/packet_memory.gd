extends "res://game_scenario.gd"
## What the engine reads of a packet stays where it is, whatever a handler in the middle of the packet does with the peer.
##
## The host has three synchronizers, whose state goes out in one packet. In the first that takes its part, the client ends
## the session in one of several ways; the engine then reads the other two parts. The test runs this with an allocator that
## overwrites what is freed, so that reading on would show as an engine error or as a text that nobody wrote.

const COUNT := 3
## Long enough for the memory of a message to be its own, short enough for three in a packet.
const LENGTH := 200

## Ways to end it in a handler of [signal MultiplayerSynchronizer.synchronized], and in the setter of a property.
const WAYS: Array[String] = [
	"close", "null", "drop", "disconnect", "force", "kick", "packet peer", "setter close", "setter drop",
]

var holders: Array[Holder] = []
## The way of this round, until it is gone.
var way := ""
var was_ended := false
var parts := 0
## A reference beside the engine's, unless a way is to drop the last one.
var kept: SteamMultiplayerPeer


## What a synchronizer keeps the same everywhere.
class Holder:
	extends Node
	signal changed
	var text := "":
		set(value):
			text = value
			changed.emit()


func run() -> void:
	start_steam()
	build()
	if role == "host":
		var peer := host()
		say("host")
		var goal := "a" .repeat(LENGTH)
		while not FileAccess.file_exists(board.path_join("over")):
			for holder in holders:
				holder.text = goal
			await get_tree().process_frame
		peer.close()
	else:
		await hear("host")
		for next in WAYS:
			await end_in_a_packet(next)
		say("over")


func build() -> void:
	for index in COUNT:
		var holder := Holder.new()
		holder.name = "Holder%d" % index
		holder.changed.connect(_on_changed)
		var config := SceneReplicationConfig.new()
		config.add_property(^".:text")
		config.property_set_replication_mode(^".:text", SceneReplicationConfig.REPLICATION_MODE_ALWAYS)
		config.property_set_spawn(^".:text", false)
		var state := MultiplayerSynchronizer.new()
		state.name = "State"
		state.replication_config = config
		state.synchronized.connect(_on_synchronized)
		holder.add_child(state)
		add_child(holder)
		holders.append(holder)


func end_in_a_packet(next: String) -> void:
	print("%d ms: %s" % [Time.get_ticks_msec(), next])
	for holder in holders:
		holder.text = ""
	was_ended = false
	parts = 0
	kept = join()
	if next.ends_with("drop"):
		kept = null
	way = next
	# Without its peer the engine forgets who sent the packet, and says so for each part that is left.
	var is_lost := next == "null" or next.ends_with("drop")
	if is_lost:
		expect_error('Parameter "pinfo" is null', COUNT - 1)
	await until("the end by " + next, func() -> bool: return was_ended)
	equal(way, "", "the way is gone")
	equal(parts, 1 if is_lost else COUNT, "the parts of the packet that were taken in with %s" % next)
	for holder in holders:
		check(holder.text == "a".repeat(LENGTH) or is_lost and holder != holders[0], "%s after %s" % [holder.name, next])
	use(null)
	kept = null
	await frames(2)


func _on_changed() -> void:
	if role == "client" and way.begins_with("setter"):
		end_it(way.trim_prefix("setter "))
	if was_ended:
		parts += 1


func _on_synchronized() -> void:
	if role == "client" and way != "" and not way.begins_with("setter"):
		# The setter has taken in the first part already.
		parts = 1
		end_it(way)


func end_it(how: String) -> void:
	way = ""
	was_ended = true
	match how:
		"close":
			multiplayer.multiplayer_peer.close()
		"null", "drop":
			multiplayer.multiplayer_peer = null
		"disconnect":
			kept.disconnect_peer(1)
		"force":
			kept.disconnect_peer(1, true)
		"kick":
			kept.kick(1)
		"packet peer":
			kept.get_peer(1).disconnect_peer(true)
	# What the freed memory would be given to next.
	var fill: Array[PackedByteArray] = []
	for i in 64:
		var bytes := PackedByteArray()
		bytes.resize(3 * LENGTH + i)
		bytes.fill(165)
		fill.append(bytes)
