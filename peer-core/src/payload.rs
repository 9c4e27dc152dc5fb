//! Memory for packets: each is copied once, however many peers it is sent to.

use bytes::{Bytes, BytesMut};

/// Bytes of one slab, from which small packets are cut.
const SLAB_BYTES: usize = 256 * 1024;
/// A larger packet gets an allocation of its own, so that it does not keep a slab of small ones alive.
const MAX_POOLED_BYTES: usize = 64 * 1024;
/// Slabs kept. While packets in flight keep all of them alive, further packets are allocated singly, so that one of
/// those keeps no more than its own bytes alive.
const MAX_SLABS: usize = 32;

/// Buffers that are reused once every packet in them was dropped: in steady state a packet costs a copy and no
/// allocation.
#[derive(Debug, Default)]
pub(crate) struct PayloadPool {
    current: Option<BytesMut>,
    used: Vec<BytesMut>,
}

impl PayloadPool {
    /// A shared copy of `payload`, followed by its tag.
    #[inline]
    pub(crate) fn copy(&mut self, payload: &[u8], tag: Option<u8>) -> Bytes {
        match &mut self.current {
            Some(slab) if slab.capacity() > payload.len() => append(slab, payload, tag),
            _ => self.copy_to_next_slab(payload, tag),
        }
    }

    #[cold]
    fn copy_to_next_slab(&mut self, payload: &[u8], tag: Option<u8>) -> Bytes {
        let alone = || append(&mut BytesMut::with_capacity(payload.len() + 1), payload, tag);
        if payload.len() > MAX_POOLED_BYTES {
            return alone();
        }
        self.used.extend(self.current.take());
        self.current = match self.used.iter_mut().position(|slab| slab.try_reclaim(SLAB_BYTES)) {
            Some(free) => Some(self.used.swap_remove(free)),
            None if self.used.len() < MAX_SLABS => Some(BytesMut::with_capacity(SLAB_BYTES)),
            None => return alone(),
        };
        self.copy(payload, tag)
    }
}

#[inline]
fn append(slab: &mut BytesMut, payload: &[u8], tag: Option<u8>) -> Bytes {
    slab.extend_from_slice(payload);
    slab.extend(tag);
    slab.split().freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_packet_keeps_its_own_bytes() {
        let mut pool = PayloadPool::default();
        let packets: Vec<_> = (0..2000_usize)
            .map(|i| {
                let bytes = vec![i.to_le_bytes()[0]; i * 37 % 9000 + 1];
                (pool.copy(&bytes, None), bytes)
            })
            .collect();
        assert!(packets.iter().all(|(shared, bytes)| shared == bytes));
    }

    #[test]
    fn slabs_are_used_again_when_their_packets_are_gone() {
        let mut pool = PayloadPool::default();
        for _ in 0..10_000 {
            pool.copy(&[7; 1200], Some(1));
        }
        assert!(pool.used.len() <= 1, "{} slabs", pool.used.len());
    }

    #[test]
    fn packets_that_stay_keep_a_bounded_number_of_slabs() {
        let mut pool = PayloadPool::default();
        let mut kept = Vec::new();
        for _ in 0..(MAX_SLABS + 5) {
            for i in 0..SLAB_BYTES / 1024 {
                let packet = pool.copy(&[1; 1024], None);
                if i == 0 {
                    kept.push(packet);
                }
            }
        }
        assert!(pool.used.len() <= MAX_SLABS);
        kept.clear();
        pool.copy(&[1; 1024], None);
        assert!(pool.current.is_some(), "free slabs are found again");
    }
}
