//! `daladala bench rollout`
//!
//! Each thread drives environments of its own, from observations to actions to the next step, and waits for the others
//! after every step, as a learner that looks at whole batches does.

use std::ops::Range;

use daladala_agents::{Choice, Policy, policy_generators, registry, rows_per_thread};
use daladala_env::{Action, Buffers, EnvError, Generator, Rules, RulesVisitor, VecEnv, VecEnvConfig};
use rayon::prelude::*;

use super::{MAX_ROWS, Shared, Throughput, random_actions, spread_out};
use crate::arguments::DeviceArgs;
use crate::numbers::count_in;

#[derive(Debug, clap::Args)]
pub(crate) struct RolloutArgs {
    /// A built-in name (see `daladala models`) or the path of a weights file.
    #[arg(long, default_value = "ppo")]
    model: String,
    #[command(flatten)]
    device: DeviceArgs,
    /// Environments stepped together.
    #[arg(long, default_value_t = 4096, allow_negative_numbers = true, value_parser = count_in::<usize>(1..=MAX_ROWS))]
    envs: usize,
    #[command(flatten)]
    shared: Shared,
}

/// The environments of one thread.
struct Shard<R: Rules> {
    env: VecEnv<R>,
    buffers: Buffers,
    outputs: Vec<f32>,
    /// Which actions are open, where the policy chooses among these alone.
    masks: Option<Vec<u32>>,
    generators: Vec<Generator>,
    actions: Vec<Action>,
}

impl<R: Rules> Shard<R> {
    /// Environments `indices`, in the middle of their episodes.
    fn new(rules: &R, indices: Range<usize>, policy: &dyn Policy) -> anyhow::Result<Self> {
        let config = VecEnvConfig { first_index: indices.start as u64, ..VecEnvConfig::default() };
        let mut env = VecEnv::new(rules.clone(), indices.len(), config);
        let mut buffers = Buffers::for_env(&env);
        env.reset(&mut buffers.observations);
        let actions = random_actions(env.info(), indices.len());
        spread_out(&mut env, &mut buffers, &actions)?;
        let outputs = vec![0.0; indices.len() * policy.actions()];
        let masks = policy.masked().then(|| vec![0; indices.len()]);
        Ok(Self { env, buffers, outputs, masks, generators: policy_generators(0, indices), actions })
    }

    fn step(&mut self, policy: &dyn Policy) -> Result<(), EnvError> {
        policy.outputs(&self.buffers.observations, &mut self.outputs);
        if let Some(masks) = &mut self.masks {
            self.env.action_masks(masks);
        }
        policy.choose(&self.outputs, self.masks.as_deref(), &mut self.generators, &mut self.actions);
        self.env.step(&self.actions, self.buffers.as_step())
    }
}

impl RulesVisitor for &RolloutArgs {
    type Output = anyhow::Result<()>;

    fn visit<R: Rules>(self, rules: R) -> anyhow::Result<()> {
        self.measure(&rules)
    }
}

impl RolloutArgs {
    pub(super) fn run(self) -> anyhow::Result<()> {
        self.shared.rules.spec_for(&self.model)?.visit(&self)
    }

    fn measure<R: Rules>(&self, rules: &R) -> anyhow::Result<()> {
        let envs = self.envs;
        let policy = registry::load(&self.model, &rules.info(), Choice::Greedy, self.device.device)?.policy;
        let share = rows_per_thread(envs, self.shared.threads);
        let indices = (0..envs).step_by(share).map(|first| first..(first + share).min(envs));
        let mut shards =
            indices.map(|indices| Shard::new(rules, indices, &*policy)).collect::<anyhow::Result<Vec<_>>>()?;
        let threads_used = shards.len();
        let mut result = Ok(());
        let (rate, seconds) = self.shared.measure(|| {
            if let Err(error) = shards.par_iter_mut().try_for_each(|shard| shard.step(&*policy)) {
                result = Err(error);
            }
        })?;
        result?;
        self.shared.report(&Throughput {
            steps_per_second: Some(rate * envs as f64),
            envs: Some(envs),
            batch: Some(share.min(envs)),
            threads_used: Some(threads_used),
            device: Some(self.device.device),
            ..self.shared.throughput(seconds, &rules.info())
        })
    }
}
