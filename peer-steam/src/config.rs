//! Networking options for future connections.

use std::ffi::CString;

use peer_core::VirtualPort;
use peer_core::limits::CONNECTED_TIMEOUT;
use steamworks_sys::ESteamNetworkingConfigValue as Option_;
use thiserror::Error;

use crate::ffi::config::{self, Kind, RawOption};
use crate::ffi::library::Hold;
use crate::ffi::status;

/// Send buffer of a connection, in bytes. Steam's own default, made explicit: the largest message just fits.
const SEND_BUFFER_BYTES: i32 = 512 * 1024;

/// Receive buffer of a connection, in bytes, for the burst of a long frame. Steam's default is 1 MiB.
const RECEIVE_BUFFER_BYTES: i32 = 16 * 1024 * 1024;

/// Receive buffer of a connection, in messages. Steam's default is 1,000.
const RECEIVE_BUFFER_MESSAGES: i32 = 65_536;

/// `k_nSteamNetworkingConfig_P2P_Transport_ICE_Enable_All`: every kind of direct route.
const ALL_DIRECT_ROUTES: i32 = 0x7fff_ffff;

const SYMMETRIC_CONNECT: i32 = Option_::k_ESteamNetworkingConfig_SymmetricConnect as i32;
const LOCAL_VIRTUAL_PORT: i32 = Option_::k_ESteamNetworkingConfig_LocalVirtualPort as i32;
const CONNECTION_USER_DATA: i32 = Option_::k_ESteamNetworkingConfig_ConnectionUserData as i32;
pub(crate) const SEND_BUFFER_SIZE: i32 = Option_::k_ESteamNetworkingConfig_SendBufferSize as i32;
const RECV_BUFFER_SIZE: i32 = Option_::k_ESteamNetworkingConfig_RecvBufferSize as i32;
const RECV_BUFFER_MESSAGES: i32 = Option_::k_ESteamNetworkingConfig_RecvBufferMessages as i32;
const TIMEOUT_CONNECTED: i32 = Option_::k_ESteamNetworkingConfig_TimeoutConnected as i32;
const SEND_RATE_MIN: i32 = Option_::k_ESteamNetworkingConfig_SendRateMin as i32;
const SEND_RATE_MAX: i32 = Option_::k_ESteamNetworkingConfig_SendRateMax as i32;
const RECV_MAX_MESSAGE_SIZE: i32 = Option_::k_ESteamNetworkingConfig_RecvMaxMessageSize as i32;
const RECV_MAX_SEGMENTS: i32 = Option_::k_ESteamNetworkingConfig_RecvMaxSegmentsPerPacket as i32;
const MTU_PACKET_SIZE: i32 = Option_::k_ESteamNetworkingConfig_MTU_PacketSize as i32;
const MTU_DATA_SIZE: i32 = Option_::k_ESteamNetworkingConfig_MTU_DataSize as i32;
const IP_ALLOW_WITHOUT_AUTH: i32 = Option_::k_ESteamNetworkingConfig_IP_AllowWithoutAuth as i32;
const LOCALHOST_ALLOW_WITHOUT_AUTH: i32 =
    Option_::k_ESteamNetworkingConfig_IPLocalHost_AllowWithoutAuth as i32;
const ICE_ENABLE: i32 = Option_::k_ESteamNetworkingConfig_P2P_Transport_ICE_Enable as i32;

#[allow(clippy::cast_possible_truncation, reason = "a few seconds")]
/// The values that connections get unless the game sets others.
const DEFAULTS: [(i32, i32); 4] = [
    (SEND_BUFFER_SIZE, SEND_BUFFER_BYTES),
    (RECV_BUFFER_SIZE, RECEIVE_BUFFER_BYTES),
    (RECV_BUFFER_MESSAGES, RECEIVE_BUFFER_MESSAGES),
    (TIMEOUT_CONNECTED, CONNECTED_TIMEOUT.as_millis() as i32),
];

/// Options that this transport sets itself, or that would let in users whom Steam does not vouch for.
const RESERVED: [i32; 7] = [
    SYMMETRIC_CONNECT,
    LOCAL_VIRTUAL_PORT,
    CONNECTION_USER_DATA,
    RECV_MAX_SEGMENTS,
    MTU_DATA_SIZE,
    IP_ALLOW_WITHOUT_AUTH,
    LOCALHOST_ALLOW_WITHOUT_AUTH,
];

/// Bounds of options outside of which packets would be refused, lost or stuck: a message may have 524,288 bytes, and a
/// frame's burst has to fit into the receive buffers. Datagrams of more than 1,300 bytes do not pass every network, and
/// below 300 Steam has no room for data.
const BOUNDS: [(i32, i32, i32); 5] = [
    (SEND_BUFFER_SIZE, SEND_BUFFER_BYTES, i32::MAX),
    (RECV_BUFFER_SIZE, RECEIVE_BUFFER_BYTES, i32::MAX),
    (RECV_BUFFER_MESSAGES, RECEIVE_BUFFER_MESSAGES, i32::MAX),
    (RECV_MAX_MESSAGE_SIZE, SEND_BUFFER_BYTES, i32::MAX),
    (MTU_PACKET_SIZE, 300, 1_300),
];

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum ConfigValue {
    /// For integer options of 32 or 64 bits, and for floating-point options.
    Int(i64),
    /// For floating-point options.
    Float(f64),
    /// For string options.
    Text(String),
}

/// An option that cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Steam is not initialised, so the option's type is unknown.
    #[error("Steam is not initialised")]
    Unavailable,
    /// Steam has no such option.
    #[error("Steam has no networking option {0}")]
    Unknown(i32),
    /// The transport itself depends on the option, or the option takes a function pointer.
    #[error("networking option {0} is reserved for the transport")]
    Reserved(i32),
    /// The option is global, not one of a connection.
    #[error("networking option {0} cannot be set for a single connection")]
    NotOfConnections(i32),
    /// The value is not of the option's type.
    #[error("networking option {option} takes {expected}")]
    WrongKind {
        /// The option.
        option: i32,
        /// What it takes, in words.
        expected: &'static str,
    },
    /// Below the least value with which every packet arrives.
    #[error("networking option {option} must be at least {least}: less would lose or refuse packets")]
    TooLow {
        /// The option.
        option: i32,
        /// The least value that is taken.
        least: i32,
    },
    /// Above the highest value with which every packet arrives.
    #[error("networking option {option} must be at most {most}: more would lose packets")]
    TooHigh {
        /// The option.
        option: i32,
        /// The highest value that is taken.
        most: i32,
    },
    /// The number is out of the option's range.
    #[error("the value is out of range for networking option {0}")]
    OutOfRange(i32),
}

/// A value of its option's type.
#[derive(Clone, Debug, PartialEq)]
enum Typed {
    Int32(i32),
    Int64(i64),
    Float(f32),
    Text(CString),
}

impl Typed {
    fn new(option: i32, kind: Kind, value: ConfigValue) -> Result<Self, ConfigError> {
        let wrong = |expected| ConfigError::WrongKind { option, expected };
        match (kind, value) {
            (Kind::Int32, ConfigValue::Int(value)) => {
                i32::try_from(value).map(Self::Int32).map_err(|_| ConfigError::OutOfRange(option))
            }
            (Kind::Int64, ConfigValue::Int(value)) => Ok(Self::Int64(value)),
            #[allow(clippy::cast_precision_loss, reason = "the option is a 32-bit float")]
            (Kind::Float, ConfigValue::Int(value)) => Ok(Self::Float(value as f32)),
            #[allow(clippy::cast_possible_truncation, reason = "checked to be finite afterwards")]
            (Kind::Float, ConfigValue::Float(value)) => match value as f32 {
                value if value.is_finite() => Ok(Self::Float(value)),
                _ => Err(ConfigError::OutOfRange(option)),
            },
            (Kind::Text, ConfigValue::Text(value)) => {
                CString::new(value).map(Self::Text).map_err(|_| wrong("text without NUL characters"))
            }
            (Kind::Int32, _) => Err(wrong("a 32-bit integer")),
            (Kind::Int64, _) => Err(wrong("an integer")),
            (Kind::Float, _) => Err(wrong("a number")),
            (Kind::Text, _) => Err(wrong("text")),
            (Kind::Other, _) => Err(ConfigError::Reserved(option)),
        }
    }

    /// Refuses a value with which the transport would not do what it promises.
    fn check_bounds(&self, option: i32) -> Result<(), ConfigError> {
        let bounds = BOUNDS.iter().find(|(of, ..)| *of == option);
        match (self, bounds) {
            (Self::Int32(value), Some(&(_, least, _))) if *value < least => {
                Err(ConfigError::TooLow { option, least })
            }
            (Self::Int32(value), Some(&(.., most))) if *value > most => {
                Err(ConfigError::TooHigh { option, most })
            }
            _ => Ok(()),
        }
    }

    fn raw(&self, option: i32) -> RawOption<'_> {
        match self {
            Self::Int32(value) => RawOption::int32(option, *value),
            Self::Int64(value) => RawOption::int64(option, *value),
            Self::Float(value) => RawOption::float(option, *value),
            Self::Text(value) => RawOption::text(option, value),
        }
    }
}

/// The options of a transport.
#[derive(Debug, Default)]
pub(crate) struct Config {
    chosen: Vec<(i32, Typed)>,
}

impl Config {
    /// Sets an option. Returns it in Steam's form.
    pub(crate) fn set(
        &mut self,
        hold: &Hold,
        option: i32,
        value: ConfigValue,
    ) -> Result<RawOption<'_>, ConfigError> {
        if RESERVED.contains(&option) {
            return Err(ConfigError::Reserved(option));
        }
        let info = config::info(hold, option).ok_or(ConfigError::Unknown(option))?;
        if !info.is_of_connections {
            return Err(ConfigError::NotOfConnections(option));
        }
        let value = Typed::new(option, info.kind, value)?;
        value.check_bounds(option)?;
        self.clear(option);
        self.chosen.push((option, value));
        // The one that was just pushed.
        Ok(self.chosen[self.chosen.len() - 1].1.raw(option))
    }

    /// Resets an option. Returns whether it was set.
    pub(crate) fn clear(&mut self, option: i32) -> bool {
        let before = self.chosen.len();
        self.chosen.retain(|(chosen, _)| *chosen != option);
        self.chosen.len() < before
    }

    /// Whether a send rate is set.
    pub(crate) fn has_send_rate(&self) -> bool {
        self.chosen().any(|option| [SEND_RATE_MIN, SEND_RATE_MAX].contains(&option))
    }

    /// The options that make a connection send at `rate` bytes a second.
    pub(crate) fn send_rate(rate: i32) -> [RawOption<'static>; 2] {
        [SEND_RATE_MIN, SEND_RATE_MAX].map(|option| RawOption::int32(option, rate))
    }

    /// The options that the game has set.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = i32> + '_ {
        self.chosen.iter().map(|(option, _)| *option)
    }

    /// The default value of an option; `None` if the default is Steam's own.
    pub(crate) fn default_of(option: i32) -> Option<RawOption<'static>> {
        let default = DEFAULTS.iter().find(|(of, _)| *of == option)?;
        Some(RawOption::int32(option, default.1))
    }

    /// All options for a connection that is dialled.
    pub(crate) fn options(&self, port: VirtualPort, user_data: i64) -> Vec<RawOption<'_>> {
        let mut options = self.options_of_socket(user_data);
        options.push(RawOption::int32(LOCAL_VIRTUAL_PORT, port.0));
        options
    }

    /// All options for a listen socket, which has its port already.
    pub(crate) fn options_of_socket(&self, user_data: i64) -> Vec<RawOption<'_>> {
        let defaults = DEFAULTS.iter().filter(|(option, _)| !self.chosen().any(|chosen| chosen == *option));
        [
            RawOption::int32(SYMMETRIC_CONNECT, 1),
            RawOption::int64(CONNECTION_USER_DATA, user_data),
            status::option(),
        ]
        .into_iter()
        .chain(defaults.map(|&(option, value)| RawOption::int32(option, value)))
        .chain(self.chosen.iter().map(|(option, value)| value.raw(*option)))
        .collect()
    }
}

/// The option for the direct routes that a connection may take beside Valve's relays, with its value for all of them.
pub(crate) const DIRECT_ROUTES: (i32, ConfigValue) = (ICE_ENABLE, ConfigValue::Int(ALL_DIRECT_ROUTES as i64));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_converted_to_the_type_of_its_option() {
        let typed = |kind, value| Typed::new(1, kind, value);
        assert_eq!(typed(Kind::Int32, ConfigValue::Int(-7)), Ok(Typed::Int32(-7)));
        assert_eq!(typed(Kind::Int32, ConfigValue::Int(1 << 31)), Err(ConfigError::OutOfRange(1)));
        assert_eq!(typed(Kind::Int64, ConfigValue::Int(1 << 31)), Ok(Typed::Int64(1 << 31)));
        assert_eq!(typed(Kind::Float, ConfigValue::Int(3)), Ok(Typed::Float(3.0)));
        assert_eq!(typed(Kind::Float, ConfigValue::Float(0.5)), Ok(Typed::Float(0.5)));
        assert_eq!(typed(Kind::Float, ConfigValue::Float(1e300)), Err(ConfigError::OutOfRange(1)));
        for value in [ConfigValue::Float(1.0), ConfigValue::Text("1".into())] {
            assert!(matches!(typed(Kind::Int32, value), Err(ConfigError::WrongKind { option: 1, .. })));
        }
        let nul = ConfigValue::Text("a\0b".into());
        assert!(matches!(typed(Kind::Text, nul), Err(ConfigError::WrongKind { .. })));
        assert_eq!(typed(Kind::Other, ConfigValue::Int(0)), Err(ConfigError::Reserved(1)));
    }

    #[test]
    fn values_that_would_lose_packets_are_refused() {
        for (option, least, most) in BOUNDS {
            assert_eq!(Typed::Int32(least).check_bounds(option), Ok(()));
            assert_eq!(Typed::Int32(most).check_bounds(option), Ok(()));
            let low = Typed::Int32(least - 1).check_bounds(option);
            assert_eq!(low, Err(ConfigError::TooLow { option, least }));
            if let Some(above) = most.checked_add(1) {
                let high = Typed::Int32(above).check_bounds(option);
                assert_eq!(high, Err(ConfigError::TooHigh { option, most }));
            }
        }
        assert_eq!(Typed::Int32(1).check_bounds(ICE_ENABLE), Ok(()));
    }

    #[test]
    fn the_defaults_are_within_the_bounds() {
        for (option, value) in DEFAULTS {
            assert_eq!(Typed::Int32(value).check_bounds(option), Ok(()));
        }
    }
}
