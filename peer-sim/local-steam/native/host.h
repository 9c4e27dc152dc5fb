// What the sockets are given by the library that they are built into: cryptography, and a narrow line on purpose.
// `src/gns/host.rs` has the same structure and says what each function does.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct LocalSteamHost {
    void *(*cipher)(const uint8_t *key, size_t key_size);
    void (*free_cipher)(void *cipher);
    bool (*seal)(void *cipher, const uint8_t *nonce, const uint8_t *authenticated, size_t authenticated_size,
                 const uint8_t *plain, size_t plain_size, uint8_t *sealed);
    bool (*open)(void *cipher, const uint8_t *nonce, const uint8_t *authenticated, size_t authenticated_size,
                 const uint8_t *sealed, size_t sealed_size, uint8_t *plain);
    void (*sha256)(const uint8_t *data, size_t size, uint8_t *digest);
    void (*hmac_sha256)(const uint8_t *key, size_t key_size, const uint8_t *data, size_t size, uint8_t *digest);
    void (*hmac_sha1)(const uint8_t *key, size_t key_size, const uint8_t *data, size_t size, uint8_t *digest);
    void (*md5)(const uint8_t *data, size_t size, uint8_t *digest);
    void (*random)(uint8_t *to, size_t size);
    bool (*carries)(bool is_sending, size_t size);
};

// Set once, before the sockets start.
extern "C" LocalSteamHost local_steam_host;
