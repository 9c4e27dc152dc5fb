// Compares the tables of virtual functions with what the compiler makes of Valve's headers: `methods.inc` lists the methods.

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "steam/steam_api.h"
#include "steam/steam_gameserver.h"

// The place of a method in the table, by the representation of a pointer to it; -1 if it is not virtual.
template <class Method> static long place_of(Method method) {
	struct { intptr_t pointer, adjustment; } parts;
	static_assert(sizeof method == sizeof parts, "the Itanium ABI");
	memcpy(&parts, &method, sizeof parts);
#ifdef __aarch64__
	return parts.adjustment & 1 ? parts.pointer / (long)sizeof(void *) : -1;
#else
	return parts.pointer & 1 ? (parts.pointer - 1) / (long)sizeof(void *) : -1;
#endif
}

static int compared, wrong;

static void compare(const char *version, const char *flat, long place) {
	if (place < 0) {
		return;
	}
	void *object = SteamInternal_FindOrCreateUserInterface(SteamAPI_GetHSteamUser(), version);
	void *function = dlsym(RTLD_DEFAULT, flat);
	compared++;
	if (!object || !function || (*(void ***)object)[place] != function) {
		printf("%s: not at %ld of %s\n", flat, place, version);
		wrong++;
	}
}

#define METHOD(version, type, name, flat) compare(version, #flat, place_of(&type::name));

int main() {
	SteamErrMsg message;
	if (SteamAPI_InitEx(&message) != k_ESteamAPIInitResult_OK) {
		puts(message);
		return 1;
	}
#include "methods.inc"
	SteamAPI_Shutdown();
	printf("%d methods\n", compared);
	return wrong || compared < 750;
}
