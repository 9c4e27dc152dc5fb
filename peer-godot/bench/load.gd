extends Node
## A game as it runs: a host that calls 10 RPCs on every client 60 times a second, clients that answer with one a frame.
## Measured from outside of the process's own work: its processor time, and its memory at the highest.

const Report := preload("report.gd")
const Transports := preload("transports.gd")

const HOST_FPS := 60
const CLIENT_FPS := 20
const RPCS := 10
const CLIENTS := 8
const DEADLINE_USEC := 30_000_000
const LIBRARIES: Array[String] = ["libsteam_api", "libcrypto", "libssl", "libprotobuf"]

var options: Dictionary
var _is_playing := false
var _frame := 0
var _heard := 0
## The threads that were there before the transport.
var _own_threads: PackedStringArray


func _ready() -> void:
	var via: String = options["via"]
	_own_threads = DirAccess.get_directories_at("/proc/self/task")
	if options["side"] == "client":
		Engine.max_fps = CLIENT_FPS
		multiplayer.multiplayer_peer = Transports.client(via, options[via])
		multiplayer.connected_to_server.connect(func() -> void: _is_playing = true)
		multiplayer.server_disconnected.connect(get_tree().quit)
		return
	Engine.max_fps = HOST_FPS
	var clients := CLIENTS
	var addresses := {}
	if via == "none":
		clients = 0
	else:
		multiplayer.multiplayer_peer = Transports.host(via)
		addresses[via] = Transports.address(via, multiplayer.multiplayer_peer)
	Report.need(clients, addresses)
	_measure(via, clients)


func _process(_delta: float) -> void:
	if not _is_playing:
		return
	_frame += 1
	if multiplayer.is_server():
		for i in RPCS:
			moved.rpc(_frame, Vector3(i, _frame, 0.5), Vector3.UP)
	else:
		moved.rpc_id(MultiplayerPeer.TARGET_PEER_SERVER, _frame, Vector3.ONE, Vector3.UP)


@rpc("any_peer", "call_remote", "unreliable")
func moved(_when: int, _to: Vector3, _facing: Vector3) -> void:
	_heard += 1


func _measure(via: String, clients: int) -> void:
	var give_up := Time.get_ticks_usec() + DEADLINE_USEC
	while multiplayer.get_peers().size() < clients:
		if Time.get_ticks_usec() > give_up:
			Report.fail("not all of %d clients came over %s" % [clients, via])
			return
		await get_tree().process_frame
	_is_playing = true
	# Past the moment in which everything is new.
	await get_tree().create_timer(1.0).timeout
	_heard = 0
	var seconds := (options["seconds"] as String).to_float()
	var start := Time.get_ticks_usec()
	var cpu := _cpu_ms("/proc/self")
	var of_library := _library_cpu_ms()
	await get_tree().create_timer(seconds).timeout
	cpu = _cpu_ms("/proc/self") - cpu
	of_library = _library_cpu_ms() - of_library
	var took := (Time.get_ticks_usec() - start) / 1e6
	if clients > 0 and _heard < clients * seconds * CLIENT_FPS / 4:
		Report.fail("only %d RPCs came over %s" % [_heard, via])
	Report.samples("load/cpu", via, "ms/s", [cpu / took])
	Report.samples("load/memory", via, "MiB", [_peak_memory_mib()])
	if via == "steam":
		Report.samples("load/cpu/library", via, "ms/s", [of_library / took])
		Report.samples("load/memory/library", via, "MiB", [_library_memory_mib()])
	Report.done()


## Processor time of a process or a thread so far, as Linux tells it.
func _cpu_ms(of: String) -> float:
	var stat := _read(of + "/stat")
	# After its name, which may have spaces in it: the times are the 14th and 15th field of all.
	var fields := stat.substr(stat.rfind(")") + 2).split(" ")
	return (fields[11].to_float() + fields[12].to_float()) * 10.0


## That of the threads of Local Steam's library; what it does in the main thread is not in it.
func _library_cpu_ms() -> float:
	var sum := 0.0
	for thread in DirAccess.get_directories_at("/proc/self/task"):
		if not thread in _own_threads:
			sum += _cpu_ms("/proc/self/task/" + thread)
	return sum


## What is in memory of Local Steam's library and of those that only it needs; its heap is not in it.
func _library_memory_mib() -> float:
	var sum := 0.0
	var is_its_own := false
	for line in _read("/proc/self/smaps").split("\n"):
		if line.begins_with("Rss:"):
			sum += line.get_slice(":", 1).strip_edges().to_float() if is_its_own else 0.0
		elif line.contains(" r") and not line.contains(" kB"):
			is_its_own = LIBRARIES.any(func(library: String) -> bool: return line.contains(library))
	return sum / 1024.0


func _peak_memory_mib() -> float:
	for line in _read("/proc/self/status").split("\n"):
		if line.begins_with("VmHWM:"):
			return line.get_slice(":", 1).strip_edges().to_float() / 1024.0
	return 0.0


## Such a file has no length before it is read.
func _read(path: String) -> String:
	return FileAccess.open(path, FileAccess.READ).get_buffer(4_000_000).get_string_from_utf8()
