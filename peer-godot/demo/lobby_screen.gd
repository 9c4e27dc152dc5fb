extends Control
## The screen before the game: the lobbies that there are, and who is in the one that the local player has joined.
##
## All of it is what Steam keeps for a lobby: data of the lobby (its name), data of its members (who is ready), its chat.
## Copy [code]lobby_screen.tscn[/code], this script and [code]lobby.gd[/code] into a game, and change [constant
## Lobby.APP_ID] and [constant Lobby.GAME].

## How many may be in a lobby that was made here.
const MAX_PLAYERS := 8

## The member data that says whether a player is ready.
const READY := "ready"

const ACCENT := Color("66c0f4")
const CALM := Color("8f98a0")
const GOOD := Color("a4d007")

@onready var _user: Label = %User
@onready var _browser: Control = %Browser
@onready var _lobbies: Tree = %Lobbies
@onready var _empty: Label = %Empty
@onready var _lobby_name: LineEdit = %LobbyName
@onready var _join: Button = %Join
@onready var _room: Control = %Room
@onready var _room_name: Label = %RoomName
@onready var _members: VBoxContainer = %Members
@onready var _ready_button: Button = %Ready
@onready var _start: Button = %Start
@onready var _chat: RichTextLabel = %Chat
@onready var _message: LineEdit = %Message
@onready var _notice: Label = %Notice


func _ready() -> void:
	Lobby.joined.connect(_on_joined)
	Lobby.left.connect(_on_left)
	Lobby.started.connect(hide)
	SteamSession.lobby_list_received.connect(_show_lobbies)
	SteamSession.lobby_member_joined.connect(_on_member.bind("has joined"))
	SteamSession.lobby_member_left.connect(_on_member.bind("has left"))
	SteamSession.lobby_message_received.connect(_on_message)
	SteamSession.lobby_owner_changed.connect(func(_lobby: int, who: int) -> void:
		_say("%s owns the lobby now" % Lobby.get_name_of(who)))
	# What rows are made of: data of members, and names that come after them.
	SteamSession.lobby_data_changed.connect(func(_lobby: int) -> void: _show_members())
	SteamSession.friend_name_changed.connect(func(_who: int) -> void: _show_members())
	for column in 3:
		_lobbies.set_column_title(column, ["Lobby", "Host", "Players"][column])
		_lobbies.set_column_title_alignment(column, HORIZONTAL_ALIGNMENT_LEFT)
		_lobbies.set_column_expand_ratio(column, [5, 4, 2][column])


## Shows the lobbies, or goes to the one that the player was invited to while the game was closed.
func open() -> void:
	show()
	if not Lobby.start_steam():
		return
	_user.text = SteamSession.get_persona_name()
	_lobby_name.text = "%s's lobby" % SteamSession.get_persona_name()
	var invited_to := SteamSession.get_launch_lobby()
	if invited_to != 0:
		Lobby.join(invited_to)
	else:
		_refresh()


func _refresh() -> void:
	SteamSession.request_lobby_list({ "game": Lobby.GAME, "slots_available": 1 })


func _show_lobbies(lobby_ids: PackedInt64Array) -> void:
	_lobbies.clear()
	var root := _lobbies.create_item()
	for lobby in lobby_ids:
		var row := _lobbies.create_item(root)
		row.set_text(0, SteamSession.get_lobby_data(lobby, "name"))
		row.set_text(1, SteamSession.get_lobby_data(lobby, "host"))
		row.set_text(2, "%d / %d" % [
			SteamSession.get_lobby_member_count(lobby), SteamSession.get_lobby_member_limit(lobby)])
		row.set_metadata(0, lobby)
	_empty.visible = lobby_ids.is_empty()
	_join.disabled = true


func _on_joined() -> void:
	if not Lobby.is_waiting:
		return
	_notice.text = ""
	_browser.hide()
	_room.show()
	_chat.clear()
	_room_name.text = SteamSession.get_lobby_data(Lobby.lobby_id, "name")
	_ready_button.button_pressed = false
	_start.visible = multiplayer.is_server()
	_say("You are in. Say hello!")
	_show_members()


func _on_left(reason: String) -> void:
	show()
	_room.hide()
	_browser.show()
	_notice.text = reason
	if SteamSession.is_initialized():
		_refresh()


## One row a member: who owns the lobby, who is ready, how far away they are, and a way to send them off.
func _show_members() -> void:
	if not _room.visible or Lobby.lobby_id == 0:
		return
	for row in _members.get_children():
		row.queue_free()
	var owner_id := SteamSession.get_lobby_owner(Lobby.lobby_id)
	var is_all_ready := true
	for who in SteamSession.get_lobby_members(Lobby.lobby_id):
		var is_ready := SteamSession.get_lobby_member_data(Lobby.lobby_id, who, READY) == "yes"
		is_all_ready = is_all_ready and is_ready
		_members.add_child(_make_row(who, who == owner_id, is_ready))
	_start.disabled = not is_all_ready


func _make_row(who: int, is_owner: bool, is_ready: bool) -> Control:
	var row := HBoxContainer.new()
	row.add_child(_make_label("★" if is_owner else "", ACCENT, 18))
	var is_self := who == SteamSession.get_steam_id()
	var player_name := _make_label(Lobby.get_name_of(who), ACCENT if is_self else Color.WHITE, 0)
	player_name.size_flags_horizontal = SIZE_EXPAND_FILL
	player_name.text_overrun_behavior = TextServer.OVERRUN_TRIM_ELLIPSIS
	row.add_child(player_name)
	row.add_child(_make_label("ready" if is_ready else "not ready", GOOD if is_ready else CALM, 66))
	if multiplayer.is_server():
		var kick := Button.new()
		kick.text = "Kick"
		kick.pressed.connect(Lobby.kick.bind(who))
		# Nobody kicks themselves; the button keeps the columns in line.
		kick.disabled = is_self
		kick.modulate.a = 0.0 if is_self else 1.0
		row.add_child(kick)
	return row


func _make_label(text: String, colour: Color, width: float) -> Label:
	var label := Label.new()
	label.text = text
	label.custom_minimum_size.x = width
	label.add_theme_color_override(&"font_color", colour)
	return label


func _on_member(_lobby: int, who: int, what: String) -> void:
	while not SteamSession.get_friend_name(who):
		await SteamSession.friend_name_changed
	_say("%s %s" % [Lobby.get_name_of(who), what])
	_show_members()


func _on_message(_lobby: int, who: int, text: String) -> void:
	_chat.push_color(ACCENT)
	_chat.add_text(Lobby.get_name_of(who) + "  ")
	_chat.pop()
	# As text: what players write is not for the label to interpret.
	_chat.add_text(text)
	_chat.newline()


func _say(text: String) -> void:
	_chat.push_color(CALM)
	_chat.add_text(text)
	_chat.pop()
	_chat.newline()


func _on_create_pressed() -> void:
	Lobby.create(_lobby_name.text, MAX_PLAYERS)


func _on_join_pressed() -> void:
	var row := _lobbies.get_selected()
	if row:
		Lobby.join(row.get_metadata(0))


func _on_lobby_selected() -> void:
	_join.disabled = false


func _on_ready_toggled(is_ready: bool) -> void:
	SteamSession.set_lobby_member_data(Lobby.lobby_id, READY, "yes" if is_ready else "")


func _on_invite_pressed() -> void:
	# In Steam's overlay. A list of friends of one's own calls `invite_to_lobby` instead.
	SteamSession.open_invite_dialog(Lobby.lobby_id)


func _on_start_pressed() -> void:
	Lobby.start()


func _on_leave_pressed() -> void:
	Lobby.leave("")


func _on_message_submitted(text: String) -> void:
	if text.is_empty():
		return
	if SteamSession.send_lobby_message(Lobby.lobby_id, text):
		_message.clear()
	else:
		_say("Not so fast.")


func _on_send_pressed() -> void:
	_on_message_submitted(_message.text)
