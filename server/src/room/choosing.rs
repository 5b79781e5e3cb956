//! Who chooses the next action: the policy, a person who has taken the wheel, or all who are present by vote.

use std::collections::BTreeMap;
use std::time::Duration;

use daladala_env::Action;
use daladala_protocol::{ActionName, Mode, Refusal, RoomEvent};
use tokio::time::Instant;

use super::actor::{Actor, Stepped};

/// Who chooses.
#[derive(Debug, Default)]
pub(super) enum Choosing {
    #[default]
    Policy,
    Wheel {
        member: u64,
        /// When it goes back to the policy unless its holder does something.
        until: Instant,
    },
    Vote {
        turn_time: Duration,
        turns: u64,
        turn: Option<Turn>,
        /// When the next turn begins, after the end of an episode or when nobody is there to vote.
        begins: Option<Instant>,
        /// Nobody was there to vote when a turn was to begin.
        deserted: bool,
    },
}

/// For people to see how an episode ended before the next one begins.
const AFTER_THE_END: Duration = Duration::from_secs(2);

/// For somebody to come who votes, before the policy chooses again.
const DESERTED: Duration = Duration::from_secs(10);

/// The same after the server was started again: clients wait longer and longer between their attempts to come back.
const DESERTED_AT_THE_START: Duration = Duration::from_mins(1);

/// One choice to be made together.
#[derive(Debug)]
pub(super) struct Turn {
    number: u64,
    deadline: Instant,
    votes: BTreeMap<u64, Action>,
}

impl Choosing {
    /// By vote, as on a server before: the first turn begins when somebody is there.
    pub(super) fn voting_again(turn_time: Duration) -> Self {
        let begins = Some(Instant::now() + DESERTED_AT_THE_START);
        Self::Vote { turn_time, turns: 0, turn: None, begins, deserted: true }
    }

    pub(super) fn mode(&self) -> Mode {
        match self {
            Self::Policy => Mode::Policy,
            Self::Wheel { .. } => Mode::Wheel,
            Self::Vote { .. } => Mode::Vote,
        }
    }

    pub(super) fn wheel(&self) -> Option<u64> {
        match self {
            Self::Wheel { member, .. } => Some(*member),
            Self::Policy | Self::Vote { .. } => None,
        }
    }

    /// When something is to be done even if nobody says anything.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Self::Policy => None,
            Self::Wheel { until, .. } => Some(*until),
            Self::Vote { turn, begins, .. } => turn.as_ref().map(|turn| turn.deadline).or(*begins),
        }
    }
}

impl Actor {
    /// One step by hand. Whoever has no member's number is alone in asking and keeps no wheel.
    pub(crate) fn act(&mut self, member: Option<u64>, action: &ActionName) -> Result<Stepped, Refusal> {
        let action = self.find_action(action)?;
        self.check_drivable()?;
        match (&self.choosing, member) {
            (Choosing::Vote { .. }, _) => return Err(Refusal::conflict("the room votes: send a vote")),
            (Choosing::Wheel { member: holder, .. }, _) if member != Some(*holder) => {
                return Err(Refusal::conflict("somebody else has the wheel"));
            }
            (Choosing::Policy, Some(member)) => {
                self.check_change()?;
                let name = self.room.members().name(member);
                self.happened(RoomEvent::WheelTaken { member, name });
            }
            _ => {}
        }
        if let Some(member) = member {
            self.choosing = Choosing::Wheel { member, until: Instant::now() + self.limits.wheel_timeout };
            self.describe();
        }
        self.step_once(Some(action))
    }

    /// Gives the wheel back.
    pub(crate) fn release(&mut self, member: Option<u64>) -> Result<(), Refusal> {
        match self.choosing.wheel() {
            Some(holder) if member == Some(holder) => {
                self.let_policy_choose();
                Ok(())
            }
            Some(_) => Err(Refusal::conflict("somebody else has the wheel")),
            None => Err(Refusal::conflict("nobody has the wheel")),
        }
    }

    /// Gives the choice back to the policy, and tells so.
    pub(super) fn let_policy_choose(&mut self) {
        match std::mem::take(&mut self.choosing) {
            Choosing::Policy => return,
            Choosing::Wheel { member, .. } => {
                let name = self.room.members().name(member);
                self.happened(RoomEvent::WheelReleased { member, name });
            }
            Choosing::Vote { turn_time, .. } => {
                self.happened(RoomEvent::VoteStopped { turn_seconds: turn_time.as_secs_f64() });
            }
        }
        self.restart_clock();
        self.describe();
    }

    /// Lets those who are present choose together.
    pub(crate) fn vote_start(&mut self, turn_time: Duration) -> Result<(), Refusal> {
        self.check_drivable()?;
        self.check_policy_chooses()?;
        self.check_change()?;
        self.choosing = Choosing::Vote { turn_time, turns: 0, turn: None, begins: None, deserted: false };
        self.paused = false;
        self.happened(RoomEvent::VoteStarted { turn_seconds: turn_time.as_secs_f64() });
        self.describe();
        self.begin_turn();
        Ok(())
    }

    /// Lets the policy choose again.
    pub(crate) fn vote_stop(&mut self) -> Result<(), Refusal> {
        if !matches!(self.choosing, Choosing::Vote { .. }) {
            return Err(Refusal::conflict("nobody votes"));
        }
        self.let_policy_choose();
        Ok(())
    }

    /// Takes a vote; the last one of a turn counts.
    pub(crate) fn vote(&mut self, member: u64, action: &ActionName) -> Result<u64, Refusal> {
        let action = self.find_action(action)?;
        let voters = self.room.members().voters();
        let Choosing::Vote { turn: Some(turn), .. } = &mut self.choosing else {
            return Err(Refusal::conflict("there is no turn to vote in"));
        };
        if !voters.contains(&member) {
            return Err(Refusal::conflict("only players vote: join with a name"));
        }
        let first = turn.votes.insert(member, action).is_none();
        let number = turn.number;
        let choosing: Vec<_> = voters.into_iter().filter(|voter| !turn.votes.contains_key(voter)).collect();
        // Who votes again changes nothing that others may know.
        if first {
            self.happened(RoomEvent::VoteCast { turn: number, member, choosing });
        }
        self.resolve_if_all_have_chosen();
        Ok(number)
    }

    /// Somebody came or left.
    pub(super) fn voters_changed(&mut self) {
        if let Some(holder) = self.choosing.wheel()
            && !self.room.members().is_here(holder)
        {
            self.let_policy_choose();
        }
        match &self.choosing {
            Choosing::Vote { turn: None, deserted: true, .. } if !self.room.members().voters().is_empty() => {
                self.begin_turn();
            }
            Choosing::Vote { turn: Some(_), .. } => self.resolve_if_all_have_chosen(),
            _ => {}
        }
    }

    /// What is due without anybody saying anything.
    pub(super) fn choose_in_time(&mut self, now: Instant) {
        match &self.choosing {
            Choosing::Wheel { until, .. } if *until <= now => self.let_policy_choose(),
            Choosing::Vote { turn: Some(turn), .. } if turn.deadline <= now => self.resolve(),
            Choosing::Vote { turn: None, begins: Some(begins), .. } if *begins <= now => self.begin_turn(),
            _ => {}
        }
    }

    fn begin_turn(&mut self) {
        let choosing = self.room.members().voters();
        // The reset is nobody's choice.
        if matches!(self.choosing, Choosing::Vote { .. }) && self.game.ended() && self.step_once(None).is_err() {
            return;
        }
        let Choosing::Vote { turn_time, turns, turn, begins, deserted } = &mut self.choosing else { return };
        if choosing.is_empty() {
            if std::mem::replace(deserted, true) {
                self.let_policy_choose();
            } else {
                *begins = Some(Instant::now() + DESERTED);
            }
            return;
        }
        (*begins, *deserted) = (None, false);
        *turns += 1;
        *turn = Some(Turn { number: *turns, deadline: Instant::now() + *turn_time, votes: BTreeMap::new() });
        let (turn, seconds) = (*turns, turn_time.as_secs_f64());
        self.happened(RoomEvent::TurnStarted { turn, seconds, choosing });
    }

    fn resolve_if_all_have_chosen(&mut self) {
        let voters = self.room.members().voters();
        if let Choosing::Vote { turn: Some(turn), .. } = &self.choosing
            && !voters.is_empty()
            && voters.iter().all(|voter| turn.votes.contains_key(voter))
        {
            self.resolve();
        }
    }

    fn resolve(&mut self) {
        let Choosing::Vote { turn, .. } = &mut self.choosing else { return };
        let Some(turn) = turn.take() else { return };
        let mut votes = vec![0u32; self.actions()];
        for &action in turn.votes.values() {
            votes[usize::from(action)] += 1;
        }
        let choice = if turn.votes.is_empty() { None } else { Some(most_votes(&votes, &self.game.preferences())) };
        if self.step_once(choice).is_err() {
            return;
        }
        let action = self.frame.state().action.unwrap_or_default();
        let by = if choice.is_some() { "votes" } else { "policy" };
        self.happened(RoomEvent::TurnResolved { turn: turn.number, action, votes, by: by.into() });
        if self.game.ended() {
            if let Choosing::Vote { begins, .. } = &mut self.choosing {
                *begins = Some(Instant::now() + AFTER_THE_END);
            }
        } else {
            self.begin_turn();
        }
    }
}

/// The action with most votes; among equals the one that `preferences` like best, then the first.
fn most_votes(votes: &[u32], preferences: &[f32]) -> Action {
    let preference = |action: usize| preferences.get(action).copied().unwrap_or_default();
    let mut best = 0;
    for action in 1..votes.len() {
        let better =
            votes[action] > votes[best] || (votes[action] == votes[best] && preference(action) > preference(best));
        if better {
            best = action;
        }
    }
    best as Action
}

#[cfg(test)]
mod tests {
    use super::most_votes;

    #[test]
    fn ties_go_to_what_the_policy_prefers_among_them() {
        let preferences = [9.0, 1.0, 2.0, 0.0, 0.0];
        assert_eq!(most_votes(&[0, 2, 2, 1, 0], &preferences), 2);
        assert_eq!(most_votes(&[0, 2, 1, 1, 0], &preferences), 1);
        assert_eq!(most_votes(&[1, 1, 1, 1, 1], &[0.0; 5]), 0);
        assert_eq!(most_votes(&[0, 0, 0, 0, 3], &[]), 4);
    }
}
