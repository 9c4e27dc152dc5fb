extends "res://scenarios/relay.gd"
## Without server_relay, everybody in the lobby is connected to everybody.


func has_relay() -> bool:
	return false
