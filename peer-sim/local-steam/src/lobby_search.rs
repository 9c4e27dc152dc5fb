//! Which lobbies a search finds: Steam's filters.

use crate::store::Lobby;

/// How many lobbies a search finds if the game does not say, and at most.
const MOST_RESULTS: usize = 50;

/// How many filters one search takes.
const MOST_FILTERS: usize = 64;

/// Steam's `ELobbyComparison`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// -2
    AtMost,
    /// -1
    Less,
    /// 0
    Equal,
    /// 1
    Greater,
    /// 2
    AtLeast,
    /// 3
    Different,
}

impl Comparison {
    /// From Steam's number.
    pub(crate) fn from_steam(number: i32) -> Option<Self> {
        Some(match number {
            -2 => Self::AtMost,
            -1 => Self::Less,
            0 => Self::Equal,
            1 => Self::Greater,
            2 => Self::AtLeast,
            3 => Self::Different,
            _ => return None,
        })
    }

    fn holds<T: Ord + ?Sized>(self, left: &T, right: &T) -> bool {
        match self {
            Self::AtMost => left <= right,
            Self::Less => left < right,
            Self::Equal => left == right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
            Self::Different => left != right,
        }
    }
}

#[derive(Debug, Clone)]
enum Wanted {
    Text(String),
    Number(i32),
}

/// What one search asks for. Cleared by the search.
#[derive(Debug, Default, Clone)]
pub(crate) struct Search {
    filters: Vec<(String, Wanted, Comparison)>,
    free_places: i32,
    most: Option<usize>,
}

impl Search {
    /// The value of a key compares so to a text. A lobby without the key has the empty text.
    pub(crate) fn text(&mut self, key: String, value: String, comparison: Comparison) {
        self.filter(key, Wanted::Text(value), comparison);
    }

    /// The value of a key, read as a number, compares so to a number. A lobby where it is none is not found.
    pub(crate) fn number(&mut self, key: String, value: i32, comparison: Comparison) {
        self.filter(key, Wanted::Number(value), comparison);
    }

    fn filter(&mut self, key: String, wanted: Wanted, comparison: Comparison) {
        if self.filters.len() < MOST_FILTERS {
            self.filters.push((key, wanted, comparison));
        }
    }

    /// There is room for so many more.
    pub(crate) fn free_places(&mut self, places: i32) {
        self.free_places = places;
    }

    /// No more results than this.
    pub(crate) fn most(&mut self, most: i32) {
        self.most = usize::try_from(most).ok();
    }

    /// Those of `lobbies` that are asked for.
    pub(crate) fn pick(self, lobbies: Vec<Lobby>) -> Vec<Lobby> {
        let most = self.most.unwrap_or(MOST_RESULTS).min(MOST_RESULTS);
        lobbies.into_iter().filter(|lobby| self.matches(lobby)).take(most).collect()
    }

    fn matches(&self, lobby: &Lobby) -> bool {
        let free = i64::from(lobby.limit) - lobby.members.len() as i64;
        free >= i64::from(self.free_places)
            && self.filters.iter().all(|(key, wanted, comparison)| {
                let value = lobby.data.get(key).map_or("", String::as_str);
                match wanted {
                    Wanted::Text(wanted) => comparison.holds(value, wanted.as_str()),
                    Wanted::Number(wanted) => {
                        value.trim().parse().is_ok_and(|value: i32| comparison.holds(&value, wanted))
                    }
                }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Member;

    fn lobby(id: u64, members: u32, data: &[(&str, &str)]) -> Lobby {
        Lobby {
            id,
            app: 480,
            kind: 2,
            limit: 4,
            joinable: true,
            owner: 1,
            revision: 1,
            data_revision: 1,
            members: (1..=members).map(|account| Member { entry: account.into(), account }).collect(),
            departed: Vec::new(),
            data: data.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
            member_data: crate::store::MemberData::new(),
            last_message: 0,
        }
    }

    fn found(ask: impl FnOnce(&mut Search)) -> Vec<u64> {
        let mut search = Search::default();
        ask(&mut search);
        let lobbies = vec![
            lobby(1, 1, &[("map", "dunes"), ("level", "3")]),
            lobby(2, 3, &[("map", "caves"), ("level", "10")]),
            lobby(3, 2, &[("level", "many")]),
        ];
        search.pick(lobbies).into_iter().map(|lobby| lobby.id).collect()
    }

    #[test]
    fn filters_pick() {
        let key = |name: &str| name.to_owned();
        assert_eq!(found(|_| ()), [1, 2, 3]);
        assert_eq!(found(|search| search.text(key("map"), key("dunes"), Comparison::Equal)), [1]);
        assert_eq!(found(|search| search.text(key("map"), key("dunes"), Comparison::Different)), [2, 3]);
        assert_eq!(found(|search| search.number(key("level"), 3, Comparison::AtLeast)), [1, 2]);
        assert_eq!(found(|search| search.number(key("level"), 4, Comparison::Less)), [1]);
        assert_eq!(found(|search| search.free_places(2)), [1, 3]);
        assert_eq!(found(|search| search.most(2)), [1, 2]);
    }

    #[test]
    fn comparisons_are_steams() {
        assert_eq!(Comparison::from_steam(-2), Some(Comparison::AtMost));
        assert_eq!(Comparison::from_steam(3), Some(Comparison::Different));
        assert_eq!(Comparison::from_steam(4), None);
    }
}
