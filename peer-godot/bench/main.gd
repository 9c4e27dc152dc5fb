extends Node
## Takes the part that the command line names: `-- part=host.gd key=value ...`.

const Report := preload("report.gd")


func _ready() -> void:
	var options := {}
	for argument in OS.get_cmdline_user_args():
		var pair := argument.split("=", true, 1)
		options[pair[0]] = pair[1] if pair.size() == 2 else ""
	var part: Script = load("res://" + options.get("part", ""))
	if part == null or not part.can_instantiate():
		Report.fail("no such part: %s" % options.get("part", ""))
		return
	# The same name in every process, which is how RPCs find it.
	var node: Node = part.new()
	node.name = "Part"
	node.options = options
	add_child(node)
