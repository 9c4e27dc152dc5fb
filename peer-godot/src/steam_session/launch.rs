//! How the game was started.

use godot::prelude::*;

use super::SteamSession;
use crate::errors::{BadArgument, outcome};

#[godot_api(secondary)]
impl SteamSession {
    /// Returns the lobby for which Steam has started the game, after the local user accepted an invitation or chose to join
    /// a friend while the game was closed; 0 if it was started otherwise. Call [method join_lobby] to go there.
    ///
    /// Steam says so by [code]+connect_lobby[/code] on the command line, or, if the game's settings on Steam ask for that,
    /// in a way of its own that needs [method initialize] before.
    #[func]
    fn get_launch_lobby(&self) -> i64 {
        peer_steam::launch_lobby().map_or(0, crate::ids::ToInt::to_int)
    }

    /// Has Steam start the game anew if it was started in another way, such as by its executable. If this returns
    /// [code]true[/code], quit at once: the game comes up again from Steam. To be called before [method initialize].
    ///
    /// Returns [code]false[/code] if there is no need: Steam has started the game, a file [code]steam_appid.txt[/code] is
    /// in the working directory, or Steam's library is missing. Do not call it in a game that runs from the editor
    /// ([code]OS.has_feature("editor")[/code]).
    #[func]
    fn restart_app_if_necessary(&self, app_id: i64) -> bool {
        if let Ok(app_id @ 1..) = u32::try_from(app_id) {
            return peer_steam::restart_app_if_necessary(app_id);
        }
        let error = BadArgument("the app id must be 1 to 4294967295");
        outcome("restart_app_if_necessary", Err(error));
        false
    }
}
