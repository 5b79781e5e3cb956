//! `daladala bench`

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use clap::Subcommand;
use daladala_agents::{Choice, Policy, registry};
use daladala_env::rules::Classic;
use daladala_env::{Action, Autoreset, Buffers, Generator, Rules, VecEnv, VecEnvConfig};
use serde::Serialize;

use crate::output::{figures, grouped, print, print_json};
use crate::rule_set::RuleSet;

/// Prepared action batches that the environment bench goes through in turn.
const ACTION_BATCHES: usize = 64;
/// The most environments or rows, so that a slip of the hand does not ask for all memory.
const MAX_ROWS: usize = 1 << 24;
/// The longest measurement, seconds.
const MAX_SECONDS: f64 = 3600.0;

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Environment steps a second: random actions, every output written, auto-reset on.
    Env(EnvArgs),
    /// Observations a second through a model.
    Policy(PolicyArgs),
}

#[derive(Debug, clap::Args)]
struct Shared {
    /// The rules.
    #[arg(long, value_enum, default_value_t)]
    rules: RuleSet,
    /// Threads, each with its share of the rows.
    #[arg(long, default_value = "1", allow_negative_numbers = true)]
    threads: NonZeroUsize,
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
    #[arg(long, default_value = "4096", allow_negative_numbers = true)]
    envs: NonZeroUsize,
    #[command(flatten)]
    shared: Shared,
}

#[derive(Debug, clap::Args)]
pub(crate) struct PolicyArgs {
    /// A built-in name (see `daladala models`) or the path of a weights file.
    #[arg(long, default_value = "ppo")]
    model: String,
    /// Observations handed over together.
    #[arg(long, default_value = "1024", allow_negative_numbers = true)]
    batch: NonZeroUsize,
    #[command(flatten)]
    shared: Shared,
}

fn parse_seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds > 0.0 && *seconds <= MAX_SECONDS);
    seconds.ok_or_else(|| format!("give a number above 0, up to {MAX_SECONDS}"))
}

#[derive(Debug, Serialize)]
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
    seconds: f64,
    rules: &'static str,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Env(args) => args.run(),
            Self::Policy(args) => args.run(),
        }
    }
}

impl Shared {
    /// Runs `work` on every thread until the time is up and returns rows a second. `work` is handed the number of
    /// rows of its share and returns what is called again and again.
    fn measure<F: FnMut()>(
        &self,
        rows: usize,
        prepare: impl Fn(usize, usize) -> F + Sync,
    ) -> anyhow::Result<(f64, f64)> {
        ensure!(rows <= MAX_ROWS, "{rows} rows are more than the {MAX_ROWS} that are measured at most");
        let threads = self.threads.get();
        ensure!(threads <= rows, "{threads} threads for {rows} rows: some would have nothing to do");
        let stop = AtomicBool::new(false);
        let share = |thread: usize| (rows * (thread + 1) / threads) - (rows * thread / threads);
        let rates: Vec<(f64, f64)> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|thread| {
                    let (stop, prepare) = (&stop, &prepare);
                    scope.spawn(move || {
                        let mut work = prepare(rows * thread / threads, share(thread));
                        work();
                        let (start, mut calls) = (Instant::now(), 0u64);
                        while !stop.load(Ordering::Relaxed) {
                            work();
                            calls += 1;
                        }
                        let seconds = start.elapsed().as_secs_f64();
                        (calls as f64 * share(thread) as f64 / seconds, seconds)
                    })
                })
                .collect();
            thread::sleep(Duration::from_secs_f64(self.seconds));
            stop.store(true, Ordering::Relaxed);
            workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
        });
        ensure!(rates.len() == threads, "a thread of the bench failed");
        let seconds = rates.iter().map(|rate| rate.1).fold(0.0, f64::max);
        Ok((rates.iter().map(|rate| rate.0).sum(), seconds))
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
            ("threads", throughput.threads.to_string()),
            (what, grouped(rate)),
        ]))
    }
}

impl EnvArgs {
    fn run(self) -> anyhow::Result<()> {
        let RuleSet::Classic = self.shared.rules;
        let envs = self.envs.get();
        let actions_count = Classic.spaces().actions.len() as u32;
        let (rate, seconds) = self.shared.measure(envs, |first, share| {
            let config =
                VecEnvConfig { first_index: first as u64, autoreset: Autoreset::SameStep, ..Default::default() };
            let mut env = VecEnv::new(Classic, share, config);
            let mut buffers = Buffers::for_env(&env);
            env.reset(&mut buffers.observations);
            let mut generator = Generator::new(1, first as u64);
            // One random sequence, read from another place each step, is as random to the rules as a new one.
            let actions: Vec<Action> =
                (0..share + ACTION_BATCHES).map(|_| generator.below(actions_count) as Action).collect();
            let mut step = 0;
            move || {
                step = (step + 1) % ACTION_BATCHES;
                let result = env.step(&actions[step..][..share], buffers.as_step());
                debug_assert!(result.is_ok());
            }
        })?;
        self.shared.report(&Throughput {
            steps_per_second: Some(rate),
            observations_per_second: None,
            envs: Some(envs),
            batch: None,
            threads: self.shared.threads.get(),
            seconds,
            rules: Classic.name(),
        })
    }
}

impl PolicyArgs {
    fn run(self) -> anyhow::Result<()> {
        let RuleSet::Classic = self.shared.rules;
        let policy = registry::load_for(&self.model, &Classic, Choice::Greedy)?;
        let policy: &dyn Policy = &*policy;
        let batch = self.batch.get();
        let (rate, seconds) = self.shared.measure(batch, |first, share| {
            let mut generator = Generator::new(1, first as u64);
            let observations: Vec<f32> =
                (0..share * policy.observation_size()).map(|_| generator.uniform() * 2.0 - 1.0).collect();
            let mut outputs = vec![0.0; share * policy.actions()];
            move || policy.outputs(&observations, &mut outputs)
        })?;
        self.shared.report(&Throughput {
            steps_per_second: None,
            observations_per_second: Some(rate),
            envs: None,
            batch: Some(batch),
            threads: self.shared.threads.get(),
            seconds,
            rules: Classic.name(),
        })
    }
}
