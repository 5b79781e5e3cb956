//! Viewers who ask again and again: they hold no connection, and are there as long as they keep asking.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use daladala_protocol::Refusal;

use super::{Introduction, Room, Seat};
use crate::metrics::{Counted, Metrics, Transport};

/// The length of a name that a poller gives itself, bytes. Shorter ones would meet by chance: a UUID is meant.
const NAME_BYTES: std::ops::RangeInclusive<usize> = 8..=64;

/// Those who poll, by room and name.
pub(crate) struct Pollers {
    here: Mutex<HashMap<(String, String), Poller>>,
    gone_after: Duration,
}

struct Poller {
    place: Place,
    /// Which question was the last.
    asked: u64,
}

/// A seat in the room, and among the viewers that are counted.
struct Place {
    _seat: Seat,
    _counted: Counted,
}

/// A question that is being answered. Its end begins the time after which its poller is gone.
pub(crate) struct Visit {
    /// Of one who gave no name, and goes with the answer.
    _place: Option<Place>,
    named: Option<(Arc<Pollers>, (String, String), u64)>,
}

impl Pollers {
    /// Nobody yet. Who has not asked for `gone_after` is gone.
    pub(crate) fn new(gone_after: Duration) -> Arc<Self> {
        Arc::new(Self { here: Mutex::default(), gone_after })
    }

    /// Somebody asks for frames of `room`; who gives a `name` stays between questions. An error where the room is full.
    pub(crate) fn visit(
        self: &Arc<Self>,
        room: &Arc<Room>,
        name: Option<&str>,
        metrics: &Metrics,
    ) -> Result<Visit, Refusal> {
        let enter = || -> Result<Place, Refusal> {
            let seat = room.enter(Introduction::default())?;
            Ok(Place { _seat: seat, _counted: metrics.viewer(Transport::Polling) })
        };
        let Some(name) = name else { return Ok(Visit { _place: Some(enter()?), named: None }) };
        if !NAME_BYTES.contains(&name.len()) || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            let (least, most) = (NAME_BYTES.start(), NAME_BYTES.end());
            return Err(Refusal::invalid(format!("viewer has {least} to {most} visible characters: a UUID is meant")));
        }
        let who = (room.code().to_owned(), name.to_owned());
        let mut here = self.locked();
        let asked = if let Some(poller) = here.get_mut(&who) {
            poller.asked += 1;
            poller.asked
        } else {
            here.insert(who.clone(), Poller { place: enter()?, asked: 0 });
            0
        };
        Ok(Visit { _place: None, named: Some((Arc::clone(self), who, asked)) })
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<(String, String), Poller>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let Some((pollers, who, asked)) = self.named.take() else { return };
        tokio::spawn(async move {
            tokio::time::sleep(pollers.gone_after).await;
            let mut here = pollers.locked();
            let gone =
                if here.get(&who).is_some_and(|poller| poller.asked == asked) { here.remove(&who) } else { None };
            drop(here);
            // Whoever leaves tells the room, which must not wait for this lock.
            drop(gone.map(|poller| poller.place));
        });
    }
}
