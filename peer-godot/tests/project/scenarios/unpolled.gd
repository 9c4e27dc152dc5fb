extends "res://game_scenario.gd"
## A host that is only put aside leaves its client within ten seconds; one whose main thread was blocked for as long does not.


func run() -> void:
	start_steam()
	listen()
	if role == "host":
		var peer := host()
		await until_peers(1)
		OS.delay_msec(11_000)
		await frames(30)
		equal(multiplayer.get_peers().size(), 1, "after a block")
		expect_error("nobody has polled it for")
		use(null)
		await until("the peer has left", func() -> bool:
			return peer.get_connection_status() == MultiplayerPeer.CONNECTION_DISCONNECTED)
	else:
		join()
		await until_event(["connected_to_server"])
		await until("the host has left", func() -> bool: return events.has(["server_disconnected"]), 45.0)
