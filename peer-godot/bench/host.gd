extends Node
## Both transports in one process, so that every burst over the one stands beside a burst over the other, moments
## apart: main-thread time of sending and receiving, latency, and how much one poll takes in.

const Report := preload("report.gd")
const Transports := preload("transports.gd")
const Orders := preload("orders.gd")

## The last is the least that a peer over Steam can cost.
const VIAS: Array[String] = ["steam", "enet", "floor"]
const PEERS: Array[String] = ["steam", "enet"]
const MODES := {
	"reliable": MultiplayerPeer.TRANSFER_MODE_RELIABLE,
	"unreliable": MultiplayerPeer.TRANSFER_MODE_UNRELIABLE,
}
## Bytes of a packet, and how many make a burst: few enough that Steam's default send rate carries them in 0.1 s.
const BURSTS := {64: 200, 1200: 20}
const ROUNDS := 15
## Not counted: memory that is used for the first time, connections that measure their line.
const WARM_UP := 2
const CLIENT_COUNTS: Array[int] = [1, 4, 8]
const FPS := 60
const DEADLINE_USEC := 30_000_000
const WAITING := 20_000
const PINGS := 90
const STAMPS := 60
const IDLE_POLLS := 180
const POLLS_IN_A_LOOP := 1_000

var options: Dictionary
var _orders := Orders.new()
var _apis: Dictionary[String, SceneMultiplayer] = {}
## Those that are polled every frame.
var _polled: Array[String] = VIAS.duplicate()
var _received := 0
## What is done with a packet besides counting it.
var _on_packet := Callable()


func _ready() -> void:
	Engine.max_fps = FPS
	var addresses := {"control": str(_orders.listen())}
	for via in VIAS:
		var api := SceneMultiplayer.new()
		api.root_path = get_path()
		api.multiplayer_peer = Transports.host(via)
		addresses[via] = Transports.address(via, api.multiplayer_peer)
		api.peer_packet.connect(_count_packet)
		_apis[via] = api
	_run(addresses)


func _process(_delta: float) -> void:
	_orders.poll()
	for via in _polled:
		_apis[via].poll()


func _run(addresses: Dictionary) -> void:
	var counts := CLIENT_COUNTS.duplicate()
	if options.has("clients"):
		counts.assign(Array((options["clients"] as String).split(",")).map(func(n: String) -> int: return n.to_int()))
	var wanted := (options.get("only", "idle,send,receive,round_trip,one_way,waiting") as String).split(",")
	for clients in counts:
		Report.need(clients, addresses)
		if not await _until(_are_all_here.bind(clients)):
			Report.fail("not all of %d clients came" % clients)
			return
		await _pause(0.5)
		if "idle" in wanted:
			await _measure_idle_polls(clients)
		if "send" in wanted:
			await _measure_sending(clients)
		if clients == 1:
			if "idle" in wanted:
				await _measure_polls_in_a_loop()
			if "receive" in wanted:
				await _measure_receiving()
			if "round_trip" in wanted:
				await _measure_round_trip()
			if "one_way" in wanted:
				await _measure_one_way("frame", false)
				await _measure_one_way("poll", true)
			if "waiting" in wanted:
				await _measure_waiting()
	Report.done()


func _are_all_here(clients: int) -> bool:
	var is_here := func(via: String) -> bool: return _apis[via].get_peers().size() == clients
	return _orders.clients() == clients and VIAS.all(is_here)


## Main-thread time of a poll that brings nothing, as most do.
func _measure_idle_polls(clients: int) -> void:
	var samples := _samples()
	for round in WARM_UP + IDLE_POLLS:
		await get_tree().process_frame
		for via in _in_turn(round):
			_received = 0
			var start := Time.get_ticks_usec()
			_apis[via].poll()
			if round >= WARM_UP and _received == 0:
				samples[via].append(float(Time.get_ticks_usec() - start))
	for via in VIAS:
		Report.samples("poll/idle/%d" % clients, via, "us", samples[via])


## The same in a loop, where nothing has to be fetched into the processor's caches first.
func _measure_polls_in_a_loop() -> void:
	var samples := _samples()
	for round in WARM_UP + ROUNDS:
		for via in _in_turn(round):
			var start := Time.get_ticks_usec()
			for i in POLLS_IN_A_LOOP:
				_apis[via].poll()
			if round >= WARM_UP:
				samples[via].append(float(Time.get_ticks_usec() - start) / POLLS_IN_A_LOOP)
			await get_tree().process_frame
	for via in VIAS:
		Report.samples("poll/loop", via, "us", samples[via])


## Main-thread time of a call, with its share of the poll that sends what was put: the flush of the one, the service of
## the other.
func _measure_sending(clients: int) -> void:
	for bytes: int in BURSTS:
		for mode: String in MODES:
			var samples := _samples()
			for round in WARM_UP + ROUNDS:
				for via in _in_turn(round):
					var sample := _send_burst(_apis[via], bytes, MODES[mode], BURSTS[bytes])
					if round >= WARM_UP:
						samples[via].append(sample)
					await _pause(0.05 + BURSTS[bytes] * (bytes + 16) / 200_000.0)
			for via in VIAS:
				Report.samples("send/%d/%s/%d" % [bytes, mode, clients], via, "us", samples[via])


func _send_burst(api: SceneMultiplayer, bytes: int, mode: MultiplayerPeer.TransferMode, count: int) -> float:
	var packet := PackedByteArray()
	packet.resize(bytes)
	var start := Time.get_ticks_usec()
	for i in count:
		api.send_bytes(packet, 0, mode)
	api.poll()
	return float(Time.get_ticks_usec() - start) / count


## Main-thread time of a packet, handler included, over those polls that brought any, 60 in a second.
func _measure_receiving() -> void:
	for bytes: int in BURSTS:
		for mode: String in MODES:
			var samples := _samples()
			for round in WARM_UP + ROUNDS:
				for via in _in_turn(round):
					var sample: float = await _receive_burst(via, bytes, MODES[mode], BURSTS[bytes])
					if round >= WARM_UP:
						samples[via].append(sample)
			for via in VIAS:
				Report.samples("receive/%d/%s" % [bytes, mode], via, "us", samples[via])


func _receive_burst(via: String, bytes: int, mode: MultiplayerPeer.TransferMode, count: int) -> float:
	var api := _apis[via]
	_polled.erase(via)
	_received = 0
	var spent := 0
	_orders.order({"do": "burst", "via": via, "bytes": bytes, "mode": mode, "count": count})
	# What is unreliable may not come at all.
	var give_up := Time.get_ticks_usec() + 500_000
	while _received < count and Time.get_ticks_usec() < give_up:
		await get_tree().process_frame
		var before := _received
		var start := Time.get_ticks_usec()
		api.poll()
		if _received > before:
			spent += Time.get_ticks_usec() - start
	_polled.append(via)
	if _received == 0:
		Report.fail("nothing came over %s" % via)
	await _pause(0.05)
	return float(spent) / maxi(_received, 1)


## From a put in one frame to the answer in a later one, both sides at 60 frames a second and nothing forced.
func _measure_round_trip() -> void:
	_orders.order({"do": "echo", "fps": FPS})
	await _pause(0.3)
	var samples := _samples(PEERS)
	var packet := PackedByteArray([0])
	for round in WARM_UP + PINGS:
		for via in _in_turn(round, PEERS):
			await get_tree().process_frame
			_received = 0
			var start := Time.get_ticks_usec()
			_apis[via].send_bytes(packet, 0, MultiplayerPeer.TRANSFER_MODE_RELIABLE)
			if not await _until(func() -> bool: return _received > 0):
				Report.fail("no answer over %s" % via)
			elif round >= WARM_UP:
				samples[via].append((Time.get_ticks_usec() - start) / 1000.0)
	for via in PEERS:
		Report.samples("round_trip/60fps", via, "ms", samples[via])
	_orders.order({"do": "rest"})


## From a put in a client's frame to the handler here, where a loop does nothing but poll. With `polls`, the client
## polls right after the put, which sends at once over either.
func _measure_one_way(label: String, polls: bool) -> void:
	var samples := _samples(PEERS)
	for round in 4:
		for via in _in_turn(round, PEERS):
			var taken: Array = []
			_on_packet = func(packet: PackedByteArray) -> void:
				taken.append((Time.get_unix_time_from_system() - packet.decode_double(0)) * 1000.0)
			_orders.order({"do": "stamps", "via": via, "count": STAMPS, "polls": polls, "fps": 100})
			var give_up := Time.get_ticks_usec() + DEADLINE_USEC
			while taken.size() < STAMPS and Time.get_ticks_usec() < give_up:
				_apis[via].poll()
			_on_packet = Callable()
			if taken.size() < STAMPS:
				Report.fail("stamps did not come over %s" % via)
			if round > 0:
				samples[via].append_array(taken)
			await _pause(0.1)
	for via in PEERS:
		Report.samples("one_way/%s" % label, via, "ms", samples[via])


## How many packets that have all arrived one poll takes in. ENet takes in nothing until it is polled.
func _measure_waiting() -> void:
	_polled.erase("steam")
	_orders.take_answers()
	_orders.order({"do": "flood", "via": "steam", "count": WAITING})
	if not await _until(func() -> bool: return not _orders.take_answers().is_empty()):
		Report.fail("the flood did not arrive")
	_received = 0
	var start := Time.get_ticks_usec()
	_apis["steam"].poll()
	var spent := Time.get_ticks_usec() - start
	Report.samples("waiting/taken", "steam", "packets", [_received])
	Report.samples("waiting/poll", "steam", "us", [float(spent) / maxi(_received, 1)])
	_polled.append("steam")


func _count_packet(_id: int, packet: PackedByteArray) -> void:
	_received += 1
	if _on_packet.is_valid():
		_on_packet.call(packet)


## Neither is always the first.
func _in_turn(round: int, vias := VIAS) -> Array[String]:
	var order := vias.duplicate()
	for i in round % order.size():
		order.push_back(order.pop_front())
	return order


func _samples(vias := VIAS) -> Dictionary:
	var samples := {}
	for via in vias:
		samples[via] = []
	return samples


func _pause(seconds: float) -> void:
	var end := Time.get_ticks_usec() + int(seconds * 1e6)
	while Time.get_ticks_usec() < end:
		await get_tree().process_frame


## Whether that came true in time.
func _until(condition: Callable) -> bool:
	var end := Time.get_ticks_usec() + DEADLINE_USEC
	while not condition.call():
		if Time.get_ticks_usec() > end:
			return false
		await get_tree().process_frame
	return true
