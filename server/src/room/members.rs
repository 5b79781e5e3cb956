//! Who is in a room: viewers are counted, those who gave a name are players and known to each other.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use daladala_protocol::{Code, PlayerInfo, Presence, Refusal, RoomEvent};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::Room;

/// For a player who left to stay in the list, so that a broken connection is no farewell.
const REMEMBERED: Duration = Duration::from_mins(2);

/// The longest name, characters.
pub(crate) const MAX_NAME_CHARS: usize = 32;

#[derive(Debug, Default)]
pub(super) struct Members {
    /// Connections by member: a player's new connection may come before the old one is known to be dead.
    here: BTreeMap<u64, usize>,
    /// The sum of those.
    viewers: usize,
    /// The last number given.
    last: u64,
    players: Vec<Player>,
}

/// The players of a room, for another server to know them by when they come back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptMembers {
    /// The last number given.
    last: u64,
    players: Vec<KeptPlayer>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptPlayer {
    member: u64,
    name: String,
    key: String,
}

#[derive(Debug)]
struct Player {
    member: u64,
    name: String,
    /// What one comes back with; known to nobody else.
    key: String,
    may_drive: bool,
    left: Option<Instant>,
}

/// A place in a room, given up when dropped.
pub(crate) struct Seat {
    room: Arc<Room>,
    member: u64,
    key: Option<String>,
}

/// What one gives to be present by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Introduction {
    pub(crate) name: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) may_drive: bool,
}

impl Room {
    /// Takes a place.
    pub(crate) fn enter(self: &Arc<Self>, who: Introduction) -> Result<Seat, Refusal> {
        let name = who.name.map(|name| check_name(&name)).transpose()?;
        let mut members = self.members();
        if members.viewers >= self.max_viewers {
            let message = format!("the room '{}' has as many viewers as it may: try again later", self.code);
            return Err(Refusal::new(Code::RoomFull, message));
        }
        members.forget_the_gone();
        members.viewers += 1;
        if members.players.len() >= self.max_players {
            members.forget_the_longest_gone();
        }
        let room_for_one = members.players.len() < self.max_players;
        let known = members.players.iter_mut().find(|player| who.key.as_ref() == Some(&player.key));
        let (member, key, event) = match (known, name) {
            (Some(player), _) => {
                player.may_drive = who.may_drive;
                let (member, name) = (player.member, player.name.clone());
                let back = player.left.take().is_some();
                (member, who.key, back.then_some(RoomEvent::PlayerReturned { member, name }))
            }
            (None, Some(name)) if room_for_one => {
                let member = members.next_number();
                let key = Uuid::new_v4().simple().to_string();
                let player =
                    Player { member, name: name.clone(), key: key.clone(), may_drive: who.may_drive, left: None };
                members.players.push(player);
                (member, Some(key), Some(RoomEvent::PlayerJoined { member, name }))
            }
            (None, _) => (members.next_number(), None, None),
        };
        *members.here.entry(member).or_default() += 1;
        drop(members);
        if key.is_some() {
            self.changed.notify_one();
        }
        let seq = self.now().frame.seq();
        if let Some(event) = event {
            self.announce(seq, event);
        }
        self.stirred.notify_one();
        Ok(Seat { room: Arc::clone(self), member, key })
    }
}

/// Comings and goings that are told a second, over time; presence tells of all. Otherwise a few who come and go without
/// end would fill the lane of events, and nobody could keep up.
const ANNOUNCEMENTS_PER_SECOND: u32 = 10;

/// Those that are told at once: a class that enters together.
const ANNOUNCEMENTS_AT_ONCE: u32 = 40;

pub(super) fn announcements() -> DefaultDirectRateLimiter {
    let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    RateLimiter::direct(Quota::per_second(number(ANNOUNCEMENTS_PER_SECOND)).allow_burst(number(ANNOUNCEMENTS_AT_ONCE)))
}

impl Room {
    fn announce(&self, seq: u64, event: RoomEvent) {
        if self.announcements.check().is_ok() {
            self.happened_at(seq, event);
        }
    }
}

impl Seat {
    pub(crate) fn member(&self) -> u64 {
        self.member
    }

    /// What the player can come back with; none for one without a name.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let left = self.room.members().leave(self.member);
        if let Some(name) = left {
            let seq = self.room.now().frame.seq();
            self.room.announce(seq, RoomEvent::PlayerLeft { member: self.member, name });
        }
        self.room.stirred.notify_one();
    }
}

impl Members {
    /// Those that were kept, all of them away for now.
    pub(super) fn restored(kept: KeptMembers) -> Self {
        let left = Some(Instant::now());
        let player = |KeptPlayer { member, name, key }| Player { member, name, key, may_drive: false, left };
        Self { last: kept.last, players: kept.players.into_iter().map(player).collect(), ..Self::default() }
    }

    pub(super) fn kept(&self) -> KeptMembers {
        let known = self.players.iter().filter(|player| player.left.is_none_or(|left| left.elapsed() < REMEMBERED));
        let kept =
            |player: &Player| KeptPlayer { member: player.member, name: player.name.clone(), key: player.key.clone() };
        // Without a player to come back, numbers mean nothing to anybody.
        let players: Vec<_> = known.map(kept).collect();
        KeptMembers { last: if players.is_empty() { 0 } else { self.last }, players }
    }

    fn next_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// One connection fewer; the name of a player whose last it was.
    fn leave(&mut self, member: u64) -> Option<String> {
        self.viewers -= 1;
        let connections = self.here.get_mut(&member)?;
        *connections -= 1;
        if *connections > 0 {
            return None;
        }
        self.here.remove(&member);
        let player = self.players.iter_mut().find(|player| player.member == member)?;
        player.left = Some(Instant::now());
        Some(player.name.clone())
    }

    fn forget_the_gone(&mut self) {
        self.players.retain(|player| player.left.is_none_or(|left| left.elapsed() < REMEMBERED));
    }

    fn forget_the_longest_gone(&mut self) {
        let gone = self.players.iter().enumerate().filter_map(|(place, player)| Some((player.left?, place)));
        if let Some((_, place)) = gone.min() {
            self.players.remove(place);
        }
    }

    pub(super) fn viewers(&self) -> usize {
        self.viewers
    }

    pub(super) fn presence(&self) -> Presence {
        let info = |player: &Player| PlayerInfo {
            member: player.member,
            name: player.name.clone(),
            online: player.left.is_none(),
        };
        Presence { viewers: self.viewers, players: self.players.iter().map(info).collect() }
    }

    /// The players who are here and may drive: those who vote.
    pub(super) fn voters(&self) -> Vec<u64> {
        let here = self.players.iter().filter(|player| player.left.is_none() && player.may_drive);
        here.map(|player| player.member).collect()
    }

    pub(super) fn is_here(&self, member: u64) -> bool {
        self.here.contains_key(&member)
    }

    pub(super) fn name(&self, member: u64) -> Option<String> {
        self.players.iter().find(|player| player.member == member).map(|player| player.name.clone())
    }
}

fn check_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS && !name.chars().any(char::is_control);
    let refusal =
        || Refusal::invalid(format!("a name has 1 to {MAX_NAME_CHARS} characters, none of them control characters"));
    fits.then(|| name.to_owned()).ok_or_else(refusal)
}
