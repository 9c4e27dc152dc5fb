@tool
extends EditorPlugin
## Reads the classes' pages in the editor's help, as they are shown, and says what has no description.
##
## The engine shows no descriptions of extensions until the cache of its own help is there, which the first start of an
## editor makes: the role "first" is that start.

const CLASSES: Array[StringName] = [
	&"SteamMultiplayerPeer", &"SteamPacketPeer", &"SteamSession", &"SteamPeer", &"SteamPeerConnection",
]
const TIMEOUT_SECONDS := 40

var failures := 0


func _enter_tree() -> void:
	var words := OS.get_cmdline_user_args()
	if words.size() > 1 and words[0] == "help":
		play.call_deferred(words[1])


func play(role: String) -> void:
	var version := Engine.get_version_info()
	var file := "editor_doc_cache-%d.%d.res" % [version.major, version.minor]
	var cache := EditorInterface.get_editor_paths().get_cache_dir().path_join(file)
	await until("the engine's help", func() -> bool: return FileAccess.file_exists(cache))
	await until("files", func() -> bool: return not EditorInterface.get_resource_filesystem().is_scanning())
	if role == "reader":
		for name in CLASSES:
			await read(name)
	print("@done 1")
	get_tree().quit(1 if failures > 0 else 0)


func read(name: StringName) -> void:
	EditorInterface.get_script_editor().goto_help("class_name:" + name)
	await until("the page of " + name, func() -> bool: return not text_of(name).is_empty())
	var lines := text_of(name).split("\n")
	print("%s: %d lines of help" % [name, lines.size()])
	for index in lines.size():
		if "There is currently no description" in lines[index]:
			fail("%s: nothing about %s" % [name, lines[index - 1] if lines[index - 1] else lines[index - 2]])
	for method in ClassDB.class_get_method_list(name, true):
		if not is_accessor(name, method.name):
			demand(lines, "\\b%s\\(" % method.name, name)
	for event in ClassDB.class_get_signal_list(name, true):
		demand(lines, "\\b%s\\(" % event.name, name)
	for property in ClassDB.class_get_property_list(name, true):
		if not property.usage & (PROPERTY_USAGE_GROUP | PROPERTY_USAGE_CATEGORY | PROPERTY_USAGE_SUBGROUP):
			demand(lines, "%sset_%s\\(value\\)|%s( = |\\b)" % [property.name, property.name, property.name], name)
	for constant in ClassDB.class_get_integer_constant_list(name, true):
		demand(lines, "\\b%s\\b" % constant, name)


## What is described begins with a bullet, and the next line that is not empty is its description.
func demand(lines: PackedStringArray, pattern: String, name: StringName) -> void:
	var regex := RegEx.create_from_string("^\t?● .*(%s)" % pattern)
	for index in lines.size():
		if regex.search(lines[index]):
			for line in lines.slice(index + 1):
				if line.strip_edges().begins_with("●"):
					break
				if not line.strip_edges().is_empty():
					return
			fail("%s: nothing about %s" % [name, lines[index]])
			return
	fail("%s: no %s" % [name, pattern])


## The help has properties instead of the methods that get and set them.
func is_accessor(name: StringName, method: StringName) -> bool:
	return ClassDB.class_get_property_list(name, true).any(func(property: Dictionary) -> bool:
		return (method == ClassDB.class_get_property_getter(name, property.name)
			or method == ClassDB.class_get_property_setter(name, property.name)))


## What the page of a class shows; nothing as long as it is not open.
func text_of(name: StringName) -> String:
	for page in EditorInterface.get_script_editor().find_children(name, "EditorHelp", true, false):
		for text: RichTextLabel in page.find_children("*", "RichTextLabel", true, false):
			return text.get_parsed_text()
	return ""


func fail(what: String) -> void:
	failures += 1
	print("@fail " + what)


func until(what: String, condition: Callable) -> void:
	var deadline := Time.get_ticks_msec() + TIMEOUT_SECONDS * 1000
	while not condition.call():
		if Time.get_ticks_msec() > deadline:
			fail("no " + what)
			get_tree().quit(1)
		await get_tree().process_frame
