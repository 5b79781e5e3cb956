//! `daladala bench`

mod flood;
mod rollout;
mod server;
mod train;

use std::time::{Duration, Instant};

use clap::Subcommand;
use daladala_agents::{Choice, DeviceKind, registry, rows_per_thread};
use daladala_env::{
    Action, Autoreset, Buffers, Generator, ResetOptions, Rules, RulesInfo, RulesVisitor, SpecId, VecEnv, VecEnvConfig,
    instruction_set,
};
use flood::FloodArgs;
use indicatif::ProgressBar;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use rollout::RolloutArgs;
use serde::Serialize;
use server::ServerArgs;
use train::TrainArgs;

use crate::arguments::{DeviceArgs, RulesArgs};
use crate::numbers::count_in;
use crate::output::{figures, grouped, print, print_json, progress_bar};

/// Places in one prepared sequence of actions that the environment bench goes through in turn.
const ACTION_OFFSETS: usize = 64;
/// Steps over which the beginnings of episodes are spread: more than an episode of `classic` has, and no multiple of
/// its length.
const SPREAD: usize = 64;
/// The most environments or rows, so that a slip of the hand does not ask for all memory.
const MAX_ROWS: u64 = 1 << 24;
/// The most threads: more than any machine has cores.
const MAX_THREADS: u64 = 1024;
/// The longest measurement, seconds.
const MAX_SECONDS: f64 = 3600.0;

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Environment steps a second: random actions, every output written, auto-reset on.
    Env(EnvArgs),
    /// Observations a second through a model.
    Policy(PolicyArgs),
    /// Environment steps a second with a model at the wheel: observations, actions, steps, auto-reset on.
    Rollout(RolloutArgs),
    /// Environment steps a second of training: experience, gradients, updates.
    Train(TrainArgs),
    /// Frames a second to many viewers of a server, how late they are, and what it costs.
    Server(ServerArgs),
    /// Do to a server what hostile clients do, while `bench server --url` tells what its viewers notice.
    Flood(FloodArgs),
}

#[derive(Debug, clap::Args)]
struct Shared {
    #[command(flatten)]
    rules: RulesArgs,
    /// Threads at most; a batch that is too small to share is run on fewer.
    #[arg(long, default_value_t = 1, allow_negative_numbers = true,
          value_parser = count_in::<usize>(1..=MAX_THREADS))]
    threads: usize,
    /// How long to measure, seconds.
    #[arg(long, default_value = "2", allow_negative_numbers = true, value_parser = parse_seconds)]
    seconds: f64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EnvArgs {
    /// Environments stepped together.
    #[arg(long, default_value_t = 4096, allow_negative_numbers = true, value_parser = count_in::<usize>(1..=MAX_ROWS))]
    envs: usize,
    /// Let all episodes begin together, so that they also end together. Otherwise their beginnings are spread out, as
    /// in a run that has gone on for a while.
    #[arg(long)]
    lockstep: bool,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PolicyArgs {
    /// A built-in name (see `daladala models`) or the path of a weights file.
    #[arg(long, default_value = "ppo")]
    model: String,
    #[command(flatten)]
    device: DeviceArgs,
    /// Observations handed over together.
    #[arg(long, default_value_t = 1024, allow_negative_numbers = true, value_parser = count_in::<usize>(1..=MAX_ROWS))]
    batch: usize,
    #[command(flatten)]
    shared: Shared,
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds > 0.0 && *seconds <= MAX_SECONDS);
    seconds.ok_or_else(|| format!("give a number above 0, up to {MAX_SECONDS}"))
}

#[derive(Debug, Default, Serialize)]
struct Throughput {
    #[serde(skip_serializing_if = "Option::is_none")]
    steps_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observations_per_second: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    envs: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<usize>,
    threads: usize,
    /// The vector instructions of the fast batches and networks.
    instruction_set: &'static str,
    /// Fewer than `threads` where a batch is too little work to share.
    #[serde(skip_serializing_if = "Option::is_none")]
    threads_used: Option<usize>,
    seconds: f64,
    #[serde(flatten)]
    spec: Option<SpecId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<DeviceKind>,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Env(args) => args.run(),
            Self::Policy(args) => args.run(),
            Self::Rollout(args) => args.run(),
            Self::Train(args) => args.run(),
            Self::Server(args) => args.run(),
            Self::Flood(args) => args.run(),
        }
    }
}

impl Shared {
    /// Calls `work` again and again until the time is up, on a pool of the threads asked for. Returns the calls a
    /// second and the seconds it took.
    fn measure(&self, work: impl FnMut() + Send) -> anyhow::Result<(f64, f64)> {
        let pool = ThreadPoolBuilder::new().num_threads(self.threads).build()?;
        let bar = progress_bar((self.seconds * 1000.0) as u64, "ms", self.json);
        let measured = pool.install(|| call_for(Duration::from_secs_f64(self.seconds), work, &bar));
        bar.finish_and_clear();
        Ok(measured)
    }

    /// What was measured of `rules`, but for the rate.
    fn throughput(&self, seconds: f64, rules: &RulesInfo) -> Throughput {
        Throughput {
            threads: self.threads,
            instruction_set: instruction_set(),
            seconds,
            spec: Some(rules.id.clone()),
            ..Throughput::default()
        }
    }

    fn report(&self, throughput: &Throughput) -> anyhow::Result<()> {
        if self.json {
            return print_json(throughput);
        }
        let (what, rate) = match throughput.steps_per_second {
            Some(rate) => ("steps/s", rate),
            None => ("observations/s", throughput.observations_per_second.unwrap_or_default()),
        };
        let rows = throughput.envs.or(throughput.batch).unwrap_or_default();
        print(figures([
            (if throughput.envs.is_some() { "environments" } else { "batch" }, grouped(rows as f64)),
            ("threads", throughput.threads_used.unwrap_or(throughput.threads).to_string()),
            ("instructions", throughput.instruction_set.to_owned()),
            (what, grouped(rate)),
        ]))
    }
}

/// Looks at the clock about once a millisecond, so that the clock costs nothing even where a call takes nanoseconds.
fn call_for(time: Duration, mut work: impl FnMut(), bar: &ProgressBar) -> (f64, f64) {
    let mut between_looks = 1u32;
    loop {
        let start = Instant::now();
        (0..between_looks).for_each(|_| work());
        if start.elapsed() >= Duration::from_millis(1) {
            break;
        }
        between_looks *= 2;
    }
    let (start, mut calls) = (Instant::now(), 0.0);
    loop {
        (0..between_looks).for_each(|_| work());
        calls += f64::from(between_looks);
        let elapsed = start.elapsed();
        bar.set_position(elapsed.as_millis() as u64);
        if elapsed >= time {
            return (calls / elapsed.as_secs_f64(), elapsed.as_secs_f64());
        }
    }
}

impl RulesVisitor for &EnvArgs {
    type Output = anyhow::Result<()>;

    fn visit<R: Rules>(self, rules: R) -> anyhow::Result<()> {
        self.measure(rules)
    }
}

impl EnvArgs {
    fn run(self) -> anyhow::Result<()> {
        self.shared.rules.spec()?.visit(&self)
    }

    fn measure<R: Rules>(&self, rules: R) -> anyhow::Result<()> {
        let envs = self.envs;
        let config =
            VecEnvConfig { autoreset: Autoreset::SameStep, threads: self.shared.threads, ..Default::default() };
        let mut env = VecEnv::new(rules, envs, config);
        let threads_used = env.threads();
        let mut buffers = Buffers::for_env(&env);
        env.reset(&mut buffers.observations);
        // One random sequence, read from another place each step, is as random to the rules as a new one.
        let actions = random_actions(env.info(), envs + ACTION_OFFSETS);
        if !self.lockstep {
            spread_out(&mut env, &mut buffers, &actions[..envs])?;
        }
        let (mut offset, mut result) = (0, Ok(()));
        let (rate, seconds) = self.shared.measure(|| {
            offset = (offset + 1) % ACTION_OFFSETS;
            if let Err(error) = env.step(&actions[offset..][..envs], buffers.as_step()) {
                result = Err(error);
            }
        })?;
        result?;
        self.shared.report(&Throughput {
            steps_per_second: Some(rate * envs as f64),
            envs: Some(envs),
            threads_used: Some(threads_used),
            ..self.shared.throughput(seconds, env.info())
        })
    }
}

fn random_actions(info: &RulesInfo, count: usize) -> Vec<Action> {
    let choices = info.actions() as u32;
    let mut generator = Generator::new(1, 0);
    (0..count).map(|_| generator.below(choices) as Action).collect()
}

/// Lets one in [`SPREAD`] environments begin anew before each step, another one each time.
fn spread_out<R: Rules>(env: &mut VecEnv<R>, buffers: &mut Buffers, actions: &[Action]) -> anyhow::Result<()> {
    for step in 0..SPREAD {
        let mask: Vec<bool> = (0..env.envs()).map(|index| index % SPREAD == step).collect();
        let options = ResetOptions { mask: Some(&mask), ..ResetOptions::default() };
        env.reset_with(&options, &mut buffers.observations)?;
        env.step(actions, buffers.as_step())?;
    }
    Ok(())
}

impl PolicyArgs {
    fn run(self) -> anyhow::Result<()> {
        let rules = self.shared.rules.spec_for(&self.model)?.info();
        let batch = self.batch;
        let policy = registry::load(&self.model, &rules, Choice::Greedy, self.device.device)?.policy;
        let (size, actions) = (policy.observation_size(), policy.actions());
        let mut generator = Generator::new(1, 0);
        let observations: Vec<f32> = (0..batch * size).map(|_| generator.uniform() * 2.0 - 1.0).collect();
        let mut outputs = vec![0.0; batch * actions];
        let share = rows_per_thread(batch, self.shared.threads);
        let (rate, seconds) = self.shared.measure(|| {
            if share >= batch {
                policy.outputs(&observations, &mut outputs);
            } else {
                let shares = observations.par_chunks(share * size).zip(outputs.par_chunks_mut(share * actions));
                shares.for_each(|(observations, outputs)| policy.outputs(observations, outputs));
            }
        })?;
        self.shared.report(&Throughput {
            observations_per_second: Some(rate * batch as f64),
            batch: Some(batch),
            threads_used: Some(batch.div_ceil(share)),
            device: Some(self.device.device),
            ..self.shared.throughput(seconds, &rules)
        })
    }
}
