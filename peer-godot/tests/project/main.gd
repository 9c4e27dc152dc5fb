extends Node
## Plays the scenario that the command line names, in the role that it names.


func _ready() -> void:
	var words := OS.get_cmdline_user_args()
	var script: GDScript = load("res://scenarios/%s.gd" % words[0])
	var scenario: Node = script.new()
	scenario.name = "Scenario"
	scenario.role = words[1]
	scenario.board = words[2]
	add_child(scenario)
	scenario.play()
