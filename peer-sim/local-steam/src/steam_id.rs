//! The two kinds of Steam ID that occur here: people and lobbies.

/// Universe 1 (public), type 1 (individual), instance 1 (desktop), account 0.
const FIRST_USER: u64 = 76_561_197_960_265_728;

/// Universe 1 (public), type 8 (chat), with the instance bits of a matchmaking lobby.
const FIRST_LOBBY: u64 = 0x0186_0000_0000_0000;

/// The Steam ID of an account number.
pub(crate) fn user(account: u32) -> u64 {
    FIRST_USER + u64::from(account)
}

/// The account number of a person's Steam ID; `None` for lobbies and everything else.
pub(crate) fn account_of(steam_id: u64) -> Option<u32> {
    let account = u32::try_from(steam_id.checked_sub(FIRST_USER)?).ok()?;
    (account != 0).then_some(account)
}

/// The Steam ID of the lobby with this row number.
pub(crate) fn lobby(number: u32) -> u64 {
    FIRST_LOBBY + u64::from(number)
}

/// The row number of a lobby's Steam ID; `None` for people and everything else.
pub(crate) fn lobby_number(steam_id: u64) -> Option<u32> {
    let number = u32::try_from(steam_id.checked_sub(FIRST_LOBBY)?).ok()?;
    (number != 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_lobbies_do_not_overlap() {
        assert_eq!(account_of(user(7)), Some(7));
        assert_eq!(lobby_number(lobby(9)), Some(9));
        assert_eq!(account_of(lobby(9)), None);
        assert_eq!(lobby_number(user(7)), None);
        assert_eq!(account_of(0), None);
        assert_eq!(account_of(user(0)), None);
    }
}
