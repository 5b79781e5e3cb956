//! Training solves `classic`, and a seed decides everything.

use daladala_agents::training::{Progress, TrainConfig, train};
use daladala_agents::{Algorithm, Checkpoint, Choice, NeuralPolicy, evaluate};
use daladala_env::rules::Classic;

/// All algorithms, with their defaults.
fn configs() -> impl Iterator<Item = (Algorithm, TrainConfig)> {
    Algorithm::ALL.into_iter().map(|algorithm| (algorithm, TrainConfig::new(algorithm)))
}

fn trained(config: &TrainConfig, seed: u64, steps: u64) -> Checkpoint {
    train(config, &Classic, seed, steps, &mut |_| ())
}

#[test]
fn each_algorithm_solves_classic_with_its_defaults() {
    for (algorithm, config) in configs() {
        let checkpoint = trained(&config, 11, config.default_steps());
        let policy = NeuralPolicy::new(&checkpoint, Choice::Greedy).unwrap();
        let evaluation = evaluate(&policy, &Classic, 1_000_000, 1000, &|_| ());
        assert!(evaluation.optimal_fraction.unwrap() >= 0.995, "{algorithm}: {evaluation:?}");
        assert_eq!((evaluation.fine_rate, evaluation.crash_rate), (0.0, 0.0), "{algorithm}");
    }
}

#[test]
fn the_same_seed_gives_the_same_weights_and_another_seed_others() {
    for (algorithm, config) in configs() {
        let first = trained(&config, 1, 5_000);
        assert_eq!(first, trained(&config, 1, 5_000), "{algorithm}");
        assert_ne!(first.networks, trained(&config, 2, 5_000).networks, "{algorithm}");
    }
}

#[test]
fn progress_counts_up_to_the_steps_asked_for() {
    for (_, config) in configs() {
        let mut seen: Vec<Progress> = Vec::new();
        let checkpoint = train(&config, &Classic, 1, 5_000, &mut |progress| seen.push(progress));
        assert!(seen.is_sorted_by(|a, b| a.steps < b.steps));
        let last = seen.last().unwrap();
        assert!(last.steps >= 5_000 && Some(last.steps) == checkpoint.info.steps);
        assert!(last.mean_return.is_finite() && last.loss.is_finite(), "{last:?}");
    }
}
