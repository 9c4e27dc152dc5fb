//! The connections of a session, at stable indices.

use std::ops::{Index, IndexMut};

use slab::Slab;

use crate::link::Link;

/// Records under keys that travel as tokens, and the list of those that `poll` must look after.
#[derive(Debug)]
pub(crate) struct Links<M> {
    slab: Slab<Link<M>>,
    /// Connections on their way in or out. All others are steady, and cost nothing until something comes.
    unsteady: Vec<u32>,
}

impl<M> Links<M> {
    pub(crate) fn new() -> Self {
        Self { slab: Slab::new(), unsteady: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, key: u32) -> Option<&mut Link<M>> {
        self.slab.get_mut(key as usize)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Link<M>> + Clone {
        self.slab.iter().map(|(_, link)| link)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Link<M>> {
        self.slab.iter_mut().map(|(_, link)| link)
    }

    pub(crate) fn keys(&self) -> Vec<u32> {
        self.slab.iter().map(|(key, _)| narrow(key)).collect()
    }

    /// The first record that fits.
    pub(crate) fn find(&self, mut fits: impl FnMut(u32, &Link<M>) -> bool) -> Option<u32> {
        self.slab.iter().find(|(key, link)| fits(narrow(*key), link)).map(|(key, _)| narrow(key))
    }

    /// A new record, looked after from the start.
    pub(crate) fn insert(&mut self, link: Link<M>) -> u32 {
        let key = narrow(self.slab.insert(link));
        self.watch(key);
        key
    }

    pub(crate) fn remove(&mut self, key: u32) {
        if self.slab.remove(key as usize).is_listed {
            self.unsteady.retain(|&listed| listed != key);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.slab.clear();
        self.unsteady.clear();
    }

    /// Has `poll` look after a connection until it is steady again.
    pub(crate) fn watch(&mut self, key: u32) {
        let link = &mut self[key];
        if !link.is_listed {
            link.is_listed = true;
            self.unsteady.push(key);
        }
    }

    /// Nothing more can be sent on that connection; `poll` ends it, unless Steam has told of its end by then.
    pub(crate) fn break_sending(&mut self, key: u32) {
        self[key].outbound.break_off();
        self.watch(key);
    }

    /// The connection to look after at `place` of the list.
    pub(crate) fn unsteady(&self, place: usize) -> Option<u32> {
        self.unsteady.get(place).copied()
    }

    /// Takes the connection at `place` off the list.
    pub(crate) fn settle(&mut self, place: usize) {
        let key = self.unsteady.swap_remove(place);
        self[key].is_listed = false;
    }
}

/// Keys are below the highest number of records there ever was: `MAX_CONNECTIONS`, and peers that are being retired.
#[allow(clippy::cast_possible_truncation)]
fn narrow(key: usize) -> u32 {
    key as u32
}

impl<M> Index<u32> for Links<M> {
    type Output = Link<M>;

    #[inline]
    fn index(&self, key: u32) -> &Link<M> {
        &self.slab[key as usize]
    }
}

impl<M> IndexMut<u32> for Links<M> {
    #[inline]
    fn index_mut(&mut self, key: u32) -> &mut Link<M> {
        &mut self.slab[key as usize]
    }
}
