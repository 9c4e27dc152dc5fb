//! What the sockets are given by this library (`native/host.h`): cryptography, and the line that datagrams go over.
//!
//! The functions are handed over in a structure: called by their names they would have to be exported, among Steam's.

use std::ffi::c_void;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hmac};

use crate::line_rate;

/// In the order of `LocalSteamHost`.
#[repr(C)]
struct Host {
    /// A cipher for a key of AES-256-GCM, or null if the key has another length.
    cipher: unsafe extern "C" fn(*const u8, usize) -> *mut c_void,
    free_cipher: unsafe extern "C" fn(*mut c_void),
    /// Encrypts into as many bytes, and 16 of authentication behind them.
    seal: unsafe extern "C" fn(*mut c_void, *const u8, *const u8, usize, *const u8, usize, *mut u8) -> bool,
    /// Decrypts, if the authentication is right.
    open: unsafe extern "C" fn(*mut c_void, *const u8, *const u8, usize, *const u8, usize, *mut u8) -> bool,
    sha256: unsafe extern "C" fn(*const u8, usize, *mut u8),
    hmac_sha256: unsafe extern "C" fn(*const u8, usize, *const u8, usize, *mut u8),
    hmac_sha1: unsafe extern "C" fn(*const u8, usize, *const u8, usize, *mut u8),
    md5: unsafe extern "C" fn(*const u8, usize, *mut u8),
    random: unsafe extern "C" fn(*mut u8, usize),
    /// Whether the line carries a datagram of that size now.
    carries: extern "C" fn(bool, usize) -> bool,
}

unsafe extern "C" {
    static mut local_steam_host: Host;
}

/// Hands everything over. Before the sockets start, and not while they run.
pub(super) fn lend() {
    let host = Host { cipher, free_cipher, seal, open, sha256, hmac_sha256, hmac_sha1, md5, random, carries };
    // SAFETY: the variable has this layout, and nothing reads it before the sockets start.
    unsafe { (&raw mut local_steam_host).write(host) };
}

/// Bytes that the sockets pass: where there are none, the pointer may be null.
///
/// # Safety
/// `data` is readable for `size` bytes as long as the result is used, unless `size` is 0.
unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if size == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(data, size) }
}

/// # Safety
/// `key` is readable for `size` bytes.
unsafe extern "C" fn cipher(key: *const u8, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise.
    UnboundKey::new(&AES_256_GCM, unsafe { bytes(key, size) })
        .map_or(std::ptr::null_mut(), |key| Box::into_raw(Box::new(LessSafeKey::new(key))).cast())
}

/// # Safety
/// `cipher` comes from [`cipher`] and is not used again.
unsafe extern "C" fn free_cipher(cipher: *mut c_void) {
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(cipher.cast::<LessSafeKey>()) });
}

/// The 12 bytes that the sockets pass, another each time.
///
/// # Safety
/// `nonce` is readable for so many.
unsafe fn nonce(nonce: *const u8) -> Nonce {
    // SAFETY: the caller's promise; bytes are aligned everywhere.
    Nonce::assume_unique_for_key(unsafe { nonce.cast::<[u8; NONCE_LEN]>().read() })
}

/// # Safety
/// `cipher` comes from [`cipher`]; `n` has 12 bytes, and `sealed` has room for `size` and 16.
unsafe extern "C" fn seal(
    cipher: *mut c_void,
    n: *const u8,
    authenticated: *const u8,
    authenticated_size: usize,
    plain: *const u8,
    size: usize,
    sealed: *mut u8,
) -> bool {
    // SAFETY: the caller's promises. The buffers may be one and the same: `copy` allows it, and the only slice of
    // `sealed` is made after it.
    unsafe {
        let key = &*cipher.cast::<LessSafeKey>();
        let authenticated = Aad::from(bytes(authenticated, authenticated_size));
        std::ptr::copy(plain, sealed, size);
        let text = std::slice::from_raw_parts_mut(sealed, size);
        let Ok(tag) = key.seal_in_place_separate_tag(nonce(n), authenticated, text) else { return false };
        std::ptr::copy_nonoverlapping(tag.as_ref().as_ptr(), sealed.add(size), tag.as_ref().len());
    }
    true
}

/// # Safety
/// `cipher` comes from [`cipher`]; `n` has 12 bytes, `sealed` has `size`, which is 16 at least, and `plain` room for
/// 16 fewer.
unsafe extern "C" fn open(
    cipher: *mut c_void,
    n: *const u8,
    authenticated: *const u8,
    authenticated_size: usize,
    sealed: *const u8,
    size: usize,
    plain: *mut u8,
) -> bool {
    const TAG: usize = 16;
    // SAFETY: the caller's promises; about the buffers as in `seal`.
    unsafe {
        let key = &*cipher.cast::<LessSafeKey>();
        let authenticated = Aad::from(bytes(authenticated, authenticated_size));
        let tag = Tag::from(sealed.add(size - TAG).cast::<[u8; TAG]>().read());
        std::ptr::copy(sealed, plain, size - TAG);
        let text = std::slice::from_raw_parts_mut(plain, size - TAG);
        key.open_in_place_separate_tag(nonce(n), authenticated, tag, text, 0..).is_ok()
    }
}

/// # Safety
/// `data` is readable for `size` bytes, `result` writable for 32.
unsafe extern "C" fn sha256(data: *const u8, size: usize, result: *mut u8) {
    // SAFETY: the caller's promises.
    unsafe { put(digest::digest(&digest::SHA256, bytes(data, size)).as_ref(), result) }
}

/// # Safety
/// `key` and `data` are readable for their sizes, `result` writable for 32 bytes.
unsafe extern "C" fn hmac_sha256(
    key: *const u8,
    key_size: usize,
    data: *const u8,
    size: usize,
    result: *mut u8,
) {
    // SAFETY: the caller's promises.
    unsafe {
        let key = hmac::Key::new(hmac::HMAC_SHA256, bytes(key, key_size));
        put(hmac::sign(&key, bytes(data, size)).as_ref(), result);
    }
}

/// What STUN has its messages signed with.
///
/// # Safety
/// `key` and `data` are readable for their sizes, `result` writable for 20 bytes.
unsafe extern "C" fn hmac_sha1(
    key: *const u8,
    key_size: usize,
    data: *const u8,
    size: usize,
    result: *mut u8,
) {
    // SAFETY: the caller's promises.
    unsafe {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, bytes(key, key_size));
        put(hmac::sign(&key, bytes(data, size)).as_ref(), result);
    }
}

/// What TURN makes its keys with.
///
/// # Safety
/// `data` is readable for `size` bytes, `result` writable for 16.
unsafe extern "C" fn md5(data: *const u8, size: usize, result: *mut u8) {
    // SAFETY: the caller's promises.
    unsafe { put(&md5::compute(bytes(data, size)).0, result) }
}

/// # Safety
/// `to` is writable for `size` bytes.
unsafe extern "C" fn random(to: *mut u8, size: usize) {
    if size != 0 {
        // SAFETY: the caller's promise.
        let to = unsafe { std::slice::from_raw_parts_mut(to, size) };
        // Keys that everyone knows would be worse than no process.
        SystemRandom::new().fill(to).unwrap_or_else(|_| std::process::abort());
    }
}

extern "C" fn carries(is_sending: bool, size: usize) -> bool {
    if is_sending { line_rate::SENDING.carries(size) } else { line_rate::RECEIVING.carries(size) }
}

/// # Safety
/// `to` is writable for as many bytes as `from` has.
unsafe fn put(from: &[u8], to: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to, from.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published example of AES-256-GCM with a 12-byte nonce and authenticated data (NIST's test case 16).
    #[test]
    fn what_is_sealed_is_what_others_seal_and_opens_again() {
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
        };
        let key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let iv = hex("cafebabefacedbaddecaf888");
        let aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = hex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
             b16aedf5aa0de657ba637b39",
        );
        let expected = hex(
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
             c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
        );
        // SAFETY: the buffers have the sizes that the functions ask for, and the cipher is freed once.
        unsafe {
            assert!(cipher(key.as_ptr(), 16).is_null());
            let context = cipher(key.as_ptr(), key.len());
            let mut sealed = vec![0; plain.len() + 16];
            let (size, to) = (plain.len(), sealed.as_mut_ptr());
            assert!(seal(context, iv.as_ptr(), aad.as_ptr(), aad.len(), plain.as_ptr(), size, to));
            assert_eq!(sealed, expected);
            let mut opened = vec![0; plain.len()];
            let from = sealed.as_mut_ptr();
            let to = opened.as_mut_ptr();
            assert!(open(context, iv.as_ptr(), aad.as_ptr(), aad.len(), from, size + 16, to));
            assert_eq!(opened, plain);
            sealed[0] ^= 1;
            let from = sealed.as_mut_ptr();
            assert!(!open(context, iv.as_ptr(), aad.as_ptr(), aad.len(), from, size + 16, to));
            free_cipher(context);
        }
    }
}
