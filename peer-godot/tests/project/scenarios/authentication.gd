extends "res://game_scenario.gd"
## A host that asks for a password: one client knows it, one has a wrong one, and one never says a word.

const PASSWORD := "open sesame"
const ROLES: Array[String] = ["host", "good", "wrong", "silent"]

var asked: Array[Array] = []


func run() -> void:
	start_steam()
	listen()
	api.auth_callback = on_auth
	if role == "host":
		await be_host()
	else:
		await be_client()
	api.auth_callback = Callable()


func be_host() -> void:
	api.auth_timeout = 2.0
	host()
	say("host")
	await until("two failures", func() -> bool: return times("peer_authentication_failed") == 2)
	await hear("good is in")
	var id: int = await hear("good is in")
	equal(times("peer_authenticating"), 3, "peer_authenticating")
	equal(ids_of("peer_connected"), [id], "peer_connected for the good one alone")
	equal(ids_of("peer_disconnected"), [], "peer_disconnected for nobody")
	check(not id in ids_of("peer_authentication_failed"), "no failure for the good one")
	equal(sorted(ids_of("peer_authentication_failed") + [id]), sorted(ids_of("peer_authenticating")), "who was asked")
	equal(asked.size(), 2, "two have spoken: %s" % [asked])
	equal(api.get_authenticating_peers(), PackedInt32Array(), "nobody waits")
	equal(multiplayer.get_peers(), PackedInt32Array([id]), "the good one is here")
	await meet("checked", ROLES)


func be_client() -> void:
	api.auth_timeout = 20.0
	api.peer_authenticating.connect(_on_authenticating)
	await hear("host")
	join()
	if role == "good":
		await until_event(["connected_to_server"])
		equal(events[0], ["peer_authenticating", 1], "first")
		equal(asked, [[1, "welcome"]], "what the host says")
		equal(ids_of("peer_connected"), [1], "peer_connected")
		say("good is in", multiplayer.get_unique_id())
	else:
		await until_event(["server_disconnected"])
		equal(times("connected_to_server"), 0, "connected_to_server")
		equal(ids_of("peer_connected"), [], "peer_connected")
		equal(ids_of("peer_authenticating"), [1], "peer_authenticating")
		equal(ids_of("peer_authentication_failed"), [1], "peer_authentication_failed")
	await meet("checked", ROLES)


func _on_authenticating(id: int) -> void:
	match role:
		"good":
			equal(api.send_auth(id, PASSWORD.to_utf8_buffer()), OK, "send_auth")
		"wrong":
			equal(api.send_auth(id, "guess".to_utf8_buffer()), OK, "send_auth")


func on_auth(id: int, data: PackedByteArray) -> void:
	var words := data.get_string_from_utf8()
	asked.append([id, words])
	if role != "host":
		equal(api.complete_auth(id), OK, "complete_auth")
	elif words == PASSWORD:
		equal(api.send_auth(id, "welcome".to_utf8_buffer()), OK, "send_auth")
		equal(api.complete_auth(id), OK, "complete_auth")
	else:
		api.disconnect_peer(id)
		events.append(["peer_authentication_failed", id])
