extends "res://scenario.gd"
## A scenario played as games do it: the engine's multiplayer has the peer and polls it each frame.

const RELIABLE := MultiplayerPeer.TRANSFER_MODE_RELIABLE
const UNRELIABLE := MultiplayerPeer.TRANSFER_MODE_UNRELIABLE
const ORDERED := MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED

## The events of the multiplayer API, in order: `["peer_connected", id]`, `["connected_to_server"]` and so on; and the
## ends of connections of peers of [method new_peer]: `["ended", steam_id, id, reason, message]`.
var events: Array[Array] = []
var api: SceneMultiplayer:
	get:
		return multiplayer


func listen() -> void:
	for event: String in ["connected_to_server", "connection_failed", "server_disconnected"]:
		api.connect(event, func() -> void: events.append([event]))
	for event: String in [
		"peer_connected", "peer_disconnected", "peer_authenticating", "peer_authentication_failed",
	]:
		api.connect(event, func(id: int) -> void: events.append([event, id]))


func new_peer() -> SteamMultiplayerPeer:
	var peer := SteamMultiplayerPeer.new()
	peer.connection_ended.connect(func(who: int, id: int, reason: int, message: String) -> void:
		events.append(["ended", who, id, reason, message]))
	return peer


## The peer of the game from here on.
func use(peer: MultiplayerPeer) -> void:
	multiplayer.multiplayer_peer = peer


## Hosts without a lobby.
func host(relay := false) -> SteamMultiplayerPeer:
	var peer := new_peer()
	peer.server_relay = relay
	equal(peer.create_host(), OK, "create_host")
	use(peer)
	return peer


## Joins the first account's game without a lobby.
func join(relay := false) -> SteamMultiplayerPeer:
	var peer := new_peer()
	peer.server_relay = relay
	equal(peer.create_client(steam_id(1)), OK, "create_client")
	use(peer)
	return peer


func make_lobby() -> int:
	equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC, 8), OK, "create_lobby")
	var created: Array = await SteamSession.lobby_created
	equal(created[0], SteamSession.RESULT_OK, "lobby_created")
	return created[1]


func enter_lobby(lobby: int) -> void:
	equal(SteamSession.join_lobby(lobby), OK, "join_lobby")
	var joined: Array = await SteamSession.lobby_joined
	equal(joined, [lobby, SteamSession.CHAT_ROOM_ENTER_RESPONSE_SUCCESS], "lobby_joined")


func host_lobby(lobby: int, relay := false) -> SteamMultiplayerPeer:
	var peer := new_peer()
	if relay:
		peer.server_relay = true
	equal(peer.host_with_lobby(lobby), OK, "host_with_lobby")
	use(peer)
	return peer


func connect_to_lobby(lobby: int, relay := false) -> SteamMultiplayerPeer:
	var peer := new_peer()
	if relay:
		peer.server_relay = true
	equal(peer.connect_to_lobby(lobby), OK, "connect_to_lobby")
	use(peer)
	return peer


## The host makes a lobby and hosts it, the others join its game.
func gather_in_lobby() -> void:
	if role == "host":
		var lobby := await make_lobby()
		host_lobby(lobby)
		say("lobby", lobby)
	else:
		var lobby: int = await hear("lobby")
		await enter_lobby(lobby)
		connect_to_lobby(lobby)


## Leaves the game as games do.
func leave() -> void:
	multiplayer.multiplayer_peer.close()
	multiplayer.multiplayer_peer = null


## Waits until all these roles have come here. Returns what each of them has brought.
func meet(place: String, roles: Array, brought: Variant = true) -> Dictionary:
	say("%s, %s" % [place, role], brought)
	var all := {}
	for other: String in roles:
		all[other] = await hear("%s, %s" % [place, other])
	return all


func until_event(what: Array) -> void:
	await until("event: %s" % [what], func() -> bool: return events.has(what))


func until_peers(count: int) -> void:
	await until("%d peers" % count, func() -> bool: return multiplayer.get_peers().size() == count)


## The ids in an event's occurrences, in order.
func ids_of(event: String) -> Array:
	return events.filter(func(what: Array) -> bool: return what[0] == event).map(
		func(what: Array) -> Variant: return what[1])


## How often an event occurred.
func times(event: String) -> int:
	return events.reduce(func(sum: int, what: Array) -> int: return sum + int(what[0] == event), 0)


func sorted(values: Array) -> Array:
	var copy := values.duplicate()
	copy.sort()
	return copy
