extends "res://peer_scenario.gd"
## The graphs of the Monitors tab are there while a session is on, and tell of it.

const NAMES: Array[String] = [
	"ping worst (ms)", "ping mean (ms)", "backlog (bytes)", "packets in (per s)", "packets out (per s)",
	"bytes in (per s)", "bytes out (per s)",
]


func run() -> void:
	equal(ours(), [], "monitors before anything")
	start_steam()
	new_peer()
	equal(ours(), [], "monitors of a peer without a session")
	if role == "host":
		await host()
	else:
		await client()


func ours() -> Array:
	return Performance.get_custom_monitor_names().filter(
		func(name: StringName) -> bool: return name.begins_with("Steam Peer"))


func value(name: String) -> float:
	return Performance.get_custom_monitor("Steam Peer/" + name)


func named(category: String) -> Array:
	return NAMES.map(func(name: String) -> StringName: return StringName(category + "/" + name))


func host() -> void:
	equal(peer.create_host(), OK, "create_host")
	for name: StringName in named("Steam Peer"):
		check(name in ours(), "the monitor %s" % name)
	equal(ours().size(), NAMES.size(), "how many monitors")
	for name in NAMES:
		equal(value(name), 0.0, "%s of a host alone" % name)
	# Another session has a category of its own.
	var other := SteamMultiplayerPeer.new()
	equal(other.create_host(1), OK, "create_host on another port")
	for name: StringName in named("Steam Peer 2"):
		check(name in ours(), "the monitor %s" % name)
	other.close()
	equal(ours().size(), NAMES.size(), "how many monitors after the other's close")
	say("host")
	await poll_until("the client", func() -> bool: return not events.is_empty())
	var seen := {}
	await poll_until("packets in the monitors", func() -> bool:
		equal(peer.put_packet(bytes([1, 2, 3, 4])), OK, "put_packet")
		while peer.get_available_packet_count() > 0:
			peer.get_packet()
		for name in NAMES:
			var now := value(name)
			check(is_finite(now) and now >= 0.0 and now < 1e9, "%s: %s" % [name, now])
			if now > 0.0:
				seen[name] = now
		return (seen.has("packets in (per s)") and seen.has("packets out (per s)")
			and seen.has("bytes in (per s)") and seen.has("bytes out (per s)")))
	check(value("ping worst (ms)") < 1000.0, "the ping on one machine")
	check(value("ping mean (ms)") <= value("ping worst (ms)"), "the mean and the worst ping")
	peer.close()
	equal(ours(), [], "monitors after close")
	# They come again, and go with the peer too.
	equal(peer.create_host(), OK, "create_host again")
	equal(ours().size(), NAMES.size(), "how many monitors again")
	peer = null
	equal(ours(), [], "monitors after the peer is gone")


func client() -> void:
	await hear("host")
	equal(peer.create_client(steam_id(1)), OK, "create_client")
	equal(ours().size(), NAMES.size(), "how many monitors")
	await poll_until_event(["connected", 1])
	await poll_until("the host to go", func() -> bool:
		if status() != MultiplayerPeer.CONNECTION_CONNECTED:
			return true
		equal(peer.put_packet(bytes([1, 2])), OK, "put_packet")
		while peer.get_available_packet_count() > 0:
			peer.get_packet()
		return false)
	equal(ours(), [], "monitors after the host is gone")
