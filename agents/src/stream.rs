//! Episodes of one environment, one after another, as frames: what people look at.

use std::sync::Arc;

use daladala_env::{
    Action, AnyVecEnv, Autoreset, Buffers, EnvError, Frame, Generator, ResetOptions, RuleSpec, RulesInfo, Seeds,
    Transition, VecEnvConfig,
};

use crate::policy::{Policy, PolicyFault, policy_generator};

/// Why there is no next frame.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StreamError {
    /// An action that the rules do not have.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The policy has none.
    #[error(transparent)]
    Policy(#[from] PolicyFault),
}

/// An endless row of frames: of each episode the one of its reset, then one a step.
pub struct Stream {
    env: Box<dyn AnyVecEnv>,
    policy: Arc<dyn Policy>,
    /// What the policy draws from.
    generator: Generator,
    buffers: Buffers,
    /// Which episode runs, from 1; 0 before the first.
    episode: u64,
    ended: bool,
}

impl Stream {
    /// Episodes by the rules of `spec`, drawn from `seed` and driven by `policy`, which was made for these rules.
    #[must_use]
    pub fn new(spec: &RuleSpec, policy: Arc<dyn Policy>, seed: u64) -> Self {
        // With auto-reset off, the reset is a frame of its own: viewers see where each episode starts.
        let config = VecEnvConfig { seed, autoreset: Autoreset::Disabled, ..VecEnvConfig::default() };
        let env = spec.vec_env(1, config);
        let buffers = Buffers::new(1, env.info());
        Self { env, policy, generator: policy_generator(seed, 0), buffers, episode: 0, ended: true }
    }

    /// What describes the rules.
    #[must_use]
    pub fn info(&self) -> &RulesInfo {
        self.env.info()
    }

    /// The next frame: the reset if an episode has ended or none has begun, otherwise a step. Without a `choice` the
    /// policy chooses; the reset takes none. After an error nothing has changed.
    pub fn advance(&mut self, choice: Option<Action>) -> Result<Frame, StreamError> {
        if self.ended {
            return Ok(self.reset(None)?);
        }
        let mask = self.policy_mask();
        let mut outputs = vec![0.0; self.policy.actions()];
        let action = match choice {
            Some(action) => {
                self.policy.outputs(&self.buffers.observations, &mut outputs);
                action
            }
            None => self.policy.decide(&self.buffers.observations, mask, &mut self.generator, &mut outputs)?,
        };
        self.env.step(&[action], self.buffers.as_step_with_terms())?;
        self.ended = self.buffers.ended(0);
        let transition = Transition {
            reward: self.buffers.rewards[0],
            cost: self.buffers.costs.first().copied().unwrap_or_default(),
            terminated: self.buffers.terminated[0],
            truncated: self.buffers.truncated[0],
        };
        let mut frame = self.env.frame(0, self.episode, Some((action, transition)));
        frame.reward_terms.clone_from(&self.buffers.reward_terms);
        frame.cost_terms.clone_from(&self.buffers.cost_terms);
        frame.outputs = outputs;
        frame.action_mask = mask;
        Ok(frame)
    }

    /// A new episode, now; with a seed, the first of those drawn from it.
    pub fn reset(&mut self, seed: Option<u64>) -> Result<Frame, EnvError> {
        let seeds = seed.map_or(Seeds::Continue, Seeds::One);
        self.env.reset_with(&ResetOptions { seeds, ..ResetOptions::default() }, &mut self.buffers.observations)?;
        if let Some(seed) = seed {
            self.generator = policy_generator(seed, 0);
        }
        self.ended = false;
        self.episode += 1;
        Ok(self.env.frame(0, self.episode, None))
    }

    /// Whether the episode has ended, so that the next frame is a reset.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// What the policy sees now.
    #[must_use]
    pub fn observation(&self) -> &[f32] {
        &self.buffers.observations
    }

    /// Which actions have an effect of their own now: bit `a` for action `a`.
    #[must_use]
    pub fn action_mask(&self) -> u32 {
        let mut mask = [0];
        self.env.action_masks(&mut mask);
        mask[0]
    }

    /// Which actions the policy chooses among now; none where it looks at no mask.
    #[must_use]
    pub fn policy_mask(&self) -> Option<u32> {
        self.policy.masked().then(|| self.action_mask())
    }

    /// The policy's [outputs](Policy::outputs) for what it sees now.
    #[must_use]
    pub fn outputs(&self) -> Vec<f32> {
        let mut outputs = vec![0.0; self.policy.actions()];
        self.policy.outputs(&self.buffers.observations, &mut outputs);
        outputs
    }
}

#[cfg(test)]
mod tests {
    use daladala_env::rules::Classic;
    use daladala_env::{OutputKind, RuleSet, Rules};

    use super::*;
    use crate::scripted::{Oracle, Random};

    fn random() -> Random {
        Random::new(&Classic.spaces())
    }

    fn stream(policy: impl Policy + 'static, seed: u64) -> Stream {
        Stream::new(&RuleSet::Classic.into(), Arc::new(policy), seed)
    }

    #[test]
    fn every_episode_starts_with_a_reset_and_ends_with_its_last_step() -> Result<(), StreamError> {
        let mut episodes = stream(random(), 7);
        let mut before: Option<Frame> = None;
        for _ in 0..500 {
            let frame = episodes.advance(None)?;
            match before {
                Some(before) if !before.terminated && !before.truncated => {
                    assert_eq!((frame.episode, frame.step), (before.episode, before.step + 1));
                    assert!(frame.action.is_some());
                    assert_eq!(frame.reward_terms.iter().sum::<f32>(), frame.reward);
                    assert_eq!(frame.outputs, [0.2; 5]);
                }
                ended => {
                    let episode = ended.map_or(1, |last| last.episode + 1);
                    assert_eq!((frame.episode, frame.step, frame.action), (episode, 0, None));
                    assert_eq!((frame.reward, frame.total_reward), (0.0, 0.0));
                    assert!(frame.reward_terms.is_empty() && frame.outputs.is_empty());
                }
            }
            assert_eq!(episodes.ended(), frame.terminated || frame.truncated);
            before = Some(frame);
        }
        Ok(())
    }

    #[test]
    fn a_choice_is_taken_instead_of_the_policys_whose_mind_is_told_all_the_same() -> Result<(), StreamError> {
        let mut episodes = stream(Oracle, 7);
        episodes.advance(Some(3))?;
        for choice in [3, 0, 2, 4] {
            let would = episodes.outputs();
            let frame = episodes.advance(Some(choice))?;
            assert_eq!((frame.action, frame.outputs), (Some(choice), would));
        }
        assert!(episodes.advance(Some(9)).is_err());
        Ok(())
    }

    /// A policy with masks.
    struct Masked(Random);

    impl Policy for Masked {
        fn observation_size(&self) -> usize {
            self.0.observation_size()
        }

        fn actions(&self) -> usize {
            self.0.actions()
        }

        fn output_kind(&self) -> OutputKind {
            self.0.output_kind()
        }

        fn outputs(&self, observations: &[f32], outputs: &mut [f32]) {
            self.0.outputs(observations, outputs);
        }

        fn masked(&self) -> bool {
            true
        }

        fn choose(&self, outputs: &[f32], masks: Option<&[u32]>, generators: &mut [Generator], actions: &mut [Action]) {
            self.0.choose(outputs, masks, generators, actions);
        }
    }

    #[test]
    fn a_frame_tells_the_mask_that_its_action_was_chosen_among() -> Result<(), StreamError> {
        let mut episodes = stream(Masked(random()), 5);
        let mut closed = 0;
        for _ in 0..300 {
            let open = (!episodes.ended()).then(|| episodes.action_mask());
            let frame = episodes.advance(None)?;
            assert_eq!(frame.action_mask, open, "the mask of before the step; none after a reset");
            if let (Some(mask), Some(action)) = (open, frame.action) {
                assert_eq!(mask >> action & 1, 1);
                closed += u32::from(mask != 0b1_1111);
            }
        }
        assert!(closed > 0, "no action was ever closed");
        let mut unmasked = stream(random(), 5);
        unmasked.advance(None)?;
        assert_eq!(unmasked.advance(None)?.action_mask, None);
        Ok(())
    }

    #[test]
    fn a_seed_brings_its_episodes_back() -> Result<(), StreamError> {
        let mut episodes = stream(random(), 1);
        let mut other = stream(random(), 2);
        let first = episodes.advance(None)?;
        other.advance(None)?;
        for _ in 0..40 {
            other.advance(None)?;
        }
        let again = other.reset(Some(1))?;
        assert_eq!((again.police, again.lights), (first.police, first.lights));
        assert_eq!(again.episode, 3);
        Ok(())
    }
}
