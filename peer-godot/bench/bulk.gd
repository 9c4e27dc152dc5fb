extends Node
## Much at once over a line, beside a small packet each frame: how long it takes, and what the small ones wait. The line
## is the client's: Local Steam's settings for the one, a relay of the driver's for ENet.

const Report := preload("report.gd")
const Transports := preload("transports.gd")
const Orders := preload("orders.gd")

const VIAS: Array[String] = ["steam", "enet"]
const ROUNDS := 3
const FPS := 60
const PACKET_BYTES := 1024
const PACKETS := 3_000
const LARGE_BYTES := 10_000_000
## The small packet; it begins with the time, as those of the state stream do.
const STAMP_BYTES := 64
const STATES_A_FRAME := 10
const STATE_BYTES := 1_000
const STATE_SECONDS := 3.0
const DEADLINE_USEC := 60_000_000

var options: Dictionary
var _orders := Orders.new()
var _apis: Dictionary[String, SceneMultiplayer] = {}


func _ready() -> void:
	Engine.max_fps = FPS
	var addresses := {"control": str(_orders.listen())}
	for via in VIAS:
		var api := SceneMultiplayer.new()
		api.root_path = get_path()
		api.multiplayer_peer = Transports.host(via)
		addresses[via] = Transports.address(via, api.multiplayer_peer)
		_apis[via] = api
	Report.need(1, addresses)
	_run()


func _process(_delta: float) -> void:
	_orders.poll()
	for via in VIAS:
		_apis[via].poll()


func _run() -> void:
	var start := Time.get_ticks_usec()
	while not VIAS.all(func(via: String) -> bool: return _apis[via].get_peers().size() == 1):
		if Time.get_ticks_usec() - start > DEADLINE_USEC:
			Report.fail("the client did not come")
			return
		await get_tree().process_frame
	var line: String = options["line"]
	for round in ROUNDS:
		for via in VIAS:
			await _send_much("bulk/" + line, "beside/" + line, via, PACKETS, PACKET_BYTES)
			if line == "clean":
				await _stream_state("state/" + line, via)
				if via == "enet" or "max_packet_bytes" in _apis[via].multiplayer_peer:
					await _send_much("large/1_KB", "", via, LARGE_BYTES / 1000, 1000)
					await _send_much("large/10_MB", "", via, 1, LARGE_BYTES)
	Report.done()


## Puts all in one frame, and then a small packet each frame until the client has all.
func _send_much(id: String, beside: String, via: String, count: int, bytes: int) -> void:
	var api := _apis[via]
	_orders.order({"do": "take", "via": via, "count": count, "bytes": bytes})
	await get_tree().create_timer(0.2).timeout
	var packet := PackedByteArray()
	packet.resize(bytes)
	var start := Time.get_unix_time_from_system()
	for i in count:
		Report.check("send_bytes", api.send_bytes(packet, 0, MultiplayerPeer.TRANSFER_MODE_RELIABLE))
	var answer: Variant = await _stamp_until_answered(api, 1, STAMP_BYTES, INF)
	if answer == null:
		Report.fail("%s did not arrive over %s" % [id, via])
		return
	Report.samples(id, via, "ms", [(answer["end"] - start) * 1000.0])
	if beside:
		Report.samples(beside, via, "ms", [_percentile_95(answer["waits"])])
		# What arrived in the second half, when every window has grown.
		Report.samples(id.replace("bulk", "steady"), via, "KB/s",
				[(count - count / 2) * bytes / 1000.0 / (answer["end"] - answer["half"])])
	await get_tree().create_timer(0.5).timeout


## Many unreliable packets a frame, more than Steam's default rate carries.
func _stream_state(id: String, via: String) -> void:
	_orders.order({"do": "take", "via": via, "count": INF, "bytes": 0})
	await get_tree().create_timer(0.2).timeout
	var answer: Variant = await _stamp_until_answered(_apis[via], STATES_A_FRAME, STATE_BYTES, STATE_SECONDS)
	if answer == null or answer["waits"].is_empty():
		Report.fail("no state arrived over %s" % via)
		return
	Report.samples(id, via, "ms", [_percentile_95(answer["waits"])])
	await get_tree().create_timer(0.5).timeout


## So many stamped packets a frame until the client answers; it does when it has all, or when it is told after `seconds`.
func _stamp_until_answered(api: SceneMultiplayer, count: int, bytes: int, seconds: float) -> Variant:
	var start := Time.get_ticks_usec()
	var packet := PackedByteArray()
	packet.resize(bytes)
	var is_told := false
	while Time.get_ticks_usec() - start < DEADLINE_USEC:
		await get_tree().process_frame
		var answers := _orders.take_answers()
		if answers:
			return answers[0]
		if Time.get_ticks_usec() - start < seconds * 1e6:
			for i in count:
				packet.encode_double(0, Time.get_unix_time_from_system())
				Report.check("send_bytes", api.send_bytes(packet, 0, MultiplayerPeer.TRANSFER_MODE_UNRELIABLE))
		elif not is_told:
			is_told = true
			# What is on its way arrives before.
			await get_tree().create_timer(0.5).timeout
			_orders.order({"do": "answer"})
	return null


## In milliseconds over the line's own delay.
func _percentile_95(waits: PackedFloat64Array) -> float:
	if waits.is_empty():
		return INF
	waits.sort()
	return waits[int((waits.size() - 1) * 0.95)] - (options["lag"] as String).to_float()
