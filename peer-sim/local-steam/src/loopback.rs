//! Lets the networking sockets work over the loopback interface alone (Linux).
//!
//! To find routes between peers they collect the addresses of the machine's interfaces, and pass over
//! everything below 127, which no other machine could reach. Here there is no other machine. So they are
//! shown a single address, [`SHOWN`], and wherever it occurs in their socket calls the kernel gets 127.0.0.1
//! instead, and the other way round. No interface is needed but `lo`, no packet leaves the machine, and a
//! network that comes or goes changes nothing.
//!
//! The linker routes the calls of everything inside this library through the functions here (`build.rs`). They
//! are hidden: the game's own calls, and other libraries', stay what they are. Calls that do not concern the
//! address (all of Rust's own) pass through unaltered.

use std::mem::size_of;
use std::net::Ipv4Addr;

use libc::{c_char, c_int, c_void, ifaddrs, msghdr, sockaddr, sockaddr_in, socklen_t, ssize_t};

use crate::line_rate;

/// The address that the networking sockets know. Private, as a neighbour's in a house would be.
pub(crate) const SHOWN: Ipv4Addr = Ipv4Addr::new(10, 76, 83, 1);

/// What the kernel knows.
const REAL: Ipv4Addr = Ipv4Addr::LOCALHOST;

unsafe extern "C" {
    fn __real_bind(socket: c_int, address: *const sockaddr, length: socklen_t) -> c_int;
    fn __real_freeifaddrs(list: *mut ifaddrs);
    fn __real_getsockname(socket: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int;
    fn __real_recvmsg(socket: c_int, message: *mut msghdr, flags: c_int) -> ssize_t;
    fn __real_sendmsg(socket: c_int, message: *const msghdr, flags: c_int) -> ssize_t;
    fn __real_sendto(
        socket: c_int,
        data: *const c_void,
        size: usize,
        flags: c_int,
        address: *const sockaddr,
        length: socklen_t,
    ) -> ssize_t;
}

// A `no_mangle` function of a cdylib is exported. The linker gives a symbol the strictest visibility that any
// object states, so stating it here keeps these out of the library's interface.
std::arch::global_asm!(
    ".hidden __wrap_bind",
    ".hidden __wrap_freeifaddrs",
    ".hidden __wrap_getifaddrs",
    ".hidden __wrap_getsockname",
    ".hidden __wrap_recvmsg",
    ".hidden __wrap_sendmsg",
    ".hidden __wrap_sendto",
);

fn to_network(address: Ipv4Addr) -> u32 {
    u32::from(address).to_be()
}

/// `address` as an IPv4 socket address, if it is one that holds `expected`.
///
/// # Safety
/// `address` is null or readable for `length` bytes.
unsafe fn holding(address: *const sockaddr, length: socklen_t, expected: Ipv4Addr) -> Option<sockaddr_in> {
    if address.is_null() || (length as usize) < size_of::<sockaddr_in>() {
        return None;
    }
    // SAFETY: not null and long enough; a `sockaddr_in` is plain integers. Callers in C align it, but nothing
    // is lost by not relying on that.
    let address = unsafe { address.cast::<sockaddr_in>().read_unaligned() };
    let matches =
        c_int::from(address.sin_family) == libc::AF_INET && address.sin_addr.s_addr == to_network(expected);
    matches.then_some(address)
}

fn with(mut address: sockaddr_in, replaced: Ipv4Addr) -> sockaddr_in {
    address.sin_addr.s_addr = to_network(replaced);
    address
}

const LENGTH: socklen_t = size_of::<sockaddr_in>() as socklen_t;

/// # Safety
/// That of `bind`.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_bind(socket: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
    // SAFETY: the caller's arguments, or a copy of what they point to that lives until the call returns.
    unsafe {
        match holding(address, length, SHOWN) {
            Some(shown) => __real_bind(socket, std::ptr::from_ref(&with(shown, REAL)).cast(), LENGTH),
            None => __real_bind(socket, address, length),
        }
    }
}

/// # Safety
/// That of `getsockname`.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_getsockname(
    socket: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> c_int {
    // SAFETY: the caller's arguments. After success the kernel has written `*length` bytes to `address`, or as
    // many as there was room for; the address is only written back where a whole one was read.
    unsafe {
        let room = *length;
        let result = __real_getsockname(socket, address, length);
        if result == 0 {
            show(address, (*length).min(room));
        }
        result
    }
}

/// Replaces the real address by the shown one, in place.
///
/// # Safety
/// `address` is null or readable and writable for `length` bytes.
unsafe fn show(address: *mut sockaddr, length: socklen_t) {
    // SAFETY: the caller's promise; `holding` has checked that a `sockaddr_in` fits.
    unsafe {
        if let Some(real) = holding(address, length, REAL) {
            address.cast::<sockaddr_in>().write_unaligned(with(real, SHOWN));
        }
    }
}

/// # Safety
/// That of `sendto`.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_sendto(
    socket: c_int,
    data: *const c_void,
    size: usize,
    flags: c_int,
    address: *const sockaddr,
    length: socklen_t,
) -> ssize_t {
    // SAFETY: the caller's arguments, or a copy of what they point to that lives until the call returns.
    unsafe {
        match holding(address, length, SHOWN) {
            // A full line drops it, and the sender does not know.
            Some(_) if !line_rate::SENDING.carries(size) => size as ssize_t,
            Some(shown) => {
                let real = with(shown, REAL);
                __real_sendto(socket, data, size, flags, std::ptr::from_ref(&real).cast(), LENGTH)
            }
            None => __real_sendto(socket, data, size, flags, address, length),
        }
    }
}

/// # Safety
/// That of `sendmsg`.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_sendmsg(socket: c_int, message: *const msghdr, flags: c_int) -> ssize_t {
    // SAFETY: the caller's arguments, or copies of what they point to that live until the call returns.
    unsafe {
        match holding((*message).msg_name.cast(), (*message).msg_namelen, SHOWN) {
            Some(_) if !line_rate::SENDING.carries(size(message)) => size(message) as ssize_t,
            Some(shown) => {
                let mut real = with(shown, REAL);
                let mut altered = *message;
                altered.msg_name = std::ptr::from_mut(&mut real).cast();
                altered.msg_namelen = LENGTH;
                __real_sendmsg(socket, &altered, flags)
            }
            None => __real_sendmsg(socket, message, flags),
        }
    }
}

/// # Safety
/// That of `recvmsg`.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_recvmsg(socket: c_int, message: *mut msghdr, flags: c_int) -> ssize_t {
    // SAFETY: the caller's arguments. As in `__wrap_getsockname`.
    unsafe {
        let room = (*message).msg_namelen;
        loop {
            (*message).msg_namelen = room;
            let received = __real_recvmsg(socket, message, flags);
            let Ok(size) = usize::try_from(received) else { return received };
            let (address, length) = ((*message).msg_name.cast(), (*message).msg_namelen.min(room));
            let is_a_peers = holding(address, length, REAL).is_some();
            show(address, length);
            if !is_a_peers || line_rate::RECEIVING.carries(size) {
                return received;
            }
        }
    }
}

/// How many bytes a message has.
///
/// # Safety
/// `message` is what `sendmsg` takes.
unsafe fn size(message: *const msghdr) -> usize {
    // SAFETY: the caller's promise: so many parts are there.
    let parts = unsafe { std::slice::from_raw_parts((*message).msg_iov, (*message).msg_iovlen) };
    parts.iter().map(|part| part.iov_len).sum()
}

/// The list of interfaces that the networking sockets see. It lives as long as the process.
struct Interfaces {
    entry: ifaddrs,
    address: sockaddr_in,
    mask: sockaddr_in,
    name: [c_char; 3],
}

// SAFETY: the pointers in it point to itself and are only read.
unsafe impl Sync for Interfaces {}
// SAFETY: as above; it does not belong to a thread.
unsafe impl Send for Interfaces {}

static INTERFACES: std::sync::OnceLock<&'static Interfaces> = std::sync::OnceLock::new();

fn interfaces() -> *mut ifaddrs {
    let interfaces = INTERFACES.get_or_init(|| {
        // SAFETY: plain integers and pointers, for which zero is a value.
        let (entry, any): (ifaddrs, sockaddr_in) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
        let any = sockaddr_in { sin_family: libc::AF_INET as libc::sa_family_t, ..any };
        let interfaces = Box::leak(Box::new(Interfaces {
            entry,
            address: with(any, SHOWN),
            mask: with(any, Ipv4Addr::new(255, 255, 255, 0)),
            name: [b'l' as c_char, b'o' as c_char, 0],
        }));
        interfaces.entry.ifa_name = interfaces.name.as_mut_ptr();
        interfaces.entry.ifa_flags = (libc::IFF_UP | libc::IFF_RUNNING) as u32;
        interfaces.entry.ifa_addr = std::ptr::from_mut(&mut interfaces.address).cast();
        interfaces.entry.ifa_netmask = std::ptr::from_mut(&mut interfaces.mask).cast();
        interfaces
    });
    std::ptr::from_ref(&interfaces.entry).cast_mut()
}

/// # Safety
/// That of `getifaddrs`.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_getifaddrs(list: *mut *mut ifaddrs) -> c_int {
    // SAFETY: the caller's pointer, which may be written to.
    unsafe { *list = interfaces() };
    0
}

/// # Safety
/// That of `freeifaddrs`.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_freeifaddrs(list: *mut ifaddrs) {
    if list != interfaces() {
        // SAFETY: not ours, so it is from the real function.
        unsafe { __real_freeifaddrs(list) }
    }
}
