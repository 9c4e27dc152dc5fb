//! Datagrams between the processes of one network: a UDP socket on the loopback interface for each account, whose port
//! stands in a file in the network's directory.
//!
//! Any process of the machine can write to such a socket. So every datagram is signed with the network's secret
//! ([`crate::folder`]), for the account that it is sent to; what is not is ignored. Datagrams may get lost, as signals
//! through Steam may; whoever sends one repeats it or looks again later. Nothing here blocks a sender.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use ring::hmac;

use crate::folder;

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
const MAGIC: [u8; 4] = *b"LSt2";
/// The magic, the kind, and who sent it.
const HEADER: usize = MAGIC.len() + 1 + 4 + 8;
/// Behind it all.
const SIGNATURE: usize = 32;

/// Largest datagram, several times the largest signal.
const MAX_LETTER: usize = 16 * 1024;

/// How many datagrams that are not believed are passed over at once.
const MOST_IGNORED: u32 = 100;

/// The socket of one process.
#[derive(Debug)]
pub(crate) struct Mailbox {
    account: u32,
    instance: u64,
    /// For the reading thread only, which has it wait or not.
    incoming: UdpSocket,
    outgoing: UdpSocket,
    own: SocketAddr,
    is_closed: AtomicBool,
    key: hmac::Key,
    dir: PathBuf,
}

impl Mailbox {
    /// Opens the mailbox of an account. The caller has claimed it, so a port that is written down already belongs to
    /// a process that is dead.
    pub(crate) fn open(dir: &Path, account: u32, instance: u64) -> io::Result<Self> {
        let incoming = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let outgoing = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        outgoing.set_nonblocking(true)?;
        let own = incoming.local_addr()?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &folder::secret(dir)?);
        folder::write(&path(dir, account), own.port().to_string().as_bytes())?;
        let is_closed = AtomicBool::new(false);
        Ok(Self { account, instance, incoming, outgoing, own, is_closed, key, dir: dir.to_owned() })
    }

    /// Sends a datagram. That nobody is there, or that their box is full, is no error: a signal through Steam
    /// does not tell either.
    pub(crate) fn send(&self, to: u32, kind: Kind, body: &[u8]) {
        if HEADER + body.len() + SIGNATURE > MAX_LETTER {
            return;
        }
        let port = fs::read_to_string(path(&self.dir, to)).ok().and_then(|port| port.parse::<u16>().ok());
        let Some(port) = port else { return };
        let mut datagram = Vec::with_capacity(HEADER + body.len() + SIGNATURE);
        datagram.extend_from_slice(&MAGIC);
        datagram.push(kind as u8);
        datagram.extend_from_slice(&self.account.to_le_bytes());
        datagram.extend_from_slice(&self.instance.to_le_bytes());
        datagram.extend_from_slice(body);
        let signature = hmac::sign(&self.key, &signed(to, &datagram));
        datagram.extend_from_slice(signature.as_ref());
        let _ = self.outgoing.send_to(&datagram, (Ipv4Addr::LOCALHOST, port));
    }

    /// Waits for the next datagram; `None` once the mailbox is closed.
    pub(crate) fn receive(&self) -> Option<Datagram> {
        self.incoming.set_nonblocking(false).ok()?;
        let mut buffer = [0; MAX_LETTER];
        while !self.is_closed.load(Ordering::Acquire) {
            match self.incoming.recv(&mut buffer) {
                Ok(length) => {
                    if let Some(datagram) = self.parse(&buffer[..length]) {
                        return Some(datagram);
                    }
                }
                // Windows reports a datagram over the size of the buffer as an error; nobody of ours sends one.
                Err(error) if is_passing(&error) => {}
                Err(_) => return None,
            }
        }
        None
    }

    /// The next datagram if one is there already. For the thread that calls [`receive`](Self::receive).
    pub(crate) fn receive_now(&self) -> Option<Datagram> {
        self.incoming.set_nonblocking(true).ok()?;
        let mut buffer = [0; MAX_LETTER];
        // Whoever floods us with what we do not believe does not keep us from what we have received.
        for _ in 0..MOST_IGNORED {
            match self.incoming.recv(&mut buffer) {
                Ok(length) => {
                    if let Some(datagram) = self.parse(&buffer[..length]) {
                        return Some(datagram);
                    }
                }
                Err(error) if is_passing(&error) => {}
                Err(_) => return None,
            }
        }
        None
    }

    /// Whose it is.
    pub(crate) fn account(&self) -> u32 {
        self.account
    }

    /// Ends every `receive`, now and later.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        let _ = fs::remove_file(path(&self.dir, self.account));
        // Whoever waits for a datagram gets one. If there is no room for it there are others to wake up by.
        let _ = self.outgoing.send_to(&[], self.own);
    }

    fn parse(&self, datagram: &[u8]) -> Option<Datagram> {
        let (content, signature) = datagram.split_last_chunk::<SIGNATURE>()?;
        hmac::verify(&self.key, &signed(self.account, content), signature).ok()?;
        let (header, body) = content.split_at_checked(HEADER)?;
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
}

/// What is signed: whom a datagram is for, and what it says.
fn signed(to: u32, content: &[u8]) -> Vec<u8> {
    [&to.to_le_bytes(), content].concat()
}

/// Whether the next datagram can be read all the same.
fn is_passing(error: &io::Error) -> bool {
    /// `WSAEMSGSIZE`: a datagram did not fit into the buffer.
    const TOO_LONG: i32 = 10_040;
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::ConnectionReset)
        || cfg!(windows) && error.raw_os_error() == Some(TOO_LONG)
}

/// The file that holds the port.
fn path(dir: &Path, account: u32) -> PathBuf {
    dir.join(format!("{account}.port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_arrive() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let alice = Mailbox::open(dir, 1, 10).unwrap();
        let bob = Mailbox::open(dir, 2, 20).unwrap();
        alice.send(2, Kind::Signal, b"hello");
        alice.send(3, Kind::Wake, b"nobody there");
        assert_eq!(
            bob.receive(),
            Some(Datagram { kind: Kind::Signal, from: 1, instance: 10, body: b"hello".to_vec() })
        );
        assert_eq!(bob.receive_now(), None);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| bob.receive());
            bob.close();
            assert_eq!(waits.join().unwrap(), None);
        });
        assert_eq!(bob.receive(), None);
        alice.send(2, Kind::Wake, b"");
        // The port of a dead process, left behind, is replaced.
        drop(alice);
        let alice = Mailbox::open(dir, 1, 11).unwrap();
        alice.send(1, Kind::Wake, b"");
        assert_eq!(alice.receive().map(|datagram| datagram.instance), Some(11));
    }

    #[test]
    fn only_members_of_the_network_are_believed_and_only_what_is_for_us() {
        let [ours, theirs] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let bob = Mailbox::open(ours.path(), 2, 20).unwrap();
        let carol = Mailbox::open(ours.path(), 3, 30).unwrap();
        // A stranger knows the port, but not the secret.
        let stranger = Mailbox::open(theirs.path(), 1, 10).unwrap();
        fs::copy(path(ours.path(), 2), path(theirs.path(), 2)).unwrap();
        stranger.send(2, Kind::Signal, b"let me in");
        // What was signed for someone else.
        fs::copy(path(ours.path(), 2), path(ours.path(), 9)).unwrap();
        carol.send(9, Kind::Signal, b"for another");
        for size in [0, HEADER + SIGNATURE, MAX_LETTER + 1] {
            stranger.outgoing.send_to(&vec![0; size], bob.own).unwrap();
        }
        carol.send(2, Kind::Signal, b"hello");
        assert_eq!(bob.receive().map(|datagram| datagram.body), Some(b"hello".to_vec()));
        assert_eq!(bob.receive_now(), None);
        // A flood of them ends at some point, for those that were received before.
        for _ in 0..MOST_IGNORED {
            stranger.outgoing.send_to(b"me", bob.own).unwrap();
        }
        carol.send(2, Kind::Signal, b"behind them");
        assert_eq!(bob.receive_now(), None);
        assert_eq!(bob.receive_now().map(|datagram| datagram.body), Some(b"behind them".to_vec()));
    }
}
