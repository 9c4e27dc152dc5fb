//! Datagrams between the processes of one network: a Unix socket per account, in the network's directory.
//!
//! Datagrams may get lost (the kernel keeps only a few per receiver), as signals through Steam may; whoever sends
//! one repeats it or looks again later. Nothing here blocks a sender.

use std::fs::{self, File};
use std::io;
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// What a datagram is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// A rendezvous signal of the networking sockets, to be handed to them.
    Signal = 1,
    /// A lobby has changed; the database says how.
    Wake = 2,
}

/// A datagram, as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Datagram {
    /// What it is about.
    pub kind: Kind,
    /// Who sent it.
    pub from: u32,
    /// Which run of the sender: another number each time it starts.
    pub instance: u64,
    /// What it says.
    pub body: Vec<u8>,
}

/// Marks a datagram as ours, in this layout.
const MAGIC: [u8; 4] = *b"LSt1";
const HEADER: usize = MAGIC.len() + 1 + 4 + 8;

/// Largest datagram, several times the largest signal.
const MAX_LETTER: usize = 16 * 1024;

/// The address space of a Unix socket, its ending NUL excluded, on every system that has them.
const MAX_PATH: usize = 103;

/// The socket of one process.
#[derive(Debug)]
pub(crate) struct Mailbox {
    account: u32,
    instance: u64,
    incoming: UnixDatagram,
    outgoing: UnixDatagram,
    dir: Address,
}

impl Mailbox {
    /// Opens the mailbox of an account. The caller has claimed it, so a socket of that name that is there
    /// already belongs to a process that is dead.
    pub(crate) fn open(dir: &Path, account: u32, instance: u64) -> io::Result<Self> {
        let outgoing = UnixDatagram::unbound()?;
        outgoing.set_nonblocking(true)?;
        let dir = Address::new(dir)?;
        match fs::remove_file(dir.of(account)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let incoming = UnixDatagram::bind(dir.of(account))?;
        Ok(Self { account, instance, incoming, outgoing, dir })
    }

    /// Sends a datagram. That nobody is there, or that their box is full, is no error: a signal through Steam
    /// does not tell either.
    pub(crate) fn send(&self, to: u32, kind: Kind, body: &[u8]) {
        if HEADER + body.len() > MAX_LETTER {
            return;
        }
        let mut datagram = Vec::with_capacity(HEADER + body.len());
        datagram.extend_from_slice(&MAGIC);
        datagram.push(kind as u8);
        datagram.extend_from_slice(&self.account.to_le_bytes());
        datagram.extend_from_slice(&self.instance.to_le_bytes());
        datagram.extend_from_slice(body);
        let _ = self.outgoing.send_to(&datagram, self.dir.of(to));
    }

    /// Waits for the next datagram; `None` once the mailbox is closed.
    pub(crate) fn receive(&self) -> Option<Datagram> {
        let mut buffer = [0; MAX_LETTER];
        loop {
            match self.incoming.recv(&mut buffer) {
                // What `close` causes. A datagram is never empty.
                Ok(0) => return None,
                Ok(length) => {
                    if let Some(datagram) = parse(&buffer[..length]) {
                        return Some(datagram);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }

    /// The next datagram if one is there already.
    pub(crate) fn receive_now(&self) -> Option<Datagram> {
        let mut buffer = [0; MAX_LETTER];
        // SAFETY: the descriptor is ours and open, and the buffer is writable for the length given.
        let length = unsafe {
            libc::recv(
                self.incoming.as_raw_fd(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                libc::MSG_DONTWAIT,
            )
        };
        parse(buffer.get(..usize::try_from(length).ok()?)?)
    }

    /// Whose it is.
    pub(crate) fn account(&self) -> u32 {
        self.account
    }

    /// Ends every `receive`, now and later.
    pub(crate) fn close(&self) {
        let _ = self.incoming.shutdown(Shutdown::Both);
        let _ = fs::remove_file(self.dir.of(self.account));
    }
}

fn parse(datagram: &[u8]) -> Option<Datagram> {
    let (header, body) = datagram.split_at_checked(HEADER)?;
    let (magic, header) = header.split_at(MAGIC.len());
    if magic != MAGIC {
        return None;
    }
    let kind = match header[0] {
        1 => Kind::Signal,
        2 => Kind::Wake,
        _ => return None,
    };
    Some(Datagram {
        kind,
        from: u32::from_le_bytes(header[1..5].try_into().ok()?),
        instance: u64::from_le_bytes(header[5..13].try_into().ok()?),
        body: body.to_vec(),
    })
}

/// Names sockets in a directory, also where its path is longer than a socket's address may be.
#[derive(Debug)]
struct Address {
    dir: PathBuf,
    /// Keeps the directory open while `dir` names it by this handle.
    _handle: Option<File>,
}

impl Address {
    fn new(dir: &Path) -> io::Result<Self> {
        let longest = format!("{}.box", u32::MAX);
        if dir.as_os_str().as_bytes().len() + 1 + longest.len() <= MAX_PATH {
            return Ok(Self { dir: dir.to_owned(), _handle: None });
        }
        if !cfg!(target_os = "linux") {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "LOCAL_STEAM_DIR is too long for the sockets in it",
            ));
        }
        let handle = File::open(dir)?;
        let dir = PathBuf::from(format!("/proc/self/fd/{}", handle.as_raw_fd()));
        Ok(Self { dir, _handle: Some(handle) })
    }

    fn of(&self, account: u32) -> PathBuf {
        self.dir.join(format!("{account}.box"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(dir: &Path) {
        let alice = Mailbox::open(dir, 1, 10).unwrap();
        let bob = Mailbox::open(dir, 2, 20).unwrap();
        alice.send(2, Kind::Signal, b"hello");
        alice.send(3, Kind::Wake, b"nobody there");
        assert_eq!(
            bob.receive(),
            Some(Datagram { kind: Kind::Signal, from: 1, instance: 10, body: b"hello".to_vec() })
        );
        assert_eq!(bob.receive_now(), None);
        bob.close();
        assert_eq!(bob.receive(), None);
        alice.send(2, Kind::Wake, b"");
        // The box of a dead process, left behind, is replaced.
        drop(alice);
        let alice = Mailbox::open(dir, 1, 11).unwrap();
        alice.send(1, Kind::Wake, b"");
        assert_eq!(alice.receive().map(|datagram| datagram.instance), Some(11));
    }

    #[test]
    fn datagrams_arrive() {
        exchange(tempfile::tempdir().unwrap().path());
    }

    #[test]
    fn datagrams_arrive_below_a_long_path() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("d".repeat(100)).join("e".repeat(100));
        fs::create_dir_all(&deep).unwrap();
        exchange(&deep);
    }

    #[test]
    fn foreign_datagrams_are_ignored() {
        assert_eq!(parse(b""), None);
        assert_eq!(parse(&[0; HEADER]), None);
        let mut unknown = MAGIC.to_vec();
        unknown.resize(HEADER, 9);
        assert_eq!(parse(&unknown), None);
    }
}
