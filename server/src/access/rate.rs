//! How often anybody may ask, as token buckets.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use daladala_protocol::{Code, Refusal};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::one_of_many;
use crate::config::Limits;

/// Seconds of its rate that an address may use at once: a page loads its files in one go, a class opens it together.
const ADDRESS_BURST_SECONDS: u32 = 2;

/// Requests after which the addresses are forgotten that have not been heard of for a while: so there are never more of
/// them than this, and those of the last seconds.
const FORGET_EVERY: u64 = 10_000;

/// Requests of one connection.
pub(crate) struct RequestLimit {
    limiter: DefaultDirectRateLimiter,
    /// Refusals since the last request that was let through.
    refused: u32,
}

impl RequestLimit {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { limiter: RateLimiter::direct(per_second(limits.requests_per_second, limits.request_burst)), refused: 0 }
    }

    /// An error if it is one too many.
    pub(crate) fn check(&mut self) -> Result<(), Refusal> {
        match self.limiter.check() {
            Ok(()) => {
                self.refused = 0;
                Ok(())
            }
            Err(not_until) => {
                self.refused += 1;
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                Err(Refusal::rate_limited(wait.as_millis() as u64 + 1))
            }
        }
    }

    /// How many were refused one after another.
    pub(crate) fn refused(&self) -> u32 {
        self.refused
    }
}

/// What all connections of one address may do together.
pub(crate) struct AddressLimits {
    requests: DefaultKeyedRateLimiter<IpAddr>,
    checks: AtomicU64,
    connections: Mutex<HashMap<IpAddr, usize>>,
    max_connections: usize,
}

impl AddressLimits {
    pub(super) fn new(limits: &Limits) -> Self {
        let burst = limits.max_requests_per_address.saturating_mul(ADDRESS_BURST_SECONDS);
        Self {
            requests: RateLimiter::keyed(per_second(limits.max_requests_per_address, burst)),
            checks: AtomicU64::new(1),
            connections: Mutex::default(),
            max_connections: limits.max_connections_per_address,
        }
    }

    /// An error if `address` asks too often.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), Refusal> {
        if self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY) {
            self.requests.retain_recent();
        }
        self.requests.check_key(&one_of_many(address)).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            Refusal::rate_limited(wait.as_millis() as u64 + 1)
        })
    }

    /// A place among the connections of `address`, given up when dropped.
    pub(crate) fn connect(self: &Arc<Self>, address: IpAddr) -> Result<AddressSlot, Refusal> {
        let address = one_of_many(address);
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let count = connections.entry(address).or_default();
        if *count >= self.max_connections {
            return Err(Refusal::new(Code::RoomFull, "too many connections from this address"));
        }
        *count += 1;
        drop(connections);
        Ok(AddressSlot { limits: Arc::clone(self), address })
    }
}

/// A connection's place among those of its address.
pub(crate) struct AddressSlot {
    limits: Arc<AddressLimits>,
    address: IpAddr,
}

impl Drop for AddressSlot {
    fn drop(&mut self) {
        let mut connections = self.limits.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = connections.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                connections.remove(&self.address);
            }
        }
    }
}

/// `rate` a second over time, `burst` at once.
fn per_second(rate: u32, burst: u32) -> Quota {
    let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(rate)).allow_burst(at_least_one(burst))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_told_when_to_come_back() {
        let mut limit = RequestLimit::new(&Limits { requests_per_second: 1, request_burst: 3, ..Limits::default() });
        for _ in 0..3 {
            assert_eq!(limit.check(), Ok(()));
        }
        let refused = limit.check().expect_err("one too many");
        assert_eq!(refused.code, Code::RateLimited);
        assert!(refused.retry_after_ms.is_some_and(|wait| (1..=1001).contains(&wait)), "{refused:?}");
        assert_eq!(limit.refused(), 1);
    }

    #[test]
    fn connections_of_an_address_are_counted_as_long_as_they_live() {
        let limits = Limits { max_connections_per_address: 2, ..Limits::default() };
        let addresses = Arc::new(AddressLimits::new(&limits));
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let first = addresses.connect(one).expect("a place");
        let _second = addresses.connect(one).expect("a place");
        assert!(addresses.connect(one).is_err());
        assert!(addresses.connect(other).is_ok());
        drop(first);
        assert!(addresses.connect(one).is_ok());
    }
}
