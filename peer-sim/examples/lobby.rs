//! A lobby of four on a bad network, in simulated time: what each player is told, as it happens.
//!
//! `cargo run -p peer-sim --example lobby`

use std::time::Duration;

use peer_core::{Channel, Event, Lobby, PutError, Session, SteamId, Target, Time, TransferMode};
use peer_sim::{LinkSettings, Network, SimTransport};

const PLAYERS: [&str; 4] = ["host", "anna", "ben", "cleo"];
const FRAME: Duration = Duration::from_millis(16);

fn main() -> Result<(), PutError> {
    let network = Network::new(2026);
    network.set_default_link(LinkSettings {
        loss: 0.10,
        jitter: Duration::from_millis(20),
        ..LinkSettings::with_latency(Duration::from_millis(50))
    });
    println!("10 % loss, 50 to 70 ms each way\n");

    let id = network.create_lobby(steam_id(0));
    let mut players: Vec<_> = (0..PLAYERS.len())
        .map(|player| {
            network.join_lobby(id, steam_id(player));
            Session::new(network.endpoint(steam_id(player)), player as u64)
        })
        .collect();
    network.advance(Duration::from_secs(1));
    for (player, session) in players.iter_mut().enumerate() {
        let members = network.lobby_roster(id, steam_id(player));
        let lobby = Lobby { id, owner: steam_id(0), members };
        let started = if player == 0 {
            session.host_with_lobby(&lobby, network.now())
        } else {
            session.connect_to_lobby(&lobby, network.now())
        };
        started.expect("everyone is in the lobby");
    }
    Heard::default().run(&network, &mut players, Duration::from_secs(3));

    println!("\nanna sends 3 MB of reliable packets in one frame, then two unreliable packets a frame");
    for _ in 0..3072 {
        players[1].put(Target::All, Channel::ZERO, TransferMode::Reliable, &[7; 1024])?;
    }
    let mut heard = Heard::default();
    for _ in 0..800 {
        for mode in [TransferMode::Unreliable, TransferMode::UnreliableOrdered] {
            players[1].put(Target::All, Channel::ZERO, mode, &[7; 64])?;
        }
        heard.run(&network, &mut players, FRAME);
    }
    heard.print();

    println!("\nanna puts a last word and closes; cleo's process is killed");
    players[1].put(Target::All, Channel::ZERO, TransferMode::Reliable, b"good game")?;
    players[1].close(network.now());
    network.kill(steam_id(3));
    let mut heard = Heard::default();
    heard.run(&network, &mut players, Duration::from_secs(12));
    heard.print();
    Ok(())
}

fn steam_id(player: usize) -> SteamId {
    SteamId(76_561_197_960_265_728 + player as u64)
}

fn name(steam_id: SteamId) -> &'static str {
    (0..PLAYERS.len())
        .find(|&player| self::steam_id(player) == steam_id)
        .map_or("?", |player| PLAYERS[player])
}

/// How many packets of each mode each player has heard.
#[derive(Default)]
struct Heard([[u32; 3]; PLAYERS.len()]);

impl Heard {
    /// Runs everyone's game, and prints what each is told.
    fn run(&mut self, network: &Network, players: &mut [Session<SimTransport>], duration: Duration) {
        let until = network.now() + duration;
        while network.now() < until {
            for (player, session) in players.iter_mut().enumerate() {
                session.poll(network.now());
                while let Some(event) = session.next_event() {
                    tell(network.now(), PLAYERS[player], session, &event);
                }
                while let Some(packet) = session.pop() {
                    self.0[player][packet.mode as usize] += 1;
                }
                session.flush();
            }
            network.advance(FRAME);
        }
    }

    fn print(&self) {
        for (player, [reliable, unreliable, ordered]) in PLAYERS.iter().zip(self.0) {
            if reliable > 0 {
                let unreliables = format!("{unreliable} unreliable, {ordered} unreliable ordered");
                println!("           {player:<4} heard {reliable} reliable, {unreliables}");
            }
        }
    }
}

fn tell(now: Time, player: &str, session: &Session<SimTransport>, event: &Event) {
    let millis = now.as_micros() / 1000;
    let who = |id| session.steam_id_for_peer_id(id).map_or("", name);
    match event {
        Event::PeerConnected(id) => println!("{millis:>7} ms {player:<4} peer_connected({id}) {}", who(*id)),
        Event::PeerDisconnected(id) => println!("{millis:>7} ms {player:<4} peer_disconnected({id})"),
        Event::ConnectionEnded { steam_id, reason, .. } => {
            println!("{millis:>7} ms {player:<4} connection_ended({}, {reason})", name(*steam_id));
        }
        Event::RelayOverridden { server_relay } => {
            println!("{millis:>7} ms {player:<4} the host has server_relay {server_relay}");
        }
    }
}
