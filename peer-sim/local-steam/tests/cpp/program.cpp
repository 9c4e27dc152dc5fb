// What a game does that is made with the whole SDK: C++ interfaces, call results, callbacks, and much that Local Steam refuses.

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "steam/steam_api.h"
#include "steam/steam_gameserver.h"

#define CHECK(condition)                                           \
	if (!(condition)) {                                             \
		printf("line %d: not so: %s\n", __LINE__, #condition); \
		return 1;                                                   \
	}

struct Game {
	CSteamID lobby;
	int entered = 0, stored = 0, stats = 0;
	char achievement[k_cchStatNameMax] = "";
	CCallResult<Game, LobbyCreated_t> creating;

	STEAM_CALLBACK(Game, on_enter, LobbyEnter_t);
	STEAM_CALLBACK(Game, on_stats, UserStatsReceived_t);
	STEAM_CALLBACK(Game, on_stored, UserStatsStored_t);
	STEAM_CALLBACK(Game, on_achievement, UserAchievementStored_t);
	// Nothing comes to this one.
	STEAM_GAMESERVER_CALLBACK(Game, on_server, LobbyEnter_t);

	void on_created(LobbyCreated_t *created, bool has_failed) {
		lobby = has_failed || created->m_eResult != k_EResultOK ? k_steamIDNil : CSteamID(created->m_ulSteamIDLobby);
	}
};

void Game::on_enter(LobbyEnter_t *enter) { entered += enter->m_EChatRoomEnterResponse == k_EChatRoomEnterResponseSuccess; }
void Game::on_stats(UserStatsReceived_t *received) { stats += received->m_eResult == k_EResultOK && received->m_steamIDUser == SteamUser()->GetSteamID(); }
void Game::on_stored(UserStatsStored_t *done) { stored += done->m_eResult == k_EResultOK; }
void Game::on_achievement(UserAchievementStored_t *done) { strcpy(achievement, done->m_rgchAchievementName); }
void Game::on_server(LobbyEnter_t *) { entered += 1000; }

// Frames until something is so, for half a minute at most.
template <class Condition> static bool until(Condition condition) {
	for (int frame = 0; frame < 30000; frame++) {
		if (condition()) {
			return true;
		}
		usleep(1000);
		SteamAPI_RunCallbacks();
	}
	return false;
}

static int play(Game &game) {
	// By value, by reference, and through every way to an interface.
	CSteamID self = SteamUser()->GetSteamID();
	CHECK(self.IsValid() && self.BIndividualAccount() && self.GetAccountID() == 1);
	CHECK(SteamUser()->BLoggedOn() && SteamApps()->BIsSubscribed() && SteamApps()->GetAppOwner() == self);
	CHECK(SteamUtils()->GetAppID() == 480 && SteamUtils()->GetConnectedUniverse() == k_EUniversePublic);
	CHECK(!strcmp(SteamFriends()->GetPersonaName(), "Local 1"));
	CHECK(SteamClient()->GetISteamUser(SteamAPI_GetHSteamUser(), SteamAPI_GetHSteamPipe(), STEAMUSER_INTERFACE_VERSION) == SteamUser());
	CHECK(SteamClient()->GetISteamUtils(SteamAPI_GetHSteamPipe(), STEAMUTILS_INTERFACE_VERSION) == SteamUtils());

	game.creating.Set(SteamMatchmaking()->CreateLobby(k_ELobbyTypePublic, 4), &game, &Game::on_created);
	CHECK(until([&] { return game.lobby.IsValid() && game.entered == 1; }));
	CHECK(game.lobby.IsLobby() && SteamMatchmaking()->GetLobbyOwner(game.lobby) == self);
	CHECK(SteamMatchmaking()->GetLobbyMemberByIndex(game.lobby, 0) == self);
	CHECK(SteamMatchmaking()->SetLobbyData(game.lobby, "map", "dunes"));
	CHECK(!strcmp(SteamMatchmaking()->GetLobbyData(game.lobby, "map"), "dunes"));

	SteamNetworkingIdentity identity;
	CHECK(SteamNetworkingSockets()->GetIdentity(&identity) && identity.GetSteamID() == self);
	HSteamNetConnection pair[2];
	CHECK(SteamNetworkingSockets()->CreateSocketPair(&pair[0], &pair[1], false, nullptr, nullptr));
	CHECK(SteamNetworkingSockets()->SendMessageToConnection(pair[0], "hi", 2, k_nSteamNetworkingSend_Reliable, nullptr) == k_EResultOK);
	SteamNetworkingMessage_t *message = nullptr;
	CHECK(until([&] { return SteamNetworkingSockets()->ReceiveMessagesOnConnection(pair[1], &message, 1) == 1; }));
	CHECK(message->m_cbSize == 2 && !memcmp(message->m_pData, "hi", 2));
	message->Release();
	CHECK(SteamNetworkingUtils()->SetGlobalConfigValueInt32(k_ESteamNetworkingConfig_TimeoutInitial, 9000));

	// Overloads, and what is stored.
	int32 wins = -1;
	float accuracy = -1;
	bool is_achieved = true;
	ISteamUserStats *stats = SteamUserStats();
	CHECK(stats->GetStat("wins", &wins) && wins == 0 && stats->GetStat("accuracy", &accuracy) && accuracy == 0);
	CHECK(stats->SetStat("wins", (int32)3) && stats->SetStat("accuracy", 0.5f) && !stats->SetStat("wins", 0.5f));
	CHECK(stats->GetStat("wins", &wins) && wins == 3 && stats->GetStat("accuracy", &accuracy) && accuracy == 0.5f);
	CHECK(stats->GetAchievement("FIRST", &is_achieved) && !is_achieved && stats->SetAchievement("FIRST") && stats->StoreStats());
	CHECK(until([&] { return game.stored == 1 && !strcmp(game.achievement, "FIRST"); }));
	CHECK(stats->GetAchievement("FIRST", &is_achieved) && is_achieved && !strcmp(stats->GetAchievementName(0), "FIRST"));
	CHECK(stats->RequestUserStats(self) != k_uAPICallInvalid && until([&] { return game.stats == 1; }));

	// An earlier SDK's interface, whose table begins with a method that is gone.
	struct Earlier { virtual bool RequestCurrentStats() = 0; virtual bool GetStat(const char *, int32 *) = 0; };
	auto earlier = (Earlier *)SteamInternal_FindOrCreateUserInterface(SteamAPI_GetHSteamUser(), "STEAMUSERSTATS_INTERFACE_VERSION012");
	CHECK(earlier->RequestCurrentStats() && until([&] { return game.stats == 2; }));
	CHECK(earlier->GetStat("wins", &wins) && wins == 3);
	// One that nobody knows fails, but is there.
	CHECK(!((Earlier *)SteamInternal_FindOrCreateUserInterface(SteamAPI_GetHSteamUser(), "SteamUser001"))->RequestCurrentStats());
	CHECK(!SteamInternal_FindOrCreateUserInterface(SteamAPI_GetHSteamUser(), "nonsense"));

	// What is refused, of every type.
	for (int time = 0; time < 2; time++) {
		CHECK(SteamUGC()->CreateQueryAllUGCRequest(k_EUGCQuery_RankedByVote, k_EUGCMatchingUGCType_Items, 480, 480, (uint32)1) == k_UGCQueryHandleInvalid);
	}
	CHECK(SteamUser()->GetAuthTicketForWebApi("me") == k_HAuthTicketInvalid);
	CHECK(SteamUser()->BeginAuthSession("", 0, self) == k_EBeginAuthSessionResultInvalidTicket);
	CHECK(SteamUser()->RequestStoreAuthURL("") == k_uAPICallInvalid);
	CHECK(SteamMusic()->GetVolume() == 0 && !SteamFriends()->SetRichPresence("status", "here"));
	CHECK(!strcmp(SteamFriends()->GetFriendRichPresence(self, "status"), ""));
	CHECK(!SteamFriends()->GetClanOwner(self).IsValid());
	CHECK(SteamInput()->GetMotionData(0).rotQuatX == 0 && !SteamInput()->GetAnalogActionData(0, 0).bActive && !SteamInput()->GetDigitalActionData(0, 0).bState);
	CHECK(!SteamGameServer_Init(0, 0, 0, eServerModeNoAuthentication, "1") && !SteamGameServer());
	return 0;
}

int main() {
	setvbuf(stdout, nullptr, _IOLBF, 0);
	Game game;
	CHECK(!SteamUser() && !SteamClient());
	SteamErrMsg message;
	for (int time = 0; time < 2; time++) {
		CHECK(SteamAPI_InitEx(&message) == k_ESteamAPIInitResult_OK);
		CHECK(SteamUser() && SteamUtils()->GetAppID() == 480);
		if (!time && play(game)) {
			return 1;
		}
		SteamAPI_Shutdown();
		// Pointers that were kept are not used.
		CHECK(!SteamUser() && !SteamNetworkingUtils());
	}
	return 0;
}
