extends "res://scenario.gd"
## The same as games do it, with the engine polling: from a handler of the multiplayer API they close the peer, let go of
## it, and begin anew.

const ACTIONS: Array[String] = ["close", "drop", "drop and host", "kick", "call", "free the scenario's node"]

var acted := false
var client := 0
var rounds := 0
## A node that calls functions, and may go.
var caller: Node


@rpc("any_peer", "call_remote", "reliable")
func ping() -> void:
	pass


func run() -> void:
	start_steam()
	if role == "client":
		await visit()
		return
	multiplayer.peer_connected.connect(_on_peer.bind("connected"))
	multiplayer.peer_disconnected.connect(_on_peer.bind("disconnected"))
	for of: String in ["connected", "disconnected"]:
		for action in ACTIONS:
			await host(of, action)
	say("over")


func host(of: String, action: String) -> void:
	acted = false
	client = 0
	var peer := SteamMultiplayerPeer.new()
	# Each round on a port of its own: the client may still be saying goodbye to the host of the last one.
	rounds += 1
	equal(peer.create_host(rounds), OK, "create_host")
	multiplayer.multiplayer_peer = peer
	# From here on the multiplayer API has the only reference.
	peer = null
	caller = Node.new()
	add_child(caller)
	set_meta("of", of)
	set_meta("action", action)
	var round := "%s, %s" % [of, action]
	print("%d ms: %s" % [Time.get_ticks_msec(), round])
	say("round " + round)
	await until("a client in " + round, func() -> bool: return client != 0)
	if of == "disconnected":
		say("leave " + round)
	await until("the handler of " + round, func() -> bool: return acted)
	say("leave " + round)
	await hear("left " + round)
	await frames(2)
	if caller:
		caller.queue_free()
	multiplayer.multiplayer_peer = OfflineMultiplayerPeer.new()


func _on_peer(id: int, what: String) -> void:
	client = id
	if what != get_meta("of") or acted:
		return
	acted = true
	match get_meta("action"):
		"close":
			multiplayer.multiplayer_peer.close()
		"drop":
			multiplayer.multiplayer_peer = null
		"drop and host":
			# It cannot go before its poll is over: without this its port would be taken.
			multiplayer.multiplayer_peer.close()
			multiplayer.multiplayer_peer = null
			var peer := SteamMultiplayerPeer.new()
			equal(peer.create_host(), OK, "create_host in a handler")
			multiplayer.multiplayer_peer = peer
		"kick":
			if what == "disconnected":
				expect_error("kick: peer %d is not connected" % id)
			(multiplayer.multiplayer_peer as SteamMultiplayerPeer).kick(id, "out")
		"call":
			if what == "disconnected":
				expect_error("Attempt to call RPC with unknown peer ID: %d." % id)
			ping.rpc_id(id)
		"free the scenario's node":
			caller.free()
			caller = null


func visit() -> void:
	for of: String in ["connected", "disconnected"]:
		for action in ACTIONS:
			var round := "%s, %s" % [of, action]
			await hear("round " + round)
			var peer := SteamMultiplayerPeer.new()
			rounds += 1
			equal(peer.create_client(steam_id(1), rounds), OK, "create_client")
			multiplayer.multiplayer_peer = peer
			var key := board.path_join("leave " + round)
			await until("the end of " + round, func() -> bool:
				return (FileAccess.file_exists(key)
					or peer.get_connection_status() == MultiplayerPeer.CONNECTION_DISCONNECTED))
			peer.close()
			multiplayer.multiplayer_peer = OfflineMultiplayerPeer.new()
			say("left " + round)
	await hear("over")
