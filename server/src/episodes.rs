//! Episodes one after another, a frame at a time: the game as a room sees it. Knows no clock and no viewer.

use daladala_agents::{Policy, policy_generators};
use daladala_env::{
    Action, Autoreset, Buffers, EnvError, Generator, Rules, StateFrame, Transition, VecEnv, VecEnvConfig,
};

use crate::driver::Driver;

/// An endless row of frames: of each episode the one of its reset, then one a step.
pub(crate) struct Episodes<R: Rules> {
    env: VecEnv<R>,
    policy: Box<dyn Policy>,
    /// What the policy draws from.
    generators: Vec<Generator>,
    buffers: Buffers,
    actions: [Action; 1],
    /// Which episode runs, from 1; 0 before the first.
    episode: u64,
    ended: bool,
}

impl<R: Rules> Episodes<R> {
    pub(crate) fn new(driver: Driver<R>, seed: u64) -> Self {
        // With auto-reset off, the reset is a frame of its own: viewers see where each episode starts.
        let config = VecEnvConfig { seed, autoreset: Autoreset::Disabled, ..VecEnvConfig::default() };
        let env = VecEnv::new(driver.rules, 1, config);
        let buffers = Buffers::for_env(&env);
        let generators = policy_generators(seed, 0..1);
        Self { env, policy: driver.policy, generators, buffers, actions: [0], episode: 0, ended: true }
    }

    /// The next frame.
    pub(crate) fn advance(&mut self) -> Result<StateFrame, EnvError> {
        if self.ended { Ok(self.reset()) } else { self.step() }
    }

    fn reset(&mut self) -> StateFrame {
        self.env.reset(&mut self.buffers.observations);
        self.ended = false;
        self.episode += 1;
        self.env.frame(0, self.episode, None)
    }

    fn step(&mut self) -> Result<StateFrame, EnvError> {
        self.policy.act(&self.buffers.observations, &mut self.generators, &mut self.actions);
        self.env.step(&self.actions, self.buffers.as_step())?;
        self.ended = self.buffers.ended(0);
        let transition = Transition {
            reward: self.buffers.rewards[0],
            terminated: self.buffers.terminated[0],
            truncated: self.buffers.truncated[0],
        };
        Ok(self.env.frame(0, self.episode, Some((self.actions[0], transition))))
    }
}

#[cfg(test)]
mod tests {
    use daladala_agents::scripted::Random;
    use daladala_env::rules::Classic;

    use super::*;

    #[test]
    fn every_episode_starts_with_a_reset_and_ends_with_its_last_step() -> Result<(), Box<dyn std::error::Error>> {
        let mut episodes = Episodes::new(Driver::new(Classic, "random", Box::new(Random))?, 7);
        let mut before: Option<StateFrame> = None;
        for _ in 0..500 {
            let frame = episodes.advance()?;
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
            before = Some(frame);
        }
        Ok(())
    }
}
