extends "res://scenarios/leaving.gd"
## The same, and the host leaves while there are clients: all of them lose it, and each other.


func orders() -> Array:
	return [["host"], ["a", "host"], ["b", "c", "host"], ["host"], ["c", "host"]]
