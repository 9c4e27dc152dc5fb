//! The filters of a search for lobbies, as a game writes them.

use godot::meta::conv::ByValue;
use godot::meta::error::ConvertError;
use godot::meta::shape::GodotShape;
use godot::meta::{FromGodot, GodotConvert, GodotImmutable, ToGodot};
use godot::prelude::*;
use peer_steam::{Comparison, Distance, LobbyFilters};

use super::enums::{LobbyComparison, LobbyDistanceFilter};
use crate::errors::BadArgument;

/// The argument `filters`: a dictionary, empty if it is left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Filters(VarDictionary);

impl GodotConvert for Filters {
    type Via = VarDictionary;

    fn godot_shape() -> GodotShape {
        VarDictionary::godot_shape()
    }
}

impl ToGodot for Filters {
    type Pass = ByValue;

    fn to_godot(&self) -> VarDictionary {
        self.0.clone()
    }
}

impl FromGodot for Filters {
    fn try_from_godot(via: VarDictionary) -> Result<Self, ConvertError> {
        Ok(Self(via))
    }
}

// SAFETY: the one use is an empty dictionary, which is made read-only here before the engine gets it, and which
// `to_steam` only reads; copies of it share what nobody can change.
unsafe impl GodotImmutable for Filters {
    fn into_runtime_immutable(self) -> Self {
        Self(self.0.into_read_only())
    }
}

impl Filters {
    /// The filters as Steam takes them.
    pub(super) fn to_steam(&self) -> Result<LobbyFilters, BadArgument> {
        const WRONG: BadArgument = BadArgument(
            "a filter's value must be a String or an int, or [value, LobbyComparison]; see the help of request_lobby_list",
        );
        let mut result = LobbyFilters::default();
        for (key, value) in self.0.iter_shared() {
            let key = key.try_to_relaxed::<GString>().map_err(|_| WRONG)?.to_string();
            let number = || value.try_to::<i32>().map_err(|_| WRONG);
            match key.as_str() {
                "slots_available" => result.slots_available = Some(number()?),
                "max_results" => result.max_results = Some(number()?),
                "distance" => {
                    let distance = value.try_to::<LobbyDistanceFilter>().map_err(|_| WRONG)?;
                    result.distance = Some(match distance {
                        LobbyDistanceFilter::Close => Distance::Close,
                        LobbyDistanceFilter::Default => Distance::Default,
                        LobbyDistanceFilter::Far => Distance::Far,
                        LobbyDistanceFilter::Worldwide => Distance::Worldwide,
                    });
                }
                _ => {
                    let (value, comparison) = match value.try_to::<VarArray>() {
                        Ok(pair) if pair.len() == 2 => {
                            let comparison = pair.at(1).try_to::<LobbyComparison>().map_err(|_| WRONG)?;
                            (pair.at(0), comparison)
                        }
                        Ok(_) => return Err(WRONG),
                        Err(_) => (value, LobbyComparison::Equal),
                    };
                    let comparison = to_comparison(comparison);
                    if let Ok(number) = value.try_to::<i32>() {
                        result.numbers.push((key, number, comparison));
                    } else {
                        let text = value.try_to_relaxed::<GString>().map_err(|_| WRONG)?;
                        result.texts.push((key, text.to_string(), comparison));
                    }
                }
            }
        }
        Ok(result)
    }
}

fn to_comparison(comparison: LobbyComparison) -> Comparison {
    match comparison {
        LobbyComparison::EqualOrLess => Comparison::EqualOrLess,
        LobbyComparison::Less => Comparison::Less,
        LobbyComparison::Equal => Comparison::Equal,
        LobbyComparison::Greater => Comparison::Greater,
        LobbyComparison::EqualOrGreater => Comparison::EqualOrGreater,
        LobbyComparison::NotEqual => Comparison::NotEqual,
    }
}
