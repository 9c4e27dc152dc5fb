extends "res://scenario.gd"
## Several sessions in one process, each with a part of the tree of its own: two clients of two hosts, and a host with its
## own client.

const BURST := 3000


class Board extends Node:
	var heard: Array[String] = []
	var numbers := PackedInt32Array()
	var told: Array[String] = []

	func use(peer: MultiplayerPeer) -> void:
		for event: String in ["connected_to_server", "server_disconnected", "connection_failed"]:
			multiplayer.connect(event, func() -> void: told.append(event))
		multiplayer.multiplayer_peer = peer

	@rpc("any_peer", "call_remote", "reliable")
	func tell(text: String) -> void:
		heard.append("%d: %s" % [multiplayer.get_remote_sender_id(), text])

	@rpc("any_peer", "call_remote", "reliable", 2)
	func count(number: int, _filling: PackedByteArray) -> void:
		numbers.append(number)


## A part of the tree with a multiplayer API of its own. The paths of calls are relative to it.
func make_world(world_name: String) -> Board:
	var world := Node.new()
	world.name = world_name
	add_child(world)
	get_tree().set_multiplayer(SceneMultiplayer.new(), world.get_path())
	var board := Board.new()
	board.name = "Board"
	world.add_child(board)
	return board


func run() -> void:
	start_steam()
	match role:
		"first host": await be_host(0)
		"second host": await be_host(1)
		"two clients": await be_two_clients()
		"host and client": await be_host_and_client()
		"guest": await be_guest()


func be_host(port: int) -> void:
	var board := make_world("World")
	var peer := SteamMultiplayerPeer.new()
	equal(peer.create_host(port), OK, "create_host")
	board.use(peer)
	say(role)
	await until("its client", func() -> bool: return not board.heard.is_empty())
	var client: int = board.multiplayer.get_peers()[0]
	equal(board.heard, ["%d: hello %s" % [client, role]] as Array[String], "what its client says")
	board.tell.rpc_id(client, "from " + role)
	await hear("clients have heard")
	await until("the client's end", func() -> bool: return board.multiplayer.get_peers().is_empty())


func be_two_clients() -> void:
	var boards: Array[Board] = []
	for index in 2:
		var host: String = ["first host", "second host"][index]
		await hear(host)
		var board := make_world(host)
		var peer := SteamMultiplayerPeer.new()
		if index == 1:
			expect_error("create_client: cannot listen: another session of this process listens on virtual port 0")
			equal(peer.create_client(steam_id(2), 0), ERR_CANT_CREATE, "a port that another session has")
		equal(peer.create_client(steam_id(index + 1), index), OK, "create_client")
		board.use(peer)
		boards.append(board)
	for index in 2:
		var board := boards[index]
		await until("its host", func() -> bool: return "connected_to_server" in board.told)
		board.tell.rpc_id(1, "hello " + ["first host", "second host"][index])
	for index in 2:
		await until("an answer", func() -> bool: return not boards[index].heard.is_empty())
		var expected: Array[String] = ["1: from " + ["first host", "second host"][index]]
		equal(boards[index].heard, expected, "what its host says")
	say("clients have heard")
	# One session ends, the other goes on.
	boards[0].multiplayer.multiplayer_peer.close()
	await frames(30)
	equal(boards[1].multiplayer.get_peers(), PackedInt32Array([1]), "the other session")
	boards[1].multiplayer.multiplayer_peer.close()


func be_host_and_client() -> void:
	var host := make_world("Host")
	var client := make_world("Client")
	var hosting := SteamMultiplayerPeer.new()
	hosting.server_relay = true
	var joining := SteamMultiplayerPeer.new()
	joining.server_relay = true
	expect_error("create_client: cannot connect to oneself, but to a host of this process")
	equal(joining.create_client(steam_id(1)), ERR_CANT_CREATE, "create_client before there is a host")
	equal(hosting.create_host(), OK, "create_host")
	host.use(hosting)
	equal(joining.create_client(steam_id(1)), OK, "create_client to oneself")
	client.use(joining)
	await until("the host", func() -> bool: return "connected_to_server" in client.told)
	var id := client.multiplayer.get_unique_id()
	equal(hosting.get_peer_map(), {id: steam_id(1)}, "get_peer_map")
	say("hosting")
	# More than the buffer between them holds, and in order.
	var filling := PackedByteArray()
	filling.resize(1000)
	for number in BURST:
		client.count.rpc_id(1, number, filling)
		host.count.rpc_id(id, number, filling)
	for board: Board in [host, client]:
		await until("the burst", func() -> bool: return board.numbers.size() >= BURST)
		equal(board.numbers, PackedInt32Array(range(BURST)), "its order")
	# A guest from elsewhere meets the client by way of the host.
	await until("the guest", func() -> bool: return not client.heard.is_empty())
	equal(client.multiplayer.get_peers().size(), 2, "whom the client knows")
	var guest := int(client.heard[0].get_slice(":", 0))
	client.tell.rpc_id(guest, "hello guest")
	await hear("guest has heard")
	client.tell.rpc_id(1, "last words")
	joining.close()
	await until("the client's end", func() -> bool: return not id in host.multiplayer.get_peers())
	equal(host.heard, ["%d: last words" % id] as Array[String], "what was said last")
	# Again, and this time the host ends it.
	equal(joining.create_client(steam_id(1)), OK, "create_client again")
	client.told.clear()
	client.multiplayer.multiplayer_peer = joining
	await until("the host", func() -> bool: return "connected_to_server" in client.told)
	hosting.close()
	await until("the end", func() -> bool: return "server_disconnected" in client.told)


func be_guest() -> void:
	await hear("hosting")
	var board := make_world("Guest")
	var peer := SteamMultiplayerPeer.new()
	peer.server_relay = true
	equal(peer.create_client(steam_id(1)), OK, "create_client")
	board.use(peer)
	await until("host and client", func() -> bool: return board.multiplayer.get_peers().size() == 2)
	for id in board.multiplayer.get_peers():
		if id != 1:
			board.tell.rpc_id(id, "hello client")
	await until("an answer", func() -> bool: return not board.heard.is_empty())
	check(board.heard[0].ends_with(": hello guest"), "what the client says")
	say("guest has heard")
	await until("the end", func() -> bool: return "server_disconnected" in board.told)
