//! What every address may have a part of at once, and all together: connections, and bytes of answers that wait to be read.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::one_of_many;

/// Something of which there is so much.
pub(crate) struct Shares {
    taken: Mutex<Taken>,
    of_one: u64,
    of_all: u64,
}

#[derive(Default)]
struct Taken {
    in_all: u64,
    by: HashMap<IpAddr, u64>,
}

/// A part of it, given back when dropped.
pub(crate) struct Share {
    shares: Arc<Shares>,
    address: IpAddr,
    amount: u64,
}

impl Shares {
    /// Each address may have `of_one` at once, all together `of_all`.
    pub(super) fn new(of_one: u64, of_all: u64) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::default(), of_one, of_all })
    }

    /// So much for `address`, if it is there. Who has nothing yet may have as much as an address may, however much more
    /// was asked for.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr, amount: u64) -> Option<Share> {
        let (address, amount) = (one_of_many(address), amount.min(self.of_one));
        let mut taken = self.taken();
        let of_address = taken.by.get(&address).copied().unwrap_or_default();
        if of_address + amount > self.of_one || taken.in_all + amount > self.of_all {
            return None;
        }
        taken.in_all += amount;
        *taken.by.entry(address).or_default() += amount;
        Some(Share { shares: Arc::clone(self), address, amount })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.taken();
        taken.in_all -= self.amount;
        if let Some(of_address) = taken.by.get_mut(&self.address) {
            *of_address -= self.amount;
            if *of_address == 0 {
                taken.by.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_had_again() {
        let shares = Shares::new(20, 50);
        let take = |from: u8, amount| shares.take(IpAddr::from([10, 0, 0, from]), amount);
        let first = take(1, 12).expect("a part");
        assert!(take(1, 9).is_none() && take(1, 8).is_some());
        let (_second, third) = (take(2, 1000).expect("all that one may have"), take(3, 18).expect("what is left"));
        assert!(take(4, 1).is_none(), "all together");
        drop(third);
        assert!(take(4, 18).is_some());
        drop(first);
        assert!(take(1, 20).is_some());
        assert_eq!(shares.taken().by.len(), 1, "who has nothing is forgotten");
    }
}
