// Another addon on Steam, as a test needs it beside ours: it registers for callbacks when it is loaded, runs them every frame
// while Steam is up, and makes and joins lobbies by itself.
//
// Scripts talk to it through the environment. OTHER_ADDON_ORDER is "NUMBER WHAT [LOBBY]", done once a number; what it knows is in
// OTHER_ADDON_KNOWS, as JSON.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "steam/steam_api.h"

// Of Godot's extension interface what a library without classes needs.
extern "C" {
typedef void (*Function)();
struct Initialization {
	int level;
	void *user;
	void (*initialize)(void *user, int level);
	void (*deinitialize)(void *user, int level);
};
struct MainLoop {
	void (*startup)();
	void (*shutdown)();
	void (*frame)();
};
}

struct Addon {
	long done = 0;
	bool is_initialised = false;
	unsigned long long created = 0, entered = 0;
	int came = 0, went = 0;
	CCallResult<Addon, LobbyCreated_t> creating;

	STEAM_CALLBACK(Addon, on_enter, LobbyEnter_t);
	STEAM_CALLBACK(Addon, on_member, LobbyChatUpdate_t);

	void on_created(LobbyCreated_t *result, bool has_failed) {
		created = has_failed || result->m_eResult != k_EResultOK ? 0 : result->m_ulSteamIDLobby;
	}

	void follow(const char *order) {
		char what[16] = "";
		long number = 0;
		unsigned long long lobby = 0;
		if (sscanf(order, "%ld %15s %llu", &number, what, &lobby) < 2 || number == done) {
			return;
		}
		done = number;
		if (!strcmp(what, "init")) {
			SteamErrMsg message;
			is_initialised = SteamAPI_InitEx(&message) == k_ESteamAPIInitResult_OK;
		} else if (!strcmp(what, "create")) {
			creating.Set(SteamMatchmaking()->CreateLobby(k_ELobbyTypePublic, 8), this, &Addon::on_created);
		} else if (!strcmp(what, "join")) {
			SteamMatchmaking()->JoinLobby(CSteamID((uint64)lobby));
		} else if (!strcmp(what, "leave")) {
			SteamMatchmaking()->LeaveLobby(CSteamID((uint64)lobby));
		} else if (!strcmp(what, "shutdown")) {
			SteamAPI_Shutdown();
			is_initialised = false;
		}
	}

	void frame() {
		if (const char *order = getenv("OTHER_ADDON_ORDER")) {
			follow(order);
		}
		if (is_initialised) {
			SteamAPI_RunCallbacks();
		}
		char text[256];
		snprintf(text, sizeof text,
				"{\"done\": %ld, \"is_up\": %s, \"created\": \"%llu\", \"entered\": \"%llu\", \"came\": %d, \"went\": %d}",
				done, SteamUser() ? "true" : "false", created, entered, came, went);
		setenv("OTHER_ADDON_KNOWS", text, 1);
	}
};

void Addon::on_enter(LobbyEnter_t *enter) {
	if (enter->m_EChatRoomEnterResponse == k_EChatRoomEnterResponseSuccess) {
		entered = enter->m_ulSteamIDLobby;
	}
}

void Addon::on_member(LobbyChatUpdate_t *update) {
	(update->m_rgfChatMemberStateChange & k_EChatMemberStateChangeEntered ? came : went)++;
}

// Registered from here on, before anybody initialises Steam.
static Addon addon;

static void nothing() {}
static void frame() { addon.frame(); }
static void no_level(void *, int) {}

extern "C" __attribute__((visibility("default"))) uint8_t other_addon_init(
		Function (*get)(const char *), void *library, Initialization *initialization) {
	*initialization = { 2, nullptr, no_level, no_level };
	auto add = (void (*)(void *, const MainLoop *))get("register_main_loop_callbacks");
	static const MainLoop main_loop = { nothing, nothing, frame };
	if (add) {
		add(library, &main_loop);
	}
	return add != nullptr;
}
