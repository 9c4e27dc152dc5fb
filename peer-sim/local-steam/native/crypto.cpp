// The cryptography that Valve's sockets declare in `crypto.h`, done by the library around them: on every system the
// same, and nothing of the system's is linked.

#include "crypto.h"

#include <tier0/dbg.h>

#include "host.h"

LocalSteamHost local_steam_host;

namespace {

const uint8_t *Bytes(const void *data) { return static_cast<const uint8_t *>(data); }

// The only sizes that the sockets ask for.
const size_t kNonce = 12, kTag = 16;

} // namespace

void CCrypto::Init() {}

void CCrypto::GenerateRandomBlock(void *to, int size) {
    local_steam_host.random(static_cast<uint8_t *>(to), static_cast<size_t>(size));
}

void CCrypto::GenerateSHA256Digest(const void *data, size_t size, SHA256Digest_t *digest) {
    local_steam_host.sha256(Bytes(data), size, *digest);
}

void CCrypto::GenerateMD5Digest(const void *data, size_t size, MD5Digest_t *digest) {
    local_steam_host.md5(Bytes(data), size, *digest);
}

void CCrypto::GenerateHMAC256(const uint8 *data, uint32 size, const uint8 *key, uint32 key_size,
                              SHA256Digest_t *digest) {
    local_steam_host.hmac_sha256(key, key_size, data, size, *digest);
}

void CCrypto::GenerateHMAC(const uint8 *data, uint32 size, const uint8 *key, uint32 key_size, SHADigest_t *digest) {
    local_steam_host.hmac_sha1(key, key_size, data, size, *digest);
}

SymmetricCryptContextBase::SymmetricCryptContextBase() : m_ctx(nullptr), m_cbIV(0), m_cbTag(0) {}

void SymmetricCryptContextBase::Wipe() {
    if (m_ctx) local_steam_host.free_cipher(m_ctx);
    m_ctx = nullptr;
    m_cbIV = m_cbTag = 0;
}

bool AES_GCM_CipherContext::InitCipher(const void *key, size_t key_size, size_t nonce_size, size_t tag_size, bool) {
    Wipe();
    if (nonce_size != kNonce || tag_size != kTag) return false;
    m_ctx = local_steam_host.cipher(Bytes(key), key_size);
    m_cbIV = kNonce;
    m_cbTag = kTag;
    return m_ctx != nullptr;
}

bool AES_GCM_EncryptContext::Encrypt(const void *plain, size_t plain_size, const void *nonce, void *sealed,
                                     uint32 *sealed_size, const void *authenticated, size_t authenticated_size) {
    if (!m_ctx || *sealed_size < kTag || plain_size > *sealed_size - kTag) return false;
    *sealed_size = static_cast<uint32>(plain_size + kTag);
    return local_steam_host.seal(m_ctx, Bytes(nonce), Bytes(authenticated), authenticated_size, Bytes(plain),
                                 plain_size, static_cast<uint8_t *>(sealed));
}

bool AES_GCM_DecryptContext::Decrypt(const void *sealed, size_t sealed_size, const void *nonce, void *plain,
                                     uint32 *plain_size, const void *authenticated, size_t authenticated_size) {
    if (!m_ctx || sealed_size < kTag || sealed_size - kTag > *plain_size) return false;
    *plain_size = static_cast<uint32>(sealed_size - kTag);
    return local_steam_host.open(m_ctx, Bytes(nonce), Bytes(authenticated), authenticated_size, Bytes(sealed),
                                 sealed_size, static_cast<uint8_t *>(plain));
}

bool CCrypto::SymmetricAuthEncryptWithIV(const void *plain, size_t plain_size, const void *nonce, size_t nonce_size,
                                         void *sealed, uint32 *sealed_size, const void *key, size_t key_size,
                                         const void *authenticated, size_t authenticated_size, size_t tag_size) {
    AES_GCM_EncryptContext context;
    return context.Init(key, key_size, nonce_size, tag_size) &&
           context.Encrypt(plain, plain_size, nonce, sealed, sealed_size, authenticated, authenticated_size);
}

bool CCrypto::SymmetricAuthDecryptWithIV(const void *sealed, size_t sealed_size, const void *nonce, size_t nonce_size,
                                         void *plain, uint32 *plain_size, const void *key, size_t key_size,
                                         const void *authenticated, size_t authenticated_size, size_t tag_size) {
    AES_GCM_DecryptContext context;
    return context.Init(key, key_size, nonce_size, tag_size) &&
           context.Decrypt(sealed, sealed_size, nonce, plain, plain_size, authenticated, authenticated_size);
}
