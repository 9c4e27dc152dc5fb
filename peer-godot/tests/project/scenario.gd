extends Node
## What a scenario has: its role, checks, waiting with a deadline, and a board where its processes leave word.
##
## A scenario extends this, and overrides [method run]. Its process ends well if `run` returns, every check held, and
## the errors and warnings that were printed are those that it has declared.

## Individual accounts of Steam's public universe begin here.
const FIRST_ACCOUNT := 76561197960265728

## Longer than anything takes, however busy the machine is.
const TIMEOUT_SECONDS := 20.0

## Which part of the scenario this process plays.
var role: String
## The folder of what processes say.
var board: String

var _checks := 0
var _failures := 0


## The scenario itself.
func run() -> void:
	fail("the scenario has no run()")


func play() -> void:
	await run()
	end()


## Ends the process.
func end() -> void:
	print("@done %d" % _checks)
	get_tree().quit(1 if _failures > 0 else 0)


func fail(what: String) -> void:
	_failures += 1
	print("@fail %s" % what)
	print_stack()


func check(condition: bool, what: String) -> void:
	_checks += 1
	if not condition:
		fail(what)


## Equal, and of the same type.
func equal(actual: Variant, expected: Variant, what: String) -> void:
	_checks += 1
	# No object is null, whatever it is said to be.
	var is_same_type := typeof(actual) == typeof(expected) or expected == null
	if not is_same_type or actual != expected:
		fail("%s: %s, expected %s" % [what, var_to_str(actual), var_to_str(expected)])


## From now on so many errors or warnings with this text are printed, no more and no fewer.
func expect_error(text: String, times := 1) -> void:
	print("@expect %d %s" % [times, text])


## Waits until a condition holds, frame by frame.
func until(what: String, condition: Callable, seconds := TIMEOUT_SECONDS) -> void:
	_checks += 1
	var deadline := Time.get_ticks_msec() + int(seconds * 1000.0)
	while not condition.call():
		if Time.get_ticks_msec() > deadline:
			fail("waited %s s: %s" % [seconds, what])
			end()
		await get_tree().process_frame


func frames(count: int) -> void:
	for i in count:
		await get_tree().process_frame


## Leaves word for the other processes of the scenario.
func say(key: String, value: Variant = true) -> void:
	var path := board.path_join(key)
	var file := FileAccess.open(path + ".new", FileAccess.WRITE)
	file.store_string(var_to_str(value))
	file.close()
	DirAccess.rename_absolute(path + ".new", path)


## Waits for what another process says.
func hear(key: String) -> Variant:
	var path := board.path_join(key)
	await until("somebody says " + key, func() -> bool: return FileAccess.file_exists(path))
	return str_to_var(FileAccess.get_file_as_string(path))


## The Steam id of an account.
func steam_id(account: int) -> int:
	return FIRST_ACCOUNT + account


func start_steam() -> void:
	equal(SteamSession.initialize(480), OK, "initialize")
