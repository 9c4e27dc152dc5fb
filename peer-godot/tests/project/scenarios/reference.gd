extends "res://scenario.gd"
## The classes as the engine knows them: every method, property, signal and enum that games may rely on, and no others.

const REFERENCE := {
	&"SteamMultiplayerPeer": [
		# GodotSteam's class.
		"func add_peer(steam_id: int, virtual_port: int = 0) -> Error",
		"func connect_to_lobby(lobby_id: int) -> Error",
		"func create_client(steam_id: int, virtual_port: int = 0) -> Error",
		"func create_host(virtual_port: int = 0) -> Error",
		"func get_debug_level() -> SteamMultiplayerPeer.DebugLevel",
		"func get_no_delay() -> bool",
		"func get_no_nagle() -> bool",
		"func get_peer(peer_id: int) -> SteamPacketPeer",
		"func get_peer_id_for_steam_id(steam_id: int) -> int",
		"func get_steam_id_for_peer_id(peer_id: int) -> int",
		"func host_with_lobby(lobby_id: int) -> Error",
		"func set_debug_level(debug_level: SteamMultiplayerPeer.DebugLevel)",
		"func set_no_delay(no_delay: bool)",
		"func set_no_nagle(no_nagle: bool)",
		"var debug_level: SteamMultiplayerPeer.DebugLevel = 0",
		"var no_delay: bool = false",
		"var no_nagle: bool = false",
		"enum DebugLevel {DEBUG_LEVEL_NONE = 0, DEBUG_LEVEL_PEER = 1, DEBUG_LEVEL_STEAM = 2}",
		# Beyond it.
		"func clear_config(option: int)",
		"func get_adaptive_send_rate() -> bool",
		"func get_direct_connections() -> bool",
		"func get_lobby_members_only() -> bool",
		"func get_max_backlog_bytes() -> int",
		"func get_max_clients() -> int",
		"func get_max_packet_bytes() -> int",
		"func get_max_send_rate() -> int",
		"func get_migration_state() -> PackedByteArray",
		"func get_peer_map() -> Dictionary",
		"func get_server_relay() -> bool",
		"func get_tracked_lobby() -> int",
		"func kick(peer_id: int, message: String = \"\")",
		"func migrate() -> Error",
		"func set_adaptive_send_rate(adaptive_send_rate: bool)",
		"func set_channel_priority(channel: int, priority: int, weight: int) -> Error",
		"func set_config(option: int, value: Variant) -> Error",
		"func set_direct_connections(direct_connections: bool)",
		"func set_lobby_members_only(lobby_members_only: bool)",
		"func set_max_backlog_bytes(max_backlog_bytes: int)",
		"func set_max_clients(max_clients: int)",
		"func set_max_packet_bytes(max_packet_bytes: int)",
		"func set_max_send_rate(max_send_rate: int)",
		"func set_migration_state(migration_state: PackedByteArray)",
		"func set_server_relay(server_relay: bool)",
		"var adaptive_send_rate: bool = true",
		"var direct_connections: bool = false",
		"var lobby_members_only: bool = true",
		"var max_backlog_bytes: int = 67108864",
		"var max_clients: int = 0",
		"var max_packet_bytes: int = 16777216",
		"var max_send_rate: int = 33554432",
		"var migration_state: PackedByteArray = PackedByteArray()",
		"var server_relay: bool = false",
		"signal connection_ended(steam_id: int, peer_id: int, reason: int, message: String)",
		"signal host_lost(new_host_steam_id: int)",
		"signal migrated(state: PackedByteArray)",
	],
	&"SteamPacketPeer": [
		"func disconnect_peer(force: bool = false)",
		"func get_peer_id() -> int",
		"func get_state() -> SteamPacketPeer.PeerState",
		"func get_statistic(statistic: SteamPacketPeer.Statistic) -> float",
		"func get_steam_id() -> int",
		"enum PeerState {STATE_NONE = 0, STATE_CONNECTING = 1, STATE_FINDING_ROUTE = 2, STATE_CONNECTED = 3, "
		+ "STATE_CLOSED_BY_PEER = 4, STATE_PROBLEM_DETECTED_LOCALLY = 5, STATE_FIN_WAIT = -1, STATE_LINGER = -2, "
		+ "STATE_DEAD = -3}",
		"enum Statistic {STAT_PING_MS = 0, STAT_QUALITY_LOCAL = 1, STAT_QUALITY_REMOTE = 2, STAT_OUT_PACKETS_PER_SEC = 3, "
		+ "STAT_OUT_BYTES_PER_SEC = 4, STAT_IN_PACKETS_PER_SEC = 5, STAT_IN_BYTES_PER_SEC = 6, STAT_SEND_RATE = 7, "
		+ "STAT_PENDING_UNRELIABLE = 8, STAT_PENDING_RELIABLE = 9, STAT_SENT_UNACKED_RELIABLE = 10, "
		+ "STAT_QUEUE_TIME_US = 11, STAT_BACKLOG_BYTES = 12}",
	],
	&"SteamSession": [
		"func create_lobby(lobby_type: SteamSession.LobbyType, max_members: int = 32) -> Error",
		"func get_all_lobby_data(lobby_id: int) -> Dictionary",
		"func get_friend_name(steam_id: int) -> String",
		"func get_launch_lobby() -> int",
		"func get_lobby_data(lobby_id: int, key: String) -> String",
		"func get_lobby_member_count(lobby_id: int) -> int",
		"func get_lobby_member_data(lobby_id: int, steam_id: int, key: String) -> String",
		"func get_lobby_member_limit(lobby_id: int) -> int",
		"func get_lobby_members(lobby_id: int) -> PackedInt64Array",
		"func get_lobby_owner(lobby_id: int) -> int",
		"func get_persona_name() -> String",
		"func get_steam_id() -> int",
		"func initialize(app_id: int) -> Error",
		"func invite_to_lobby(lobby_id: int, steam_id: int) -> bool",
		"func is_initialized() -> bool",
		"func join_lobby(lobby_id: int) -> Error",
		"func leave_lobby(lobby_id: int)",
		"func open_invite_dialog(lobby_id: int)",
		"func request_lobby_data(lobby_id: int) -> Error",
		"func request_lobby_list(filters: Dictionary = {}) -> Error",
		"func restart_app_if_necessary(app_id: int) -> bool",
		"func send_lobby_message(lobby_id: int, message: String) -> bool",
		"func set_lobby_data(lobby_id: int, key: String, value: String) -> bool",
		"func set_lobby_joinable(lobby_id: int, joinable: bool) -> bool",
		"func set_lobby_member_data(lobby_id: int, key: String, value: String) -> bool",
		"func set_lobby_owner(lobby_id: int, steam_id: int) -> bool",
		"func shutdown()",
		"signal friend_name_changed(steam_id: int)",
		"signal join_requested(lobby_id: int, friend_id: int)",
		"signal lobby_created(result: int, lobby_id: int)",
		"signal lobby_data_changed(lobby_id: int)",
		"signal lobby_joined(lobby_id: int, response: int)",
		"signal lobby_list_received(lobby_ids: PackedInt64Array)",
		"signal lobby_member_joined(lobby_id: int, steam_id: int)",
		"signal lobby_member_left(lobby_id: int, steam_id: int)",
		"signal lobby_message_received(lobby_id: int, steam_id: int, message: String)",
		"signal lobby_owner_changed(lobby_id: int, steam_id: int)",
		"enum LobbyType {LOBBY_TYPE_PRIVATE = 0, LOBBY_TYPE_FRIENDS_ONLY = 1, LOBBY_TYPE_PUBLIC = 2, "
		+ "LOBBY_TYPE_INVISIBLE = 3}",
		"enum LobbyComparison {LOBBY_COMPARISON_EQUAL_TO_OR_LESS_THAN = -2, LOBBY_COMPARISON_LESS_THAN = -1, "
		+ "LOBBY_COMPARISON_EQUAL = 0, LOBBY_COMPARISON_GREATER_THAN = 1, LOBBY_COMPARISON_EQUAL_TO_GREATER_THAN = 2, "
		+ "LOBBY_COMPARISON_NOT_EQUAL = 3}",
		"enum LobbyDistanceFilter {LOBBY_DISTANCE_FILTER_CLOSE = 0, LOBBY_DISTANCE_FILTER_DEFAULT = 1, "
		+ "LOBBY_DISTANCE_FILTER_FAR = 2, LOBBY_DISTANCE_FILTER_WORLDWIDE = 3}",
	],
}

## Of the enums that Steam may add to, some constants.
const OPEN_ENUMS := {
	&"SteamMultiplayerPeer": {
		&"EndReason": {
			END_REASON_LEFT = 1000, END_REASON_KICKED = 1001, END_REASON_REFUSED = 1002, END_REASON_NOT_IN_LOBBY = 1003,
			END_REASON_FULL = 1004, END_REASON_REPLACED = 1005, END_REASON_TOO_FAR_BEHIND = 1006, END_REASON_PROTOCOL_VIOLATION = 2001,
			END_REASON_VERSION = 2002, END_REASON_ID_REFUSED = 2003, END_REASON_REMOTE_TIMEOUT = 4001,
		},
		&"NetworkingConfig": {NETWORKING_CONFIG_SEND_BUFFER_SIZE = 9, NETWORKING_CONFIG_TIMEOUT_CONNECTED = 25},
	},
	&"SteamPacketPeer": {},
	&"SteamSession": {
		&"Result": {RESULT_OK = 1, RESULT_FAIL = 2, RESULT_ACCESS_DENIED = 15, RESULT_TRY_LATER = 131},
		&"ChatRoomEnterResponse": {
			CHAT_ROOM_ENTER_RESPONSE_SUCCESS = 1, CHAT_ROOM_ENTER_RESPONSE_FULL = 4,
			CHAT_ROOM_ENTER_RESPONSE_RATELIMIT_EXCEEDED = 15,
		},
	},
}


func run() -> void:
	for name: StringName in REFERENCE:
		var found := lines(name)
		for line: String in REFERENCE[name]:
			check(line in found, "%s: no `%s`" % [name, line])
		for line in found:
			check(line in REFERENCE[name], "%s: `%s` is not in its reference" % [name, line])
		for open_enum: StringName in OPEN_ENUMS[name]:
			var constants := ClassDB.class_get_enum_constants(name, open_enum, true)
			for constant: String in OPEN_ENUMS[name][open_enum]:
				check(constant in constants, "%s.%s: no %s" % [name, open_enum, constant])
				var value := ClassDB.class_get_integer_constant(name, constant)
				equal(value, OPEN_ENUMS[name][open_enum][constant], constant)
	places()
	properties()


## Where the classes stand, and who may make objects of them.
func places() -> void:
	equal(ClassDB.get_parent_class(&"SteamMultiplayerPeer"), &"MultiplayerPeerExtension", "SteamMultiplayerPeer's parent")
	equal(ClassDB.get_parent_class(&"SteamPacketPeer"), &"PacketPeerExtension", "SteamPacketPeer's parent")
	equal(ClassDB.get_parent_class(&"SteamSession"), &"Object", "SteamSession's parent")
	equal(ClassDB.can_instantiate(&"SteamMultiplayerPeer"), true, "SteamMultiplayerPeer.new()")
	equal(ClassDB.can_instantiate(&"SteamPacketPeer"), false, "SteamPacketPeer.new()")
	equal(Engine.has_singleton("SteamSession"), true, "the singleton SteamSession")
	equal(SteamSession.get_class(), "SteamSession", "the class of the singleton")
	equal(ProjectSettings.get_setting("steam/multiplayer_peer/max_channels"), 4, "GodotSteam's project setting")


## Every property, by its name and by its methods.
func properties() -> void:
	var peer := SteamMultiplayerPeer.new()
	for case: Array in [
		["debug_level", 0, SteamMultiplayerPeer.DEBUG_LEVEL_STEAM], ["no_delay", false, true], ["no_nagle", false, true],
		["server_relay", false, true], ["lobby_members_only", true, false], ["max_backlog_bytes", 67_108_864, 1_000_000],
		["direct_connections", false, true], ["adaptive_send_rate", true, false],
		["max_send_rate", 33_554_432, 1_000_000], ["max_clients", 0, 3], ["max_packet_bytes", 16_777_216, 1_000_000],
	]:
		var name: String = case[0]
		equal(peer.get(name), case[1], "%s of a new peer" % name)
		equal(peer.call("get_" + name), case[1], "get_%s of a new peer" % name)
		peer.set(name, case[2])
		equal(peer.call("get_" + name), case[2], "get_%s after it was set" % name)
		peer.call("set_" + name, case[1])
		equal(peer.get(name), case[1], "%s after set_%s" % [name, name])
	peer.max_backlog_bytes = -5
	equal(peer.max_backlog_bytes, 0, "a negative max_backlog_bytes")
	peer.max_clients = -5
	equal(peer.max_clients, 0, "a negative max_clients")
	peer.max_send_rate = 1
	equal(peer.max_send_rate, 16_384, "a tiny max_send_rate")
	peer.max_send_rate = 1 << 40
	equal(peer.max_send_rate, 104_857_600, "a max_send_rate past Steam's")
	# Of the engine's own.
	equal(peer.transfer_mode, MultiplayerPeer.TRANSFER_MODE_RELIABLE, "transfer_mode of a new peer")
	equal(peer.transfer_channel, 0, "transfer_channel of a new peer")
	equal(peer.refuse_new_connections, false, "refuse_new_connections of a new peer")
	equal(peer.get_connection_status(), MultiplayerPeer.CONNECTION_DISCONNECTED, "the status of a new peer")
	equal(peer.get_unique_id(), 0, "the id of a new peer")
	equal(peer.get_available_packet_count(), 0, "the packets of a new peer")
	peer.transfer_mode = MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED
	equal(peer.transfer_mode, MultiplayerPeer.TRANSFER_MODE_UNRELIABLE_ORDERED, "transfer_mode")
	peer.server_relay = true
	equal(peer.is_server_relay_supported(), true, "is_server_relay_supported with server_relay")


func lines(name: StringName) -> PackedStringArray:
	var result := PackedStringArray()
	for method in ClassDB.class_get_method_list(name, true):
		result.append("func " + signature(method) + returned(method["return"]))
	for property in ClassDB.class_get_property_list(name, true):
		if property.usage & PROPERTY_USAGE_EDITOR:
			var default: Variant = ClassDB.class_get_property_default_value(name, property.name)
			result.append("var %s: %s = %s" % [property.name, type_name(property), var_to_str(default)])
	for event in ClassDB.class_get_signal_list(name, true):
		result.append("signal " + signature(event))
	for found in ClassDB.class_get_enum_list(name, true):
		if not OPEN_ENUMS[name].has(StringName(found)):
			var constants := PackedStringArray()
			for constant in ClassDB.class_get_enum_constants(name, found, true):
				constants.append("%s = %d" % [constant, ClassDB.class_get_integer_constant(name, constant)])
			result.append("enum %s {%s}" % [found, ", ".join(constants)])
	return result


func signature(method: Dictionary) -> String:
	var arguments := PackedStringArray()
	var first_default: int = method.args.size() - method.default_args.size()
	for index: int in method.args.size():
		var argument: Dictionary = method.args[index]
		var text := "%s: %s" % [argument.name, type_name(argument)]
		if index >= first_default:
			text += " = " + var_to_str(method.default_args[index - first_default])
		arguments.append(text)
	return "%s(%s)" % [method.name, ", ".join(arguments)]


func returned(value: Dictionary) -> String:
	if value.type == TYPE_NIL and not value.usage & PROPERTY_USAGE_NIL_IS_VARIANT:
		return ""
	return " -> " + type_name(value)


func type_name(value: Dictionary) -> String:
	if value.class_name != &"":
		return value.class_name
	if value.type == TYPE_NIL:
		return "Variant"
	return type_string(value.type)
