extends "res://scenarios/relay.gd"
## Where the host and its clients have set server_relay to different values, the host's holds, and who has another is warned.

const WHO_RELAYS := {"host only": ["host"], "clients only": ["a", "b", "c"], "one client": ["a"]}

var kind: String


func has_relay() -> bool:
	return WHO_RELAYS[kind].has("host")


func run() -> void:
	start_steam()
	listen()
	for each: String in WHO_RELAYS:
		kind = each
		var own: bool = WHO_RELAYS[kind].has(role)
		if own != has_relay():
			expect_error("server_relay is %s here and %s on the host" % [own, has_relay()])
		await play_in(kind, join_by.bind("host_with_lobby", own), join_by.bind("connect_to_lobby", own))


func join_by(lobby: int, call: String, relay: bool) -> void:
	var peer := new_peer()
	peer.server_relay = relay
	equal(peer.call(call, lobby), OK, call)
	use(peer)
