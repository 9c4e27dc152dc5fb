//! A scenario in play: its processes, their network, and the board where they leave word for each other.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use local_steam_harness::{Network, library, network};
use tempfile::TempDir;

use crate::player::Player;
use crate::project;
use crate::tools::TOOLS;

/// Longer than any scenario takes, however busy the machine is.
const TIMEOUT: Duration = Duration::from_mins(1);

/// How long to listen to one process at a time.
const TURN: Duration = Duration::from_millis(10);

/// Which library a process finds in Steam's place.
#[derive(Clone, Copy, Debug)]
enum Library {
    LocalSteam,
    /// Valve's own, which lies beside the addon's.
    Valves,
}

/// A scenario: `tests/project/scenarios/NAME.gd`.
#[derive(Debug)]
pub(crate) struct Game {
    scenario: String,
    library: Library,
    folder: TempDir,
    players: Vec<Player>,
    deadline: Instant,
}

/// Plays a scenario with these roles, all started at once. The accounts are 1, 2, and so on, in this order.
pub(crate) fn play(scenario: &str, roles: &[&str]) {
    let mut game = Game::new(scenario);
    for role in roles {
        game.start(role);
    }
    game.end();
}

impl Game {
    pub(crate) fn new(scenario: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        project::lay_out(&folder.path().join("project"));
        for name in ["board", "steam", "home"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let deadline = Instant::now() + TIMEOUT;
        Self {
            scenario: scenario.to_owned(),
            library: Library::LocalSteam,
            folder,
            players: Vec::new(),
            deadline,
        }
    }

    /// The same with Valve's own library, for which no Steam client runs.
    pub(crate) fn without_steam(scenario: &str) -> Self {
        Self { library: Library::Valves, ..Self::new(scenario) }
    }

    /// Where its project lies.
    pub(crate) fn project(&self) -> PathBuf {
        self.path("project")
    }

    /// Starts a process.
    pub(crate) fn start(&mut self, role: &str) {
        self.start_with(role, &[]);
    }

    /// The same with variables in its environment.
    pub(crate) fn start_with(&mut self, role: &str, env: &[(&str, &str)]) {
        self.launch(role, &[], env);
    }

    /// Starts a process with what Steam puts on its command line.
    pub(crate) fn start_by_steam(&mut self, role: &str, arguments: &[&str]) {
        self.launch(role, arguments, &[]);
    }

    /// Starts the editor with the project.
    pub(crate) fn start_editor(&mut self, role: &str) {
        self.launch(role, &["--editor"], &[]);
    }

    fn launch(&mut self, role: &str, options: &[&str], env: &[(&str, &str)]) {
        let account = u32::try_from(self.players.len() + 1).expect("a few players");
        let mut command = self.engine(account);
        command.args(options);
        command.arg("--").args([&self.scenario, role]).arg(self.path("board"));
        command.envs(env.iter().copied());
        self.players.push(Player::start(role, &mut command));
    }

    /// The engine, headless, in this game's project, and in its network under an account.
    pub(crate) fn engine(&self, account: u32) -> Command {
        let mut command = Command::new(&TOOLS.godot);
        command.args(["--headless", "--path"]).arg(self.project());
        match self.library {
            Library::LocalSteam => Network::in_folder(self.path("steam")).join(account, &mut command),
            // Valve's is found beside the addon's.
            Library::Valves => {
                network::forget_steam(&mut command);
                command.env_remove(library::search_variable()).env_remove(library::SETTING);
            }
        }
        // What the engine keeps for its user.
        for name in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env(name, self.path("home"));
        }
        command
    }

    /// Waits for what a process writes on the board; as the engine writes a value down.
    pub(crate) fn hear(&mut self, key: &str) -> String {
        let file = self.path("board").join(key);
        loop {
            if let Ok(said) = fs::read_to_string(&file) {
                return said;
            }
            for player in &mut self.players {
                player.listen(TURN);
            }
            let is_hopeless = self.players.iter().any(|player| player.transcript.is_broken())
                || self.players.iter().all(Player::has_ended);
            assert!(
                Instant::now() < self.deadline && !is_hopeless,
                "nobody said {key}\n{}",
                self.transcripts()
            );
        }
    }

    /// Leaves word for the processes; as the engine writes a value down.
    pub(crate) fn say(&self, key: &str, value: &str) {
        let file = self.path("board").join(key);
        let fresh = file.with_extension("new");
        fs::write(&fresh, value).expect("word on the board");
        fs::rename(fresh, file).expect("word on the board");
    }

    /// Kills the process that plays a role.
    pub(crate) fn kill(&mut self, role: &str) {
        let player = self.players.iter_mut().find(|player| player.role == role);
        player.expect("somebody in that role").kill();
    }

    /// Waits for the end of every process that was started up to now.
    pub(crate) fn wait(&mut self) {
        for player in &mut self.players {
            player.finish(self.deadline);
        }
    }

    /// The same. Panics with all that was printed if anything went wrong.
    pub(crate) fn end(mut self) {
        self.wait();
        let mut faults = String::new();
        for player in &self.players {
            for fault in player.faults() {
                writeln!(faults, "{}: {fault}", player.role).expect("a String takes everything");
            }
        }
        assert!(faults.is_empty(), "{}:\n{faults}\n{}", self.scenario, self.transcripts());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn transcripts(&self) -> String {
        let parts =
            self.players.iter().map(|player| format!("{} printed:\n{}", player.role, player.transcript));
        parts.collect::<Vec<_>>().join("\n")
    }
}
