//! The cell and its guards.

use std::cell::{Cell, UnsafeCell};
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::lock::ThreadLock;

/// Why a value cannot be borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BorrowError {
    /// There is a mutable reference that has not been made inaccessible.
    Mutable,
    /// There are shared references.
    Shared,
    /// The reference to be made inaccessible is not the one that is accessible.
    NotCurrent,
}

impl fmt::Display for BorrowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mutable => "there is a mutable reference already",
            Self::Shared => "there is a shared reference already",
            Self::NotCurrent => "this is not the accessible mutable reference",
        })
    }
}

impl Error for BorrowError {}

/// What is borrowed. Only the thread that has the lock looks.
#[derive(Debug)]
struct State<T> {
    shared: Cell<usize>,
    /// Mutable references that are accessible: one at most.
    is_mutable: Cell<bool>,
    /// What the next reference is derived from: the value, or the latest reference that was made inaccessible.
    source: Cell<Option<NonNull<T>>>,
}

/// A value that can be borrowed again from within a mutable borrow which was made inaccessible.
pub struct GdCell<T> {
    lock: ThreadLock,
    state: State<T>,
    /// Boxed, so that references stay valid if the cell is moved, which cannot be ruled out here.
    value: Box<UnsafeCell<T>>,
}

// SAFETY: whoever borrows has the lock until the last reference is given back, so one thread at a time has references and
// looks at the state. The value itself must be fit to be used from several threads, one after the other.
unsafe impl<T: Send> Sync for GdCell<T> {}

// SAFETY: without references the cell is its value; the pointer in the state points into the box, which moves along.
unsafe impl<T: Send> Send for GdCell<T> {}

impl<T> GdCell<T> {
    /// A cell with a value.
    pub fn new(value: T) -> Self {
        let state = State { shared: Cell::new(0), is_mutable: Cell::new(false), source: Cell::new(None) };
        Self { lock: ThreadLock::default(), state, value: Box::new(UnsafeCell::new(value)) }
    }

    fn source(&self) -> NonNull<T> {
        // `UnsafeCell::get` is never null.
        self.state.source.get().unwrap_or_else(|| NonNull::from(&*self.value).cast())
    }

    /// A shared reference. Waits while another thread has references.
    ///
    /// # Errors
    /// [`BorrowError::Mutable`]
    pub fn borrow(&self) -> Result<RefGuard<'_, T>, Box<dyn Error>> {
        self.lock.acquire();
        if self.state.is_mutable.get() {
            self.lock.release();
            return Err(BorrowError::Mutable.into());
        }
        self.state.shared.set(self.state.shared.get() + 1);
        Ok(RefGuard { lock: &self.lock, shared: &self.state.shared, value: self.source() })
    }

    /// A mutable reference. Waits while another thread has references.
    ///
    /// # Errors
    /// [`BorrowError::Mutable`], [`BorrowError::Shared`]
    pub fn borrow_mut(&self) -> Result<MutGuard<'_, T>, Box<dyn Error>> {
        self.lock.acquire();
        let error = if self.state.is_mutable.get() {
            Some(BorrowError::Mutable)
        } else if self.state.shared.get() > 0 {
            Some(BorrowError::Shared)
        } else {
            None
        };
        if let Some(error) = error {
            self.lock.release();
            return Err(error.into());
        }
        self.state.is_mutable.set(true);
        let value = self.source();
        Ok(MutGuard { lock: &self.lock, is_mutable: &self.state.is_mutable, value, _exclusive: PhantomData })
    }

    /// Makes the mutable reference inaccessible until the guard is dropped: the value can be borrowed meanwhile.
    ///
    /// # Errors
    /// [`BorrowError::NotCurrent`]
    pub fn make_inaccessible<'cell, 'value>(
        &'cell self,
        current: &'value mut T,
    ) -> Result<InaccessibleGuard<'value, T>, Box<dyn Error>>
    where
        'cell: 'value,
    {
        self.lock.acquire();
        let is_current = self.state.is_mutable.get() && std::ptr::eq(self.source().as_ptr(), current);
        if !is_current {
            self.lock.release();
            return Err(BorrowError::NotCurrent.into());
        }
        let before = self.state.source.replace(Some(NonNull::from(current)));
        self.state.is_mutable.set(false);
        Ok(InaccessibleGuard { lock: &self.lock, state: &self.state, before, _current: PhantomData })
    }

    /// Whether any thread has a reference, an inaccessible one included.
    pub fn is_currently_bound(&self) -> bool {
        self.lock.is_taken()
    }
}

impl<T> fmt::Debug for GdCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GdCell").field("is_bound", &self.is_currently_bound()).finish_non_exhaustive()
    }
}

/// A shared reference.
#[derive(Debug)]
pub struct RefGuard<'a, T> {
    lock: &'a ThreadLock,
    shared: &'a Cell<usize>,
    value: NonNull<T>,
}

impl<T> Deref for RefGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: while this guard counts as shared, the cell hands out no mutable reference.
        unsafe { self.value.as_ref() }
    }
}

impl<T> Drop for RefGuard<'_, T> {
    fn drop(&mut self) {
        self.shared.set(self.shared.get() - 1);
        self.lock.release();
    }
}

/// A mutable reference.
#[derive(Debug)]
pub struct MutGuard<'a, T> {
    lock: &'a ThreadLock,
    is_mutable: &'a Cell<bool>,
    value: NonNull<T>,
    _exclusive: PhantomData<&'a mut T>,
}

impl<T> Deref for MutGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: as for `deref_mut`.
        unsafe { self.value.as_ref() }
    }
}

impl<T> DerefMut for MutGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: while this guard counts as mutable, the cell hands out no other reference. It was made inaccessible by
        // lending out a reference of this guard, and as that one is alive this is not called.
        unsafe { self.value.as_mut() }
    }
}

impl<T> Drop for MutGuard<'_, T> {
    fn drop(&mut self) {
        self.is_mutable.set(false);
        self.lock.release();
    }
}

/// A mutable reference that is inaccessible until this is dropped.
#[derive(Debug)]
pub struct InaccessibleGuard<'a, T> {
    lock: &'a ThreadLock,
    state: &'a State<T>,
    before: Option<NonNull<T>>,
    _current: PhantomData<&'a mut T>,
}

impl<T> Drop for InaccessibleGuard<'_, T> {
    /// # Panics
    /// If a reference borrowed meanwhile is still there, or another was made inaccessible: what follows could not be
    /// distinguished from two mutable references.
    fn drop(&mut self) {
        let is_unused = !self.state.is_mutable.get() && self.state.shared.get() == 0;
        assert!(
            is_unused || std::thread::panicking(),
            "a reference outlives the call in which it was borrowed"
        );
        self.state.source.set(self.before);
        self.state.is_mutable.set(true);
        self.lock.release();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn many_shared_references_or_one_mutable() {
        let cell = GdCell::new(1);
        let (a, b) = (cell.borrow().unwrap(), cell.borrow().unwrap());
        assert_eq!((*a, *b), (1, 1));
        assert_eq!(cell.borrow_mut().unwrap_err().to_string(), BorrowError::Shared.to_string());
        drop((a, b));
        let mut c = cell.borrow_mut().unwrap();
        *c += 1;
        assert_eq!(cell.borrow().unwrap_err().to_string(), BorrowError::Mutable.to_string());
        assert_eq!(cell.borrow_mut().unwrap_err().to_string(), BorrowError::Mutable.to_string());
        assert!(cell.is_currently_bound());
        drop(c);
        assert!(!cell.is_currently_bound());
        assert_eq!(*cell.borrow().unwrap(), 2);
    }

    #[test]
    fn an_inaccessible_reference_lets_others_in_and_comes_back() {
        let cell = GdCell::new(vec![1]);
        let mut outer = cell.borrow_mut().unwrap();
        let reference = &mut *outer;
        {
            let _free = cell.make_inaccessible(reference).unwrap();
            let mut inner = cell.borrow_mut().unwrap();
            inner.push(2);
            {
                let _free = cell.make_inaccessible(&mut inner).unwrap();
                assert_eq!(*cell.borrow().unwrap(), [1, 2]);
                cell.borrow_mut().unwrap().push(3);
            }
            inner.push(4);
        }
        reference.push(5);
        assert_eq!(*reference, [1, 2, 3, 4, 5]);
        assert!(cell.make_inaccessible(&mut vec![0]).is_err());
    }

    #[test]
    fn threads_take_turns() {
        const ROUNDS: usize = 20_000;
        let cell = GdCell::new((0_usize, 0_usize));
        let inside = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for round in 0..ROUNDS {
                        let mut both = cell.borrow_mut().unwrap();
                        assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                        both.0 += 1;
                        if round % 3 == 0 {
                            let _free = cell.make_inaccessible(&mut both).unwrap();
                            let again = cell.borrow().unwrap();
                            assert_eq!(again.0, again.1 + 1);
                        }
                        both.1 += 1;
                        inside.fetch_sub(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(*cell.borrow().unwrap(), (4 * ROUNDS, 4 * ROUNDS));
        assert!(!cell.is_currently_bound());
    }
}
