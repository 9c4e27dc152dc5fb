extends RefCounted
## What goes to whoever started this process: lines of JSON among what the engine prints.

const MARK := "BENCH "


## What the driver has to know to start clients, and how many of them there shall be.
static func need(clients: int, addresses: Dictionary) -> void:
	_line({"need": clients, "addresses": addresses})


## Samples of one benchmark over one transport, all of one unit.
static func samples(id: String, via: String, unit: String, values: Array) -> void:
	_line({"id": id, "via": via, "unit": unit, "samples": values})


static func done() -> void:
	_line({"done": true})


## Something that makes the measurement worthless.
static func fail(why: String) -> void:
	_line({"error": why})
	(Engine.get_main_loop() as SceneTree).quit(1)


static func check(what: String, error: Error) -> void:
	if error != OK:
		fail("%s: %s" % [what, error_string(error)])


static func _line(content: Dictionary) -> void:
	print(MARK + JSON.stringify(content))
