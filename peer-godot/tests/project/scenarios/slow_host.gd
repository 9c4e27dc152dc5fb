extends "res://peer_scenario.gd"
## A host that is slow to answer: its clients meet each other before, and are not connected before the host is.

const ROLES: Array[String] = ["host", "a", "b"]
## Longer than two clients need to find each other.
const SLOWNESS_SECONDS := 3.0


func host() -> void:
	equal(SteamSession.create_lobby(SteamSession.LOBBY_TYPE_PUBLIC, 8), OK, "create_lobby")
	var created: Array = await SteamSession.lobby_created
	equal(peer.host_with_lobby(created[1]), OK, "host_with_lobby")
	say("lobby", created[1])
	# It does not poll, so it answers nobody.
	await hear("a has waited")
	await hear("b has waited")
	await poll_until("both", func() -> bool: return connected_ids().size() == 2)
	await poll_until_said("a is done")
	await poll_until_said("b is done")


func client() -> void:
	var lobby: int = await hear("lobby")
	equal(SteamSession.join_lobby(lobby), OK, "join_lobby")
	await SteamSession.lobby_joined
	equal(peer.connect_to_lobby(lobby), OK, "connect_to_lobby")
	var since := Time.get_ticks_msec()
	await poll_until("some time", func() -> bool:
		check(status() == MultiplayerPeer.CONNECTION_CONNECTING, "the status without a host")
		check(connected_ids().is_empty(), "nobody before the host: %s" % [events])
		return Time.get_ticks_msec() - since > int(SLOWNESS_SECONDS * 1000.0))
	say(role + " has waited")
	await poll_until("the host", func() -> bool: return not connected_ids().is_empty())
	equal(status(), MultiplayerPeer.CONNECTION_CONNECTED, "the status with the host")
	# The other client was there already: it is announced in the same poll.
	equal(connected_ids().size(), 2, "who is announced with the host")
	equal(connected_ids()[0], 1, "the host is the first")
	say(role + " is done")
	await poll_until_said("a is done")
	await poll_until_said("b is done")
