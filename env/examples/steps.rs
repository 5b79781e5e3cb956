//! Steps environments of a rule set by random actions and prints how many million steps a second that is: the best of
//! many short runs, as machines are seldom quiet. Beginnings of episodes are spread out.
//!
//! ```text
//! cargo run --release -p daladala-env --example steps -- city 4096 [runs] [plain]
//! ```
#![expect(clippy::print_stdout, reason = "an example that tells a rate")]

use std::time::{Duration, Instant};

use daladala_env::rules::{City, Classic};
use daladala_env::{Batch, Buffers, Generator, ResetOptions, Rules, ScalarBatch, VecEnv, VecEnvConfig};

/// Places in one prepared sequence of actions that are gone through in turn.
const OFFSETS: usize = 64;
/// Steps over which the beginnings of episodes are spread.
const SPREAD: usize = 64;
/// How long a run takes: too short for a machine that has other work to be interrupted in all of them.
const RUN: Duration = Duration::from_millis(2);
/// Environment steps between two looks at the clock.
const LOOK: usize = 8192;

fn measure<R: Rules, B: Batch<R>>(rules: R, envs: usize, runs: usize) -> f64 {
    let mut env = VecEnv::<R, B>::with_batch(rules, envs, VecEnvConfig::default());
    let mut buffers = Buffers::for_env(&env);
    let mut generator = Generator::new(1, 0);
    let actions: Vec<u8> = (0..envs + OFFSETS).map(|_| generator.below(5) as u8).collect();
    env.reset(&mut buffers.observations);
    for step in 0..SPREAD {
        let mask: Vec<bool> = (0..envs).map(|index| index % SPREAD == step).collect();
        let options = ResetOptions { mask: Some(&mask), ..ResetOptions::default() };
        env.reset_with(&options, &mut buffers.observations).expect("the mask fits");
        env.step(&actions[..envs], buffers.as_step()).expect("actions are below 5");
    }
    let (mut best, mut offsets) = (0.0_f64, (0..OFFSETS).cycle());
    for _ in 0..runs {
        let (start, mut steps) = (Instant::now(), 0);
        while start.elapsed() < RUN {
            for offset in offsets.by_ref().take(LOOK.div_ceil(envs)) {
                env.step(&actions[offset..][..envs], buffers.as_step()).expect("actions are below 5");
                steps += envs;
            }
        }
        best = best.max(steps as f64 / start.elapsed().as_secs_f64());
    }
    best / 1e6
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |place: usize, default: &'static str| arguments.get(place).map_or(default, String::as_str);
    let (envs, runs) = (argument(1, "4096").parse().expect("a number"), argument(2, "500").parse().expect("a number"));
    let plain = argument(3, "") == "plain";
    let rate = match argument(0, "city") {
        "classic" => measure::<Classic, <Classic as Rules>::Batch>(Classic, envs, runs),
        name => {
            let city = City::named(if name == "city" { "dar-es-salaam" } else { name }).expect("a scenario");
            if plain {
                measure::<City, ScalarBatch<City>>(city, envs, runs)
            } else {
                measure::<City, <City as Rules>::Batch>(city, envs, runs)
            }
        }
    };
    println!("{rate:.2}");
}
