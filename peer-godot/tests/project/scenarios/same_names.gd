extends "res://scenario.gd"
## Another addon has classes of the names that ours share with GodotSteam. Whoever is loaded first has them; ours are there
## under their second names either way.
##
## The usual names are asked for by text: under the other order of loading they would not be what this script expects.

var answers: Array[String] = []


func run() -> void:
	if role.ends_with("first"):
		expect_error("res://addons/other/other.gdextension has a class of the name SteamMultiplayerPeer and SteamPacketPeer")
	else:
		# What the engine says of the other addon's classes, as they come and as they go.
		for usual in ["SteamMultiplayerPeer", "SteamPacketPeer"]:
			expect_error("extension class '%s'" % usual, 2)
		expect_error("extension method 'whose'")
	var is_ours: bool = ClassDB.class_has_method("SteamMultiplayerPeer", "create_host")
	equal(is_ours, role.ends_with("later"), "who has the usual name")
	if not is_ours:
		var others: Object = ClassDB.instantiate("SteamMultiplayerPeer")
		equal(others.call("whose"), "another's, SteamMultiplayerPeer", "the other addon's class")
		others.free()
	start_steam()
	var peer := SteamPeer.new()
	equal(peer.get_class(), "SteamPeer", "the class of a peer")
	equal(SteamPeer.END_REASON_KICKED, 1001, "a constant")
	equal(peer.debug_level, SteamPeer.DEBUG_LEVEL_NONE, "a property that is an enum of the class")
	peer.peer_connected.connect(func(id: int) -> void: answers.append("connected to %d" % id))
	var is_host := role.begins_with("host")
	equal(peer.create_host() if is_host else peer.create_client(steam_id(1)), OK, "to begin")
	multiplayer.multiplayer_peer = peer
	await until("the other", func() -> bool: return not multiplayer.get_peers().is_empty())
	var other := multiplayer.get_peers()[0]
	equal(answers[0], "connected to %d" % other, "signals")
	var connection: SteamPeerConnection = peer.get_peer(other)
	equal(connection.get_class(), "SteamPeerConnection", "the class of a connection")
	equal(connection.get_state(), SteamPeerConnection.STATE_CONNECTED, "get_state")
	greet.rpc_id(other, "hello from %s" % role)
	await until("the greeting", func() -> bool: return answers.size() > 1)
	say(role + " has heard")
	await hear(role.replace("host", "client") + " has heard")
	await hear(role.replace("client", "host") + " has heard")
	multiplayer.multiplayer_peer = null
	peer.close()


@rpc("any_peer", "call_remote", "reliable")
func greet(text: String) -> void:
	answers.append(text)
