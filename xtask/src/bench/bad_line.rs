//! A bad line on purpose: Local Steam's settings for the one transport, and the same as a relay of datagrams for the other.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// What happens to every datagram, each way.
#[derive(Debug, Clone, Copy)]
pub(super) struct BadLine {
    pub(super) name: &'static str,
    pub(super) lag_ms: u32,
    pub(super) loss_percent: u32,
    /// Bytes a second, 0 for no bound: what comes faster is lost, but for a burst of a tenth of a second.
    pub(super) rate: u32,
}

pub(super) const LINES: [BadLine; 3] = [
    BadLine { name: "clean", lag_ms: 0, loss_percent: 0, rate: 0 },
    BadLine { name: "lossy", lag_ms: 25, loss_percent: 2, rate: 0 },
    BadLine { name: "narrow", lag_ms: 50, loss_percent: 0, rate: 1_000_000 },
];

/// How long a datagram is waited for before it is seen whether the relay is still wanted.
const PATIENCE: Duration = Duration::from_millis(100);

/// Larger than any datagram.
const MAX_DATAGRAM: usize = 65_536;

impl BadLine {
    pub(super) fn is_clean(&self) -> bool {
        self.lag_ms == 0 && self.loss_percent == 0 && self.rate == 0
    }

    /// For Local Steam, in the environment of one of the two processes.
    pub(super) fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("LOCAL_STEAM_LAG_MS", self.lag_ms.to_string()),
            ("LOCAL_STEAM_LOSS", self.loss_percent.to_string()),
            ("LOCAL_STEAM_RATE", self.rate.to_string()),
        ]
    }
}

/// A relay between one client and a port on this machine, until it is dropped.
#[derive(Debug)]
pub(super) struct Relay {
    pub(super) port: u16,
    is_over: Arc<AtomicBool>,
}

impl Relay {
    pub(super) fn new(line: BadLine, to_port: u16) -> io::Result<Self> {
        let front = UdpSocket::bind(("127.0.0.1", 0))?;
        let back = UdpSocket::bind(("127.0.0.1", 0))?;
        back.connect(("127.0.0.1", to_port))?;
        let port = front.local_addr()?.port();
        let is_over = Arc::new(AtomicBool::new(false));
        let client: Arc<Mutex<Option<SocketAddr>>> = Arc::default();
        let (lock, known) = (Arc::clone(&client), client);
        let (front_out, back_out) = (front.try_clone()?, back.try_clone()?);
        carry(line, &is_over, front, move |from, datagram| {
            *lock.lock().unwrap_or_else(PoisonError::into_inner) = Some(from);
            back_out.send(datagram)
        })?;
        carry(line, &is_over, back, move |_, datagram| {
            let client = *known.lock().unwrap_or_else(PoisonError::into_inner);
            client.map_or(Ok(0), |client| front_out.send_to(datagram, client))
        })?;
        Ok(Self { port, is_over })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// One direction: a thread that takes datagrams in and drops what the line loses, and one that passes them on in time.
fn carry(
    line: BadLine,
    is_over: &Arc<AtomicBool>,
    from: UdpSocket,
    pass_on: impl Fn(SocketAddr, &[u8]) -> io::Result<usize> + Send + 'static,
) -> io::Result<()> {
    from.set_read_timeout(Some(PATIENCE))?;
    let is_over = Arc::clone(is_over);
    let (sender, receiver) = mpsc::channel::<(Instant, SocketAddr, Vec<u8>)>();
    thread::spawn(move || {
        let (mut buffer, mut rng) = (vec![0; MAX_DATAGRAM], StdRng::seed_from_u64(1));
        let mut budget = Budget::default();
        while !is_over.load(Ordering::Relaxed) {
            // A port that nobody has opened yet is an error here, too: whoever waits for it tries again.
            let Ok((len, address)) = from.recv_from(&mut buffer) else { continue };
            let now = Instant::now();
            if rng.random_ratio(line.loss_percent, 100) || !budget.takes(len, line.rate, now) {
                continue;
            }
            let due = now + Duration::from_millis(line.lag_ms.into());
            if sender.send((due, address, buffer[..len].to_vec())).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, address, datagram) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            // What cannot be sent is lost, as on any line.
            drop(pass_on(address, &datagram));
        }
    });
    Ok(())
}

/// What a narrow line can carry at the moment, as Local Steam counts it.
#[derive(Debug, Default)]
struct Budget(Option<(Instant, f64)>);

impl Budget {
    #[allow(clippy::cast_precision_loss, reason = "the length of a datagram")]
    fn takes(&mut self, bytes: usize, rate: u32, now: Instant) -> bool {
        if rate == 0 {
            return true;
        }
        let (rate, bytes) = (f64::from(rate), bytes as f64);
        let burst = rate * 0.1;
        let left = self.0.map_or(burst, |(at, left)| (left + rate * (now - at).as_secs_f64()).min(burst));
        let fits = left >= bytes;
        self.0 = Some((now, if fits { left - bytes } else { left }));
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_passes_on_both_ways_in_its_own_time_and_loses_its_share() {
        let line = BadLine { name: "", lag_ms: 20, loss_percent: 50, rate: 0 };
        let host = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let relay = Relay::new(line, host.local_addr().unwrap().port()).unwrap();
        let client = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        for socket in [&host, &client] {
            socket.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        }
        let start = Instant::now();
        for number in 0..200 {
            client.send_to(&[number], ("127.0.0.1", relay.port)).unwrap();
        }
        let mut buffer = [0; 10];
        let mut receive = |socket: &UdpSocket| socket.recv_from(&mut buffer).ok().map(|(_, from)| from);
        let relayed = receive(&host).expect("a datagram of a hundred");
        assert!(start.elapsed() >= Duration::from_millis(20));
        let arrived = 1 + std::iter::from_fn(|| receive(&host)).count();
        assert!((50..150).contains(&arrived), "{arrived} of 200");
        for _ in 0..50 {
            host.send_to(&[1], relayed).unwrap();
        }
        assert_eq!(receive(&client).map(|from| from.port()), Some(relay.port));
    }

    #[test]
    fn a_narrow_line_takes_its_rate_and_a_burst() {
        let (mut budget, start) = (Budget::default(), Instant::now());
        let mut taken = |from: u64, to: u64| {
            let at = |ms| start + Duration::from_millis(ms);
            (from..to).filter(|&ms| budget.takes(1_000, 100_000, at(ms))).count()
        };
        assert_eq!([taken(0, 1_000), taken(5_000, 6_000)], [109, 109]);
    }
}
