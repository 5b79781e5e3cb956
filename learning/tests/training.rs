//! Training solves `classic`, a seed decides everything, and what was interrupted goes on as if it had not been.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use daladala_agents::{
    Algorithm, Checkpoint, Choice, NeuralPolicy, Policy, Unmasked, evaluate, is_open, policy_generators,
};
use daladala_env::rules::{City, Classic};
use daladala_env::{Buffers, Generator, VecEnv, VecEnvConfig};
use daladala_learning::{
    Defaults, DqnConfig, Evaluations, Initialization, LearningError, PpoConfig, Progress, Schedule, TrainConfig,
    Trainer, TrainingResult, TrainingRun, defaults,
};

/// All algorithms that go with rules without costs, with their defaults, and DQN with its options the other way round.
fn configs() -> impl Iterator<Item = (String, TrainConfig)> {
    let algorithms = Algorithm::ALL.into_iter().filter(|algorithm| *algorithm != Algorithm::PpoLagrangian);
    let tuned = algorithms.map(|algorithm| (algorithm.to_string(), config(algorithm)));
    let dueling = DqnConfig {
        dueling: true,
        double: false,
        normalize_rewards: true,
        normalize_observations: true,
        action_masks: true,
        ..dqn()
    };
    let TrainConfig::Ppo(ppo) = config(Algorithm::Ppo) else { unreachable!() };
    let careful = PpoConfig {
        initialization: if ppo.initialization == Initialization::Uniform {
            Initialization::Orthogonal
        } else {
            Initialization::Uniform
        },
        entropy_schedule: Schedule::Linear,
        clip_range_schedule: Schedule::Linear,
        value_clip_range: Some(0.5),
        target_kl: Some(0.05),
        normalize_rewards: true,
        normalize_observations: true,
        action_masks: true,
        ..ppo
    };
    tuned.chain([
        ("dueling dqn".to_owned(), TrainConfig::Dqn(dueling)),
        ("careful ppo".to_owned(), TrainConfig::Ppo(careful)),
    ])
}

fn config(algorithm: Algorithm) -> TrainConfig {
    defaults(algorithm, "classic").config
}

fn dqn() -> DqnConfig {
    let TrainConfig::Dqn(config) = config(Algorithm::Dqn) else { unreachable!() };
    config
}

fn trainer(config: &TrainConfig, seed: u64, steps: u64) -> Trainer<Classic> {
    Trainer::new(config, &Classic, seed, steps, None).unwrap()
}

fn trained(config: &TrainConfig, seed: u64, steps: u64) -> Checkpoint {
    let mut trainer = trainer(config, seed, steps);
    while !trainer.finished() {
        trainer.advance();
    }
    trainer.checkpoint()
}

fn run(config: &TrainConfig, steps: u64, stop_at: Option<f64>) -> TrainingRun<Classic> {
    let evaluations = Evaluations { every: 1_000, episodes: 50, stop_at };
    TrainingRun::new(config, &Classic, 3, steps, evaluations, None).unwrap()
}

#[test]
fn each_algorithm_solves_classic_with_its_defaults() {
    for (name, config) in configs() {
        let checkpoint = trained(&config, 11, defaults(config.algorithm(), "classic").steps);
        let policy = NeuralPolicy::new(&checkpoint, Choice::Greedy).unwrap();
        let evaluation = evaluate(&policy, &Classic, 1_000_000, 1000, &|_| ());
        assert!(evaluation.optimal_fraction.unwrap() >= 0.995, "{name}: {evaluation:?}");
        let rate = |name| evaluation.figure(name).unwrap().mean;
        assert_eq!((rate("fine"), rate("crash")), (0.0, 0.0), "{name}");
    }
}

#[test]
fn the_same_seed_gives_the_same_weights_and_another_seed_others() {
    for (name, config) in configs() {
        let first = trained(&config, 1, 5_000);
        assert_eq!(first, trained(&config, 1, 5_000), "{name}");
        assert_ne!(first.networks, trained(&config, 2, 5_000).networks, "{name}");
    }
}

#[test]
fn progress_counts_up_to_the_steps_asked_for() {
    for (name, config) in configs() {
        let mut trainer = trainer(&config, 1, 5_000);
        let mut seen: Vec<Progress> = Vec::new();
        while !trainer.finished() {
            seen.push(trainer.advance());
        }
        assert!(seen.is_sorted_by(|a, b| a.steps < b.steps), "{name}");
        let last = seen.last().unwrap();
        assert!(last.steps >= 5_000 && Some(last.steps) == trainer.checkpoint().info.steps, "{name}");
        assert!([last.mean_return, last.mean_length, last.loss].iter().all(|value| value.is_finite()), "{last:?}");
        assert!(last.details.iter().all(|(_, value)| value.is_finite()), "{last:?}");
    }
}

#[test]
fn a_saved_run_goes_on_as_if_it_had_not_been_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    for (name, config) in configs() {
        let mut whole = run(&config, 9_000, None);
        let mut first = run(&config, 9_000, None);
        for _ in 0..3 {
            first.advance().unwrap();
        }
        first.save(&path).unwrap();
        drop(first);
        let mut second = TrainingRun::resume(&path, &Classic, None).unwrap();
        for each in [&mut whole, &mut second] {
            while !each.finished() {
                each.advance().unwrap();
            }
        }
        assert_eq!(whole.trainer().checkpoint(), second.trainer().checkpoint(), "{name}");
        let weights = |run: &TrainingRun<_>| run.result().unwrap().checkpoint.to_bytes();
        assert_eq!(weights(&whole), weights(&second), "{name}");
    }
}

#[test]
fn a_run_stops_when_it_is_good_enough_and_keeps_what_did_best() {
    let Defaults { config, steps, .. } = defaults(Algorithm::Ppo, "classic");
    let mut run = run(&config, steps, Some(0.9));
    let mut best = f64::NEG_INFINITY;
    while !run.finished() {
        if let Some(evaluated) = run.advance().unwrap().evaluation {
            let mean_return = evaluated.evaluation.mean_return;
            assert_eq!(evaluated.is_best, mean_return >= best);
            best = best.max(mean_return);
        }
    }
    let TrainingResult { checkpoint, evaluation, returns, validation, on_training_layouts } = run.result().unwrap();
    assert!(run.trainer().done() < steps);
    assert!(evaluation.optimal_fraction >= Some(0.9), "{evaluation:?}");
    assert_eq!(checkpoint.info.mean_return, evaluation.mean_return);
    assert_eq!(validation.episodes, evaluation.episodes);
    assert_ne!(validation.endings, Vec::new());
    assert_eq!((returns.len(), on_training_layouts.episodes), (evaluation.episodes, config.envs()));
}

#[test]
fn what_is_no_saved_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let refusal = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let Err(LearningError::Resume { why, .. }) = TrainingRun::resume(&path, &Classic, None) else {
            panic!("taken for a run");
        };
        why
    };
    run(&config(Algorithm::Dqn), 2_000, None).save(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let Err(LearningError::Resume { why, .. }) = TrainingRun::resume(&path, &City::named("tiny").unwrap(), None) else {
        panic!("a training of other rules was taken")
    };
    assert_eq!(why, "it is a training for 'classic/original'");
    assert_eq!(refusal(b"safetensors"), "it is not a saved run of this version");
    assert_eq!(refusal(&bytes[..9]), "it is cut off");
    assert_eq!(refusal(&bytes[..bytes.len() / 2]), "it is damaged");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    assert_eq!(refusal(&bytes), "it is damaged");
}

/// Whoever makes a file can make its checksum too.
#[test]
fn a_saved_run_with_anything_changed_is_refused_or_goes_on_and_never_panics() {
    const SUM: std::ops::Range<usize> = 8..12;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut generator = Generator::new(6, 0);
    let small = TrainConfig::Dqn(DqnConfig { buffer_size: 256, learning_starts: 64, ..dqn() });
    for config in [small, config(Algorithm::Ppo)] {
        let mut run = run(&config, 100_000, None);
        run.advance().unwrap();
        run.save(&path).unwrap();
        let saved = std::fs::read(&path).unwrap();
        for _ in 0..200 {
            let mut bytes = saved.clone();
            for _ in 0..=generator.below(3) {
                // Names, lengths and types stand close together, and most of all at the beginning.
                let end = if generator.below(2) == 0 { bytes.len() } else { (bytes.len() / 8).max(SUM.end + 1) };
                let place = SUM.end + generator.below((end - SUM.end) as u32) as usize;
                match generator.below(3) {
                    0 => bytes[place] = generator.next_u32() as u8,
                    1 => bytes[place] ^= 1 << generator.below(8),
                    _ => _ = bytes.remove(place),
                }
            }
            let sum = crc32fast::hash(&bytes[SUM.end..]).to_le_bytes();
            bytes[SUM].copy_from_slice(&sum);
            std::fs::write(&path, &bytes).unwrap();
            if let Ok(mut run) = TrainingRun::resume(&path, &Classic, None) {
                // It may have come to an end that nobody would wait for.
                if !run.finished() {
                    _ = run.advance();
                }
            }
        }
    }
}

#[test]
fn a_run_that_is_told_to_stop_does_so_in_the_midst_of_an_evaluation() {
    let evaluations = Evaluations { every: 1, episodes: usize::MAX >> 8, stop_at: None };
    let stop = Arc::new(AtomicBool::new(true));
    let run = TrainingRun::new(&config(Algorithm::A2c), &Classic, 0, 100_000, evaluations, None).unwrap();
    let mut run = run.stopped_by(stop);
    assert!(matches!(run.advance(), Err(LearningError::Stopped)));
    assert!(run.trainer().done() > 0, "the update was done");
    assert!(matches!(run.result(), Err(LearningError::Stopped)));
}

#[test]
fn weights_that_are_no_numbers_any_more_end_the_run() {
    let mut config = DqnConfig { learning_rate: 1e30, learning_starts: 32, ..dqn() };
    config.max_gradient_norm = f32::MAX;
    let mut run = run(&TrainConfig::Dqn(config), 20_000, None);
    let error = loop {
        if let Err(error) = run.advance() {
            break error;
        }
    };
    assert!(matches!(error, LearningError::Diverged { .. }), "{error}");
}

/// Masks are part of what a model is: it drives with them ever after, and without them only if it is told to.
#[test]
fn a_model_that_learnt_with_masks_never_takes_a_closed_action() {
    let TrainConfig::Ppo(ppo) = config(Algorithm::Ppo) else { unreachable!() };
    let masked = TrainConfig::Ppo(PpoConfig { action_masks: true, ..ppo });
    let checkpoint = trained(&masked, 2, 3_000);
    assert!(checkpoint.info.action_masks);
    let read = Checkpoint::from_bytes(&checkpoint.to_bytes()).unwrap();
    assert_eq!(read, checkpoint);
    let closed = |policy: &dyn Policy| {
        let mut env = VecEnv::new(Classic, 64, VecEnvConfig::default());
        let mut buffers = Buffers::for_env(&env);
        env.reset(&mut buffers.observations);
        let (mut masks, mut actions) = (vec![0; 64], vec![0; 64]);
        let mut generators = policy_generators(5, 0..64);
        let mut closed = 0;
        for _ in 0..60 {
            env.action_masks(&mut masks);
            let given = policy.masked().then_some(&masks[..]);
            policy.act(&buffers.observations, given, &mut generators, &mut actions);
            closed +=
                actions.iter().zip(&masks).filter(|(action, mask)| !is_open(**mask, usize::from(**action))).count();
            env.step(&actions, buffers.as_step()).unwrap();
        }
        closed
    };
    let sampled = || Box::new(NeuralPolicy::new(&checkpoint, Choice::Sampled).unwrap());
    assert_eq!(closed(&*sampled()), 0);
    assert!(closed(&Unmasked(sampled())) > 0, "without masks it would have taken some");
}
