//! A lock that a thread may take again while it has it.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Where threads wait; one place for all locks, because hardly anyone ever waits.
static WAITING: Mutex<()> = Mutex::new(());
static RELEASED: Condvar = Condvar::new();

/// A lock that a thread may take again while it has it.
#[derive(Debug, Default)]
pub(crate) struct ThreadLock {
    /// The thread that has it; 0 for none.
    owner: AtomicUsize,
    /// How often that thread has it. Only that thread looks.
    depth: Cell<usize>,
    /// How many threads wait for it.
    waiting: AtomicUsize,
}

impl ThreadLock {
    /// Takes the lock, as soon as no other thread has it.
    #[inline]
    pub(crate) fn acquire(&self) {
        let me = this_thread();
        if self.owner.load(Ordering::Relaxed) != me
            && self.owner.compare_exchange(0, me, Ordering::Acquire, Ordering::Relaxed).is_err()
        {
            self.wait(me);
        }
        self.depth.set(self.depth.get() + 1);
    }

    /// Gives it back once.
    #[inline]
    pub(crate) fn release(&self) {
        let depth = self.depth.get() - 1;
        self.depth.set(depth);
        if depth == 0 {
            // Sequentially consistent with `wait`: either this sees who waits, or that one sees that it is free.
            self.owner.store(0, Ordering::SeqCst);
            if self.waiting.load(Ordering::SeqCst) > 0 {
                let _waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
                RELEASED.notify_all();
            }
        }
    }

    /// Whether any thread has it.
    pub(crate) fn is_taken(&self) -> bool {
        self.owner.load(Ordering::Relaxed) != 0
    }

    #[cold]
    fn wait(&self, me: usize) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        while self.owner.compare_exchange(0, me, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            waiting = RELEASED.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        drop(waiting);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A number that no other living thread has, and not 0.
#[inline]
fn this_thread() -> usize {
    thread_local! {
        static PLACE: u8 = const { 0 };
    }
    PLACE.with(|place| std::ptr::from_ref(place).addr())
}
