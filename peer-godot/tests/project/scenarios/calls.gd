extends "res://game_scenario.gd"
## RPCs to all, to one and to all but one, with every declaration that decides who may call and who runs.

const ROLES: Array[String] = ["host", "a", "b", "c"]

## What was called here: the sender and what it said.
var calls: Array[Array] = []


@rpc("any_peer", "call_remote", "reliable")
func anyone(word: String) -> void:
	calls.append([multiplayer.get_remote_sender_id(), "anyone " + word])


@rpc("any_peer", "call_local", "reliable")
func anyone_and_me(word: String) -> void:
	calls.append([multiplayer.get_remote_sender_id(), "anyone_and_me " + word])


@rpc("authority", "call_remote", "reliable")
func authority(word: String) -> void:
	calls.append([multiplayer.get_remote_sender_id(), "authority " + word])


@rpc("authority", "call_local", "reliable", 2)
func authority_and_me(word: String) -> void:
	calls.append([multiplayer.get_remote_sender_id(), "authority_and_me " + word])


func run() -> void:
	start_steam()
	listen()
	await gather_in_lobby()
	await until_peers(3)
	var id_of := await meet("full", ROLES, multiplayer.get_unique_id())
	var me: int = id_of[role]
	for caller in ROLES:
		calls.clear()
		await meet("calls of " + caller, ROLES)
		var last := "anyone last"
		if role == caller:
			anyone.rpc("all")
			anyone.rpc_id(id_of["a" if role != "a" else "b"], "one")
			anyone.rpc_id(-id_of["c" if role != "c" else "b"], "all but one")
			anyone_and_me.rpc("all")
			anyone.rpc("last")
			equal(calls, [[me, "anyone_and_me all"]], "what ran here")
		else:
			await until(last, func() -> bool: return calls.has([id_of[caller], last]))
			var words: Array[String] = ["anyone all"]
			if role == ("a" if caller != "a" else "b"):
				words.append("anyone one")
			if role != ("c" if caller != "c" else "b"):
				words.append("anyone all but one")
			words.append_array(["anyone_and_me all", last])
			equal(calls, words.map(func(word: String) -> Array: return [id_of[caller], word]), "what %s called" % caller)
		await meet("called by " + caller, ROLES)
	await authorities(id_of)
	await meet("end", ROLES)


func authorities(id_of: Dictionary) -> void:
	calls.clear()
	await meet("authority", ROLES)
	# The node is the host's.
	if role == "host":
		authority.rpc("all")
		authority_and_me.rpc("all")
		check(calls.has([1, "authority_and_me all"]), "what ran here")
		check(not calls.has([1, "authority all"]), "what did not run here")
	else:
		await until("the host's calls", func() -> bool:
			return calls.has([1, "authority all"]) and calls.has([1, "authority_and_me all"]))
	await meet("authority, end", ROLES)
	# And then it is b's, who may call now, and the host may not.
	set_multiplayer_authority(id_of["b"])
	calls.clear()
	await meet("b's", ROLES)
	if role == "b":
		authority.rpc("mine")
	else:
		await until("b's call", func() -> bool: return calls.has([id_of["b"], "authority mine"]))
	await meet("b's, end", ROLES)
	if role == "a":
		expect_error("RPC 'authority' is not allowed")
	await meet("declared", ROLES)
	if role == "host":
		authority.rpc_id(id_of["a"], "not mine")
		anyone.rpc_id(id_of["a"], "after it")
	elif role == "a":
		await until("what comes after it", func() -> bool: return calls.has([1, "anyone after it"]))
		check(not calls.has([1, "authority not mine"]), "a call of somebody who may not")

