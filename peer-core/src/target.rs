//! Who a packet goes to, and Godot's integers for targets and channels.

use crate::error::PutError;
use crate::id::PeerId;
use crate::lane::Channel;

/// Who a packet goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every peer.
    All,
    /// That peer.
    Only(PeerId),
    /// Every peer but that one.
    AllBut(PeerId),
}

impl TryFrom<i32> for Target {
    type Error = PutError;

    /// Godot's target peer: 0 for all, n for that one, -n for all but n.
    fn try_from(target: i32) -> Result<Self, PutError> {
        match PeerId::new(target.unsigned_abs()) {
            _ if target == 0 => Ok(Self::All),
            Some(id) if target > 0 => Ok(Self::Only(id)),
            Some(id) => Ok(Self::AllBut(id)),
            None => Err(PutError::UnknownTarget(target)),
        }
    }
}

impl TryFrom<i32> for Channel {
    type Error = PutError;

    fn try_from(raw: i32) -> Result<Self, PutError> {
        Self::new(raw).ok_or(PutError::UnknownChannel(raw))
    }
}
