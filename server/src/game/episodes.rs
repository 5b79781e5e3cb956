//! Episodes of one environment, one after another.

use std::sync::Arc;

use daladala_agents::{Policy, policy_generators};
use daladala_env::{Action, Autoreset, Buffers, Generator, Rules, StateFrame, Transition, VecEnv, VecEnvConfig};

use super::{Driver, Game};
use crate::error::RoomError;

pub(super) struct Episodes<R: Rules> {
    rules: R,
    env: VecEnv<R>,
    policy: Arc<dyn Policy>,
    /// What the policy draws from.
    generators: Vec<Generator>,
    buffers: Buffers,
    actions: [Action; 1],
    /// Which episode runs, from 1; 0 before the first.
    episode: u64,
    ended: bool,
}

impl<R: Rules> Episodes<R> {
    pub(super) fn new(driver: Driver<R>, seed: u64) -> Self {
        let env = environment(&driver.rules, seed);
        let buffers = Buffers::for_env(&env);
        let generators = policy_generators(seed, 0..1);
        Self {
            rules: driver.rules,
            env,
            policy: driver.policy,
            generators,
            buffers,
            actions: [0],
            episode: 0,
            ended: true,
        }
    }

    fn begin_episode(&mut self) -> StateFrame {
        self.env.reset(&mut self.buffers.observations);
        self.ended = false;
        self.episode += 1;
        self.env.frame(0, self.episode, None)
    }
}

/// With auto-reset off, the reset is a frame of its own: viewers see where each episode starts.
fn environment<R: Rules>(rules: &R, seed: u64) -> VecEnv<R> {
    VecEnv::new(rules.clone(), 1, VecEnvConfig { seed, autoreset: Autoreset::Disabled, ..VecEnvConfig::default() })
}

impl<R: Rules> Game for Episodes<R> {
    fn advance(&mut self, choice: Option<Action>) -> Result<StateFrame, RoomError> {
        if self.ended {
            return Ok(self.begin_episode());
        }
        match choice {
            Some(action) => self.actions = [action],
            None => self.policy.act(&self.buffers.observations, &mut self.generators, &mut self.actions),
        }
        self.env.step(&self.actions, self.buffers.as_step())?;
        self.ended = self.buffers.ended(0);
        let transition = Transition {
            reward: self.buffers.rewards[0],
            terminated: self.buffers.terminated[0],
            truncated: self.buffers.truncated[0],
        };
        Ok(self.env.frame(0, self.episode, Some((self.actions[0], transition))))
    }

    fn reset(&mut self, seed: Option<u64>) -> Result<StateFrame, RoomError> {
        if let Some(seed) = seed {
            self.env = environment(&self.rules, seed);
            self.generators = policy_generators(seed, 0..1);
        }
        Ok(self.begin_episode())
    }

    fn ended(&self) -> bool {
        self.ended
    }

    fn observation(&self) -> &[f32] {
        &self.buffers.observations
    }

    fn preferences(&self) -> Vec<f32> {
        let mut outputs = vec![0.0; self.policy.actions()];
        self.policy.outputs(&self.buffers.observations, &mut outputs);
        outputs
    }
}

#[cfg(test)]
mod tests {
    use daladala_agents::scripted::{Oracle, Random};
    use daladala_env::rules::Classic;

    use super::*;
    use crate::game::AnyDriver;

    fn game(policy: impl Policy + 'static, seed: u64) -> Box<dyn Game> {
        let policy: Arc<dyn Policy> = Arc::new(policy);
        Driver::new(Classic, "test", policy).expect("made for these rules").begin(seed)
    }

    #[test]
    fn every_episode_starts_with_a_reset_and_ends_with_its_last_step() -> Result<(), Box<dyn std::error::Error>> {
        let mut episodes = game(Random, 7);
        let mut before: Option<StateFrame> = None;
        for _ in 0..500 {
            let frame = episodes.advance(None)?;
            match before {
                Some(before) if !before.terminated && !before.truncated => {
                    assert_eq!((frame.episode, frame.step), (before.episode, before.step + 1));
                    assert!(frame.action.is_some());
                }
                ended => {
                    let episode = ended.map_or(1, |last| last.episode + 1);
                    assert_eq!((frame.episode, frame.step, frame.action), (episode, 0, None));
                    assert_eq!((frame.reward, frame.total_reward), (0.0, 0.0));
                }
            }
            assert_eq!(episodes.ended(), frame.terminated || frame.truncated);
            before = Some(frame);
        }
        Ok(())
    }

    #[test]
    fn a_choice_is_taken_instead_of_the_policys() -> Result<(), RoomError> {
        let mut episodes = game(Oracle, 7);
        episodes.advance(Some(3))?;
        for choice in [3, 0, 2, 4] {
            assert_eq!(episodes.advance(Some(choice))?.action, Some(choice));
        }
        Ok(())
    }

    #[test]
    fn a_seed_brings_its_episodes_back() -> Result<(), RoomError> {
        let mut episodes = game(Random, 1);
        let mut other = game(Random, 2);
        let first = episodes.advance(None)?;
        other.advance(None)?;
        for _ in 0..40 {
            other.advance(None)?;
        }
        let again = other.reset(Some(1))?;
        assert_eq!(again.hazards, first.hazards);
        assert_eq!(again.episode, 3);
        Ok(())
    }
}
