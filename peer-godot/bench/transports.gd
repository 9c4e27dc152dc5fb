extends RefCounted
## The peers that are compared, as a game makes them: nothing is set but what they need.

const Report := preload("report.gd")
const LOOPBACK := "127.0.0.1"
const APP_ID := 480
const MAX_CLIENTS := 32


static func host(via: String) -> MultiplayerPeer:
	if via == "steam":
		var peer := _steam()
		Report.check("create_host", peer.create_host())
		return peer
	if via == "floor":
		_initialize()
		var peer: Object = ClassDB.instantiate("FloorPeer")
		Report.check("create_host", OK if peer.create_host() else FAILED)
		return peer
	var peer := ENetMultiplayerPeer.new()
	Report.check("create_server", peer.create_server(0, MAX_CLIENTS))
	return peer


## Where a host is to be found.
static func address(via: String, peer: MultiplayerPeer) -> String:
	if via != "enet":
		return str(Engine.get_singleton("SteamSession").get_steam_id())
	return str((peer as ENetMultiplayerPeer).host.get_local_port())


static func client(via: String, at: String) -> MultiplayerPeer:
	if via == "steam":
		var peer := _steam()
		Report.check("create_client", peer.create_client(at.to_int()))
		return peer
	if via == "floor":
		_initialize()
		var peer: Object = ClassDB.instantiate("FloorPeer")
		Report.check("create_client", OK if peer.create_client(at.to_int()) else FAILED)
		return peer
	var peer := ENetMultiplayerPeer.new()
	Report.check("create_client", peer.create_client(LOOPBACK, at.to_int()))
	return peer


## By name, because the project runs without the addon, too.
static func _steam() -> Object:
	_initialize()
	return ClassDB.instantiate("SteamMultiplayerPeer")


static func _initialize() -> void:
	Report.check("initialize", Engine.get_singleton("SteamSession").initialize(APP_ID))
