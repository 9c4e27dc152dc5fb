//! What belongs to the main thread, inside objects that the engine may make, hold and free on any thread: scenes are
//! loaded in threads.

use std::any::Any;
use std::cell::OnceCell;
use std::sync::{Mutex, PoisonError};

use godot::init::is_main_thread;

/// A value that is made, used and dropped on the main thread only, whichever thread has the object around it.
///
/// It is made when the main thread first asks for it.
#[derive(Debug)]
pub(crate) struct MainThread<T: Default + 'static>(OnceCell<T>);

impl<T: Default + 'static> MainThread<T> {
    /// A value to be made later.
    pub(crate) fn new() -> Self {
        Self(OnceCell::new())
    }

    /// A value made already.
    ///
    /// Only the main thread may call this.
    pub(crate) fn with(value: T) -> Self {
        assert!(is_main_thread(), "made on the main thread");
        Self(OnceCell::from(value))
    }

    /// The value; `None` on any other thread.
    pub(crate) fn get(&self) -> Option<&T> {
        is_main_thread().then(|| self.0.get_or_init(T::default))
    }

    /// The value; `None` on any other thread.
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.get()?;
        self.0.get_mut()
    }
}

impl<T: Default + 'static> Drop for MainThread<T> {
    fn drop(&mut self) {
        if let Some(value) = self.0.take()
            && !is_main_thread()
        {
            LEFT.lock().unwrap_or_else(PoisonError::into_inner).push(Parcel(Box::new(value)));
        }
    }
}

/// A value on its way to the main thread.
struct Parcel(#[allow(dead_code, reason = "kept to be dropped")] Box<dyn Any>);

// SAFETY: what is inside was used by the main thread alone (`MainThread::get`), whoever sends it does not look at it, and
// the main thread alone opens it (`drop_left`).
#[allow(unsafe_code, reason = "the engine frees objects on any thread")]
unsafe impl Send for Parcel {}

/// Values whose objects were freed on other threads.
static LEFT: Mutex<Vec<Parcel>> = Mutex::new(Vec::new());

/// Drops what objects that were freed on other threads have left. The main thread calls this every frame.
pub(crate) fn drop_left() {
    if is_main_thread() {
        let left = std::mem::take(&mut *LEFT.lock().unwrap_or_else(PoisonError::into_inner));
        drop(left);
    }
}
