//! How often anybody may ask, as token buckets.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use daladala_protocol::Refusal;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, NotUntil, Quota, RateLimiter};

use super::one_of_many;
use crate::config::Limits;

/// Seconds of its rate that an address may use at once: a page loads its files in one go, a class opens it together.
const ADDRESS_BURST_SECONDS: u32 = 2;

/// Requests after which the addresses are forgotten that have not been heard of for a while: so there are never more of
/// them than this, and those of the last seconds.
const FORGET_EVERY: u64 = 10_000;

/// What one is told to wait who asks for more than can ever be had at once, milliseconds.
const LONGEST_WAIT_MS: u64 = 1000;

/// All addresses together may ask for so many times what one may.
const ALL_ADDRESSES: u32 = 4;

/// Refusals beyond the requests that were granted, after which a connection does not listen: five seconds of twice its
/// rate.
const MAX_EXCESS: u32 = 1000;

/// So many a second over time, and so many at once.
pub(crate) struct Limit(DefaultDirectRateLimiter);

impl Limit {
    pub(crate) fn new(rate: u32, burst: u32) -> Self {
        Self(RateLimiter::direct(per_second(rate, burst)))
    }

    /// An error if it is one too many.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        self.0.check().map_err(|not_until| too_early(&not_until))
    }
}

/// What a connection asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    Anything,
    /// A step of a room that moves only when it is stepped.
    Step,
}

/// Requests of one connection.
pub(crate) struct RequestLimit {
    requests: Limit,
    steps: Limit,
    excess: Excess,
}

/// Refusals less the requests that were granted: a request that is granted now and then excuses no flood.
#[derive(Debug, Default)]
pub(crate) struct Excess(u32);

impl Excess {
    pub(crate) fn note(&mut self, granted: bool) {
        self.0 = if granted { self.0.saturating_sub(1) } else { self.0.saturating_add(1) };
    }

    /// Whether the connection is to be ended.
    pub(crate) fn is_too_much(&self) -> bool {
        self.0 >= MAX_EXCESS
    }
}

impl RequestLimit {
    pub(crate) fn new(limits: &Limits) -> Self {
        let steps = limits.steps_per_second.max(limits.requests_per_second);
        Self {
            requests: Limit::new(limits.requests_per_second, limits.request_burst),
            steps: Limit::new(steps, steps.max(limits.request_burst)),
            excess: Excess::default(),
        }
    }

    /// An error if it is one too many, of this connection or, unless it is a step, of all of its address.
    pub(crate) fn check(
        &mut self,
        asking: Asking,
        of_address: impl FnOnce() -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let granted = match asking {
            Asking::Anything => self.requests.check().and_then(|()| of_address()),
            Asking::Step => self.steps.check(),
        };
        // However many steps are granted, they excuse nothing.
        if granted.is_err() || asking == Asking::Anything {
            self.excess.note(granted.is_ok());
        }
        granted
    }

    /// Whether the connection is to be ended: it does not heed what it is told.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.excess.is_too_much()
    }
}

/// What all connections of one address may do together, and all addresses.
pub(crate) struct AddressLimits {
    requests: DefaultKeyedRateLimiter<IpAddr>,
    of_all: DefaultDirectRateLimiter,
    /// The most that can be asked for at once.
    burst: u32,
    checks: AtomicU64,
}

impl AddressLimits {
    pub(super) fn new(limits: &Limits) -> Self {
        let rate = limits.max_requests_per_address;
        let burst = rate.saturating_mul(ADDRESS_BURST_SECONDS);
        let (rate_of_all, burst_of_all) = (rate.saturating_mul(ALL_ADDRESSES), burst.saturating_mul(ALL_ADDRESSES));
        Self {
            requests: RateLimiter::keyed(per_second(rate, burst)),
            of_all: RateLimiter::direct(per_second(rate_of_all, burst_of_all)),
            burst,
            checks: AtomicU64::new(1),
        }
    }

    /// An error if `address` asks too often, or all together do. What it asks for is as much work as `weight` short
    /// answers.
    pub(crate) fn check(&self, address: IpAddr, weight: u32) -> Result<(), Refusal> {
        if self.checks.fetch_add(1, Ordering::Relaxed).is_multiple_of(FORGET_EVERY) {
            self.requests.retain_recent();
        }
        // Where the limit is very low, all of it is asked for.
        let weight = NonZeroU32::new(weight.min(self.burst)).unwrap_or(NonZeroU32::MIN);
        let of_address = self.requests.check_key_n(&one_of_many(address), weight);
        let of_address = of_address.map_err(|_| Refusal::rate_limited(LONGEST_WAIT_MS))?;
        of_address.map_err(|not_until| too_early(&not_until))?;
        let of_all = self.of_all.check_n(weight).map_err(|_| Refusal::rate_limited(LONGEST_WAIT_MS))?;
        of_all.map_err(|not_until| too_early(&not_until))
    }
}

/// `rate` a second over time, `burst` at once.
fn per_second(rate: u32, burst: u32) -> Quota {
    let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    Quota::per_second(at_least_one(rate)).allow_burst(at_least_one(burst))
}

fn too_early(not_until: &NotUntil<<DefaultClock as Clock>::Instant>) -> Refusal {
    let wait = not_until.wait_time_from(DefaultClock::default().now());
    Refusal::rate_limited(wait.as_millis() as u64 + 1)
}

#[cfg(test)]
mod tests {
    use daladala_protocol::Code;

    use super::*;

    #[test]
    fn a_connection_is_told_when_to_come_back() {
        let mut limit = RequestLimit::new(&Limits { requests_per_second: 1, request_burst: 3, ..Limits::default() });
        for _ in 0..3 {
            assert_eq!(limit.check(Asking::Anything, || Ok(())), Ok(()));
        }
        let refused = limit.check(Asking::Anything, || Ok(())).expect_err("one too many");
        assert_eq!(refused.code, Code::RateLimited);
        assert!(refused.retry_after_ms.is_some_and(|wait| (1..=1001).contains(&wait)), "{refused:?}");
        let of_address = || Err(Refusal::rate_limited(1));
        assert_eq!(limit.check(Asking::Step, of_address), Ok(()), "steps have a limit of their own");
    }

    #[test]
    fn a_request_that_is_granted_excuses_one_refusal_and_no_flood() {
        let mut excess = Excess::default();
        for _ in 0..MAX_EXCESS * 3 {
            excess.note(true);
            excess.note(false);
        }
        assert!(!excess.is_too_much(), "twice the rate");
        for asked in 0..MAX_EXCESS * 2 {
            excess.note(asked % 10 == 0);
        }
        assert!(excess.is_too_much(), "ten times the rate");
    }

    #[test]
    fn what_is_more_work_counts_for_more() {
        let addresses = AddressLimits::new(&Limits { max_requests_per_address: 10, ..Limits::default() });
        let asks = |from: u8, weight| addresses.check(IpAddr::from([10, 0, 0, from]), weight).is_ok();
        assert!(asks(1, 15) && !asks(1, 20) && asks(1, 5) && !asks(1, 20));
        // Heavier than all that may be asked for at once: it takes all of that.
        assert!(asks(2, 1000) && !asks(2, 20));
        // Together they have four times what one has: 80, of which 40 are taken.
        assert!(asks(3, 20) && asks(4, 20) && !asks(5, 20), "all together");
    }
}
