extends "res://game_scenario.gd"
## The same game over ENet and over Steam (`GAME_TRANSPORT`), with a relay as ENet has it: every process writes down what it
## hears, in order, with roles in the place of ids.

const ROLES: Array[String] = ["host", "a", "b"]
const CHANNELS: Array[int] = [0, 1, 2]

## Signals, and what came by each way: `"sender channel mode"` to its numbers.
var trace: Array[String] = []
var streams := {}
var role_of := {1: "host"}


@rpc("any_peer", "call_remote", "reliable")
func call_0_2(number: int) -> void:
	came(0, 2, number)


@rpc("any_peer", "call_remote", "reliable", 1)
func call_1_2(number: int) -> void:
	came(1, 2, number)


@rpc("any_peer", "call_local", "reliable", 2)
func call_2_2(number: int) -> void:
	came(2, 2, number)


@rpc("any_peer", "call_remote", "unreliable")
func call_0_0(number: int) -> void:
	came(0, 0, number)


@rpc("any_peer", "call_remote", "unreliable", 1)
func call_1_0(number: int) -> void:
	came(1, 0, number)


@rpc("any_peer", "call_remote", "unreliable_ordered")
func call_0_1(number: int) -> void:
	came(0, 1, number)


@rpc("any_peer", "call_remote", "unreliable_ordered", 2)
func call_2_1(number: int) -> void:
	came(2, 1, number)


func came(channel: int, mode: int, number: int) -> void:
	var from: String = role_of.get(multiplayer.get_remote_sender_id(), "somebody")
	var stream: Array = streams.get_or_add("%s %d %d" % [from, channel, mode], [])
	# Unreliable ones are sent again until they have come.
	if mode == RELIABLE or not number in stream:
		stream.append(number)


func is_steam() -> bool:
	return OS.get_environment("GAME_TRANSPORT") == "steam"


func to_host() -> void:
	if is_steam():
		host(true)
		say_anew("port", 0)
	else:
		var peer := ENetMultiplayerPeer.new()
		equal(peer.create_server(0), OK, "create_server")
		use(peer)
		say_anew("port", peer.host.get_local_port())


func to_join(port: int) -> void:
	if is_steam():
		join(true)
	else:
		var peer := ENetMultiplayerPeer.new()
		equal(peer.create_client("127.0.0.1", port), OK, "create_client")
		use(peer)
	mark("joining, status %d" % multiplayer.multiplayer_peer.get_connection_status())


## Of each session.
var session := 0


func say_anew(key: String, value: Variant) -> void:
	say("%s of session %d" % [key, session], value)


func hear_anew(key: String) -> Variant:
	return await hear("%s of session %d" % [key, session])


func mark(what: String) -> void:
	trace.append(what)


func run() -> void:
	if is_steam():
		start_steam()
	note_signals()
	await leave_one_by_one()
	await lose_the_host()
	await send_away()
	await authenticate()
	var of_streams := streams.keys()
	of_streams.sort()
	for stream: String in of_streams:
		mark("%s: %s" % [stream, streams[stream]])
	say("trace of " + role, trace)
	await meet("end", ROLES)


func note_signals() -> void:
	for event: String in ["connected_to_server", "connection_failed", "server_disconnected"]:
		api.connect(event, func() -> void: mark("%s, peers %s, id %s" % [event, peers(), mine()]))
	for event: String in [
		"peer_connected", "peer_disconnected", "peer_authenticating", "peer_authentication_failed",
	]:
		api.connect(event, func(id: int) -> void:
			if event in ["peer_disconnected", "peer_authentication_failed"] and id == 1:
				# A peer over Steam is disconnected by then, ENet's a moment later.
				mark("%s %s" % [event, named(id)])
			else:
				mark("%s %s, peers %s, id %s" % [event, named(id), peers(), mine()]))
	api.peer_packet.connect(func(id: int, packet: PackedByteArray) -> void:
		var words := packet.get_string_from_utf8()
		# Everyone sends the bytes at the same time.
		if words == "bytes":
			streams.get_or_add("%s bytes" % named(id), []).append(words)
		else:
			mark("peer_packet %s %s" % [named(id), words]))


## Whose id it is: clients write theirs on the board before they are connected.
func named(id: int) -> String:
	for other in ROLES:
		var path := board.path_join("id of %s of session %d" % [other, session])
		if FileAccess.file_exists(path) and str_to_var(FileAccess.get_file_as_string(path)) == id:
			role_of[id] = other
	return role_of.get(id, "somebody")


func peers() -> Array:
	if not is_connected_at_all():
		return []
	return sorted(Array(multiplayer.get_peers()).map(func(id: int) -> String: return named(id)))


func mine() -> String:
	if not is_connected_at_all():
		return "none"
	match multiplayer.get_unique_id():
		0:
			return "none"
		1:
			return "1"
	return "some"


## The engine complains when it is asked without a peer, or of ENet's after its end.
func is_connected_at_all() -> bool:
	var peer := multiplayer.multiplayer_peer
	return peer != null and peer.get_connection_status() != MultiplayerPeer.CONNECTION_DISCONNECTED


## The three in a session, one after the other.
func begin() -> void:
	session += 1
	mark("session %d" % session)
	role_of = {1: "host"}
	if role == "host":
		to_host()
	else:
		var port: int = await hear_anew("port")
		if role == "b":
			await hear_anew("a is in")
		to_join(port)
		say_anew("id of " + role, multiplayer.get_unique_id())
		await until("the host", func() -> bool: return 1 in multiplayer.get_peers())
	if role == "a":
		await until_peers(1)
		say_anew("a is in", true)
	await until_peers(2)
	await meet_anew("full")


func meet_anew(place: String) -> void:
	await meet("%s of session %d" % [place, session], ROLES)


func end_session() -> void:
	for leaver: String in ["a", "b", "host"]:
		await meet_anew("end, before " + leaver)
		if role == leaver:
			mark("at the end connected: %s" % is_connected_at_all())
			if multiplayer.multiplayer_peer:
				leave()
		else:
			await until("the leave of " + leaver, func() -> bool: return not leaver in peers())
	await meet_anew("over")


func talk() -> void:
	for number in 20:
		call_0_2.rpc(number)
		call_1_2.rpc(number)
		call_2_2.rpc(number)
	for other: int in multiplayer.get_peers():
		call_0_2.rpc_id(other, 20)
		call_1_2.rpc_id(-other, 21)
	equal(api.send_bytes("bytes".to_utf8_buffer(), 0, RELIABLE, 1), OK, "send_bytes")
	call_0_2.rpc(22)
	call_1_2.rpc(23)
	var key := "heard all by %s"
	await until("all calls", func() -> bool:
		call_0_0.rpc(0)
		call_1_0.rpc(0)
		call_0_1.rpc(0)
		call_2_1.rpc(0)
		if has_all():
			say_anew(key % role, true)
		return ROLES.all(func(other: String) -> bool:
			return FileAccess.file_exists(board.path_join("%s of session %d" % [key % other, session]))))


func has_all() -> bool:
	for other in ROLES:
		if other == role:
			continue
		for way: String in ["0 0", "1 0", "0 1", "2 1"]:
			if not streams.has("%s %s" % [other, way]):
				return false
		if not 22 in streams.get(other + " 0 2", []) or not 23 in streams.get(other + " 1 2", []):
			return false
		if not 19 in streams.get(other + " 2 2", []):
			return false
		if not streams.has(other + " bytes"):
			return false
	return true


func leave_one_by_one() -> void:
	await begin()
	await one_by_one(talk_of)
	await talk()
	await meet_anew("talked")
	for leaver: String in ["a", "b"]:
		if role == leaver:
			leave()
			mark("left, peers %s, id %s" % [peers(), mine()])
		elif multiplayer.multiplayer_peer is not OfflineMultiplayerPeer and multiplayer.multiplayer_peer:
			await until_peers(1 if leaver == "a" else 0)
		await meet_anew("without " + leaver)
	await end_session()


## One packet of everyone, in turn: so that the order between senders is the same each time.
func one_by_one(turn: Callable) -> void:
	for other in ROLES:
		if role == other:
			turn.call()
		else:
			await until("the turn of " + other, func() -> bool:
				return trace.any(func(line: String) -> bool: return line == "peer_packet %s turn" % other))
		await meet_anew("turn of " + other)


func talk_of() -> void:
	equal(api.send_bytes("turn".to_utf8_buffer()), OK, "send_bytes")


func lose_the_host() -> void:
	await begin()
	if role == "host":
		leave()
	else:
		await until("the loss", func() -> bool:
			return trace.back().begins_with("server_disconnected"))
		mark("lost, peers %s" % [peers()])
	await end_session()


## `disconnect_peer` of the host's, and the same client again.
func send_away() -> void:
	await begin()
	if role == "host":
		for id: int in multiplayer.get_peers():
			if named(id) == "a":
				api.disconnect_peer(id)
		mark("sent away, peers %s" % [peers()])
	elif role == "a":
		await until("the end", func() -> bool: return trace.back().begins_with("server_disconnected"))
	else:
		await until_peers(1)
	await end_session()


## One who knows the password, and one who does not.
func authenticate() -> void:
	session += 1
	mark("session %d" % session)
	role_of = {1: "host"}
	api.auth_timeout = 1.5 if role == "host" else 20.0
	api.auth_callback = func(id: int, data: PackedByteArray) -> void:
		mark("auth %s %s" % [named(id), data.get_string_from_utf8()])
		if role == "host":
			api.send_auth(id, "welcome".to_utf8_buffer())
		api.complete_auth(id)
	if role == "host":
		to_host()
		await hear_anew("b is out")
		await until("the end of b", func() -> bool: return api.get_authenticating_peers().is_empty())
	else:
		var port: int = await hear_anew("port")
		if role == "a":
			api.peer_authenticating.connect(func(id: int) -> void: api.send_auth(id, "please".to_utf8_buffer()))
		else:
			await hear_anew("a is in")
		to_join(port)
		say_anew("id of " + role, multiplayer.get_unique_id())
		if role == "a":
			await until_peers(1)
			say_anew("a is in", true)
		else:
			await until("the end", func() -> bool: return trace.back().begins_with("server_disconnected"))
			say_anew("b is out", true)
	await end_session()
	api.auth_callback = Callable()
