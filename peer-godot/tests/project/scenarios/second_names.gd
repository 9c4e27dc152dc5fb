extends "res://scenario.gd"
## The classes of peers under the names that are theirs alone: they are the same classes.


func run() -> void:
	start_steam()
	var peer := SteamPeer.new()
	equal(peer.get_class(), "SteamPeer", "the class of a peer")
	check(peer is SteamMultiplayerPeer, "a SteamPeer is a SteamMultiplayerPeer")
	equal(SteamPeer.END_REASON_KICKED, SteamMultiplayerPeer.END_REASON_KICKED, "constants are inherited")
	equal(ClassDB.get_parent_class("SteamMultiplayerPeer"), &"MultiplayerPeerExtension", "the usual name's parent")
	equal(ClassDB.get_parent_class("SteamPacketPeer"), &"PacketPeerExtension", "the usual name's parent")
	equal(ClassDB.can_instantiate("SteamPeerConnection"), false, "a connection comes from a peer alone")
	peer.no_nagle = true
	equal(peer.no_nagle, true, "properties are inherited")
	equal(peer.create_host() if role == "host" else peer.create_client(steam_id(1)), OK, "to begin")
	multiplayer.multiplayer_peer = peer
	await until("the other", func() -> bool: return not multiplayer.get_peers().is_empty())
	var connection: SteamPeerConnection = peer.get_peer(multiplayer.get_peers()[0])
	equal(connection.get_class(), "SteamPeerConnection", "the class of a connection")
	check(connection is SteamPacketPeer, "a SteamPeerConnection is a SteamPacketPeer")
	equal(connection.get_steam_id(), steam_id(2 if role == "host" else 1), "get_steam_id")
	check(connection.get_statistic(SteamPeerConnection.STAT_PING_MS) >= 0.0, "get_statistic")
	say(role + " has looked")
	await hear(("client" if role == "host" else "host") + " has looked")
	var usual := SteamMultiplayerPeer.new()
	equal(usual.get_class(), "SteamMultiplayerPeer", "the class under the usual name")
	multiplayer.multiplayer_peer = null
	peer.close()
	equal(usual.create_host(3), OK, "create_host under the usual name")
	usual.close()
