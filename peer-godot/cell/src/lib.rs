//! The cell around every object of a class, in place of the one that `godot` brings.
//!
//! Objects are made, held and freed on any thread (the feature `experimental-threads`), and the cell that `godot` then uses
//! costs a microsecond a borrow: a mutex, a hash map and a system call, at five borrows a packet. This one has the same
//! interface and the same rules. A thread that borrows has the cell to itself until it gives back its last reference, at
//! the cost of one compare-and-swap; another thread waits for that.
//!
//! The rules: many shared references or one mutable one. A mutable reference can be made inaccessible, as the object
//! calls out, and then be borrowed again from within; that must have ended before the reference is accessible again.

mod cell;
mod lock;

pub use cell::{BorrowError, GdCell, InaccessibleGuard, MutGuard, RefGuard};

/// The cell as `godot` names it without threads.
pub mod panicking {
    pub use crate::cell::{GdCell, InaccessibleGuard, MutGuard, RefGuard};
}

/// The cell as `godot` names it with threads.
pub mod blocking {
    pub use crate::cell::{GdCell, InaccessibleGuard, MutGuard, RefGuard};
}
