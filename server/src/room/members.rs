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
    /// Those who watch on other servers, by the names of these.
    elsewhere: BTreeMap<String, Elsewhere>,
}

/// Those who watch on one other server.
#[derive(Debug)]
struct Elsewhere {
    guests: Guests,
    heard: Instant,
}

impl Elsewhere {
    fn now(guests: Guests) -> Self {
        Self { guests, heard: Instant::now() }
    }
}

/// Those who watch a room on a server that does not run it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Guests {
    /// Connections.
    pub(crate) viewers: usize,
    /// The players among them.
    pub(crate) players: Vec<Guest>,
}

/// A player, as servers tell each other of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Guest {
    pub(crate) member: u64,
    pub(crate) name: String,
    /// What the player comes back with, on whatever server.
    pub(crate) key: String,
    pub(crate) may_drive: bool,
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
    /// Who has that key, where another server knows it.
    pub(crate) known: Option<Guest>,
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
        if let Some(guest) = who.known.filter(|guest| room_for_one && !members.knows(&guest.key)) {
            members.players.push(Player::from(guest));
        }
        let known = members.players.iter_mut().find(|player| who.key.as_ref() == Some(&player.key));
        let (member, key, event) = match (known, name) {
            (Some(player), _) => {
                player.may_drive = who.may_drive;
                let (member, name) = (player.member, player.name.clone());
                let back = player.left.take().is_some();
                (member, who.key, back.then_some(RoomEvent::PlayerReturned { member, name }))
            }
            (None, Some(name)) if room_for_one => {
                let member = self.next_member(&mut members);
                let key = Uuid::new_v4().simple().to_string();
                let player =
                    Player { member, name: name.clone(), key: key.clone(), may_drive: who.may_drive, left: None };
                members.players.push(player);
                (member, Some(key), Some(RoomEvent::PlayerJoined { member, name }))
            }
            (None, _) => (self.next_member(&mut members), None, None),
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

    /// A number that nobody has had in this room, on whatever server.
    fn next_member(&self, members: &mut Members) -> u64 {
        self.owner().map_or_else(|| members.next_number(), |owner| owner.next_member())
    }

    /// Notes who watches on another server; none if it no longer shows the room.
    pub(crate) fn guests(&self, server: &str, guests: Option<Guests>) {
        let Some(events) = self.members().guests(server, guests) else { return };
        self.changed.notify_one();
        let seq = self.now().frame.seq();
        for event in events {
            self.announce(seq, event);
        }
        self.stirred.notify_one();
    }

    /// Whether another server shows the room, after those are forgotten that have not been heard of for `silence`.
    pub(crate) fn is_shown_elsewhere(&self, silence: Duration) -> bool {
        let gone = self.members().silent(silence);
        for server in gone {
            self.guests(&server, None);
        }
        !self.members().elsewhere.is_empty()
    }

    /// Who watches here, for the server that runs the room.
    pub(crate) fn guests_here(&self) -> Guests {
        let members = self.members();
        let here = members.players.iter().filter(|player| player.left.is_none());
        Guests { viewers: members.viewers, players: here.map(Guest::from).collect() }
    }

    /// The players, with their keys, those too who may come back.
    pub(crate) fn known_players(&self) -> Vec<Guest> {
        self.members().players.iter().map(Guest::from).collect()
    }
}

impl From<&Player> for Guest {
    fn from(player: &Player) -> Self {
        let Player { member, name, key, may_drive, .. } = player;
        Self { member: *member, name: name.clone(), key: key.clone(), may_drive: *may_drive }
    }
}

impl From<Guest> for Player {
    fn from(Guest { member, name, key, may_drive }: Guest) -> Self {
        Self { member, name, key, may_drive, left: Some(Instant::now()) }
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
        // Of a room that runs elsewhere, all are told by its own server.
        if self.owner().is_none() && self.announcements.check().is_ok() {
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

    /// One viewer fewer; the name of a player whose last connection it was.
    fn leave(&mut self, member: u64) -> Option<String> {
        self.viewers -= 1;
        self.gone(member)
    }

    /// One connection of a member fewer; the name of a player whose last it was.
    fn gone(&mut self, member: u64) -> Option<String> {
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

    fn knows(&self, key: &str) -> bool {
        self.players.iter().any(|player| player.key == key)
    }

    /// Notes who watches on another server; what is to be told of it, if anything has changed.
    fn guests(&mut self, server: &str, guests: Option<Guests>) -> Option<Vec<RoomEvent>> {
        let before = self.elsewhere.remove(server).map(|elsewhere| elsewhere.guests);
        if before.is_some() && before == guests {
            self.elsewhere.extend(guests.map(|guests| (server.to_owned(), Elsewhere::now(guests))));
            return None;
        }
        let before = before.unwrap_or_default();
        let now = guests.clone().unwrap_or_default();
        let is_in = |guest: &Guest, guests: &Guests| guests.players.iter().any(|other| other.member == guest.member);
        let mut events = Vec::new();
        for guest in now.players.iter().filter(|guest| !is_in(guest, &before)) {
            events.extend(self.guest_came(guest));
        }
        // First those who came, so that who goes from one server to another is never gone.
        for guest in before.players.iter().filter(|guest| !is_in(guest, &now)) {
            let left = self.gone(guest.member);
            events.extend(left.map(|name| RoomEvent::PlayerLeft { member: guest.member, name }));
        }
        self.viewers = (self.viewers + now.viewers).saturating_sub(before.viewers);
        self.elsewhere.extend(guests.map(|guests| (server.to_owned(), Elsewhere::now(guests))));
        Some(events)
    }

    fn guest_came(&mut self, guest: &Guest) -> Option<RoomEvent> {
        *self.here.entry(guest.member).or_default() += 1;
        let (member, name) = (guest.member, guest.name.clone());
        if let Some(player) = self.players.iter_mut().find(|player| player.member == member) {
            player.may_drive = guest.may_drive;
            return player.left.take().map(|_| RoomEvent::PlayerReturned { member, name });
        }
        self.players.push(Player { left: None, ..Player::from(guest.clone()) });
        Some(RoomEvent::PlayerJoined { member, name })
    }

    /// The servers that have not been heard of for so long.
    fn silent(&self, silence: Duration) -> Vec<String> {
        let silent = self.elsewhere.iter().filter(|(_, elsewhere)| elsewhere.heard.elapsed() > silence);
        silent.map(|(server, _)| server.clone()).collect()
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
