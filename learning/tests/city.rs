//! What `city` asks of learning beyond `classic`: a limit to costs, and a start by imitation.

use daladala_agents::{Algorithm, Choice, DeviceKind, Evaluation, NeuralPolicy, evaluate, registry};
use daladala_env::Rules;
use daladala_env::rules::{City, Classic};
use daladala_learning::{Evaluations, LearningError, PpoConfig, TrainConfig, Trainer, TrainingRun, defaults};

fn ppo() -> PpoConfig {
    let TrainConfig::Ppo(config) = defaults(Algorithm::Ppo, "chess").config else { unreachable!() };
    PpoConfig {
        envs: 64,
        rollout_steps: 32,
        minibatch_size: 512,
        learning_rate: 2e-3,
        critic_learning_rate: 2e-3,
        gamma: 0.999,
        ..config
    }
}

fn tiny() -> City {
    City::named("tiny").unwrap()
}

fn driven(config: &TrainConfig, steps: u64) -> Evaluation {
    let rules = tiny();
    let mut trainer = Trainer::new(config, &rules, 5, steps, None).unwrap();
    while !trainer.finished() {
        trainer.advance();
    }
    let policy = NeuralPolicy::new(&trainer.checkpoint(), Choice::Sampled).unwrap();
    evaluate(&policy, &rules, 77, 4000, &|_| ())
}

#[test]
fn a_limit_to_costs_is_kept() {
    let cost = |evaluation: &Evaluation| evaluation.figure("micromorts").unwrap().mean;
    let free = driven(&TrainConfig::Ppo(ppo()), 300_000);
    // Half of what the free one costs.
    let limit = (cost(&free) / 2.0) as f32;
    let config = PpoConfig { cost_limit: Some(limit), multiplier_learning_rate: 0.5, ..ppo() };
    let limited = driven(&TrainConfig::PpoLagrangian(config), 300_000);
    assert!(cost(&limited) < f64::from(limit) * 1.1, "{} for a limit of {limit}", cost(&limited));
    // It drives all the same.
    assert!(limited.endings[0].rate > 0.9, "{:?}", limited.endings);
}

#[test]
fn the_cheapest_weights_are_kept_where_none_keep_the_limit() {
    let config = PpoConfig { cost_limit: Some(1e-6), multiplier_learning_rate: 1e-9, ..ppo() };
    let evaluations = Evaluations { every: 4_000, episodes: 200, stop_at: None };
    let config = TrainConfig::PpoLagrangian(config);
    let mut run = TrainingRun::new(&config, &tiny(), 2, 40_000, evaluations, None).unwrap();
    let (mut cheapest, mut best) = (f64::INFINITY, None);
    while !run.finished() {
        let Some(evaluated) = run.advance().unwrap().evaluation else { continue };
        let cost = evaluated.evaluation.figure("micromorts").unwrap().mean;
        assert_eq!(evaluated.is_best, cost <= cheapest, "{cost} after {cheapest}");
        if evaluated.is_best {
            (cheapest, best) = (cost, Some(evaluated.evaluation.mean_return));
        }
    }
    assert_eq!(run.best().map(|best| best.info.mean_return), best);
}

#[test]
fn a_price_that_is_given_stays_and_the_weights_that_are_worth_most_at_it_are_kept() {
    let priced = |price: f32| {
        let config = PpoConfig { cost_limit: Some(0.3), cost_price: price, ..ppo() };
        let evaluations = Evaluations { every: 20_000, episodes: 500, stop_at: None };
        let config = TrainConfig::PpoLagrangian(config);
        let mut run = TrainingRun::new(&config, &tiny(), 2, 200_000, evaluations, None).unwrap();
        let (mut greatest, mut kept) = (f64::NEG_INFINITY, 0.0);
        while !run.finished() {
            let report = run.advance().unwrap();
            let told = |name| report.progress.details.iter().find(|(told, _)| *told == name).unwrap().1;
            assert_eq!(told("train/cost_multiplier"), price);
            let Some(evaluated) = report.evaluation else { continue };
            let cost = evaluated.evaluation.figure("micromorts").unwrap().mean;
            let worth = evaluated.evaluation.mean_return - f64::from(price) * cost;
            assert_eq!(evaluated.is_best, worth >= greatest, "{worth} after {greatest}");
            if evaluated.is_best {
                (greatest, kept) = (worth, cost);
            }
        }
        kept
    };
    let (cheap, dear) = (priced(0.0), priced(8.0));
    assert!(dear < 0.7 * cheap, "{dear} micromorts where they are dear, {cheap} where they are free");
}

#[test]
fn a_policy_that_imitates_earns_what_its_teacher_does() {
    let rules = tiny();
    let teacher = registry::load("legal", &rules.info(), Choice::Greedy, DeviceKind::Cpu).unwrap().policy;
    let taught = evaluate(&*teacher, &rules, 77, 4000, &|_| ());
    let config = PpoConfig { imitate: Some("legal".to_owned()), imitation_steps: 100_000, ..ppo() };
    let learnt = driven(&TrainConfig::Ppo(config), 60_000);
    let off = (learnt.mean_return - taught.mean_return).abs();
    assert!(off < 0.1 * taught.mean_return.abs(), "{} after {}", learnt.mean_return, taught.mean_return);
}

/// What a teacher's trips cost says nothing of the policy that learns.
#[test]
fn the_price_of_costs_stays_while_a_teacher_is_imitated() {
    let config = PpoConfig {
        cost_limit: Some(0.01),
        cost_price: 0.25,
        multiplier_learning_rate: 0.5,
        imitate: Some("legal".to_owned()),
        imitation_steps: 20_000,
        ..ppo()
    };
    let mut trainer = Trainer::new(&TrainConfig::PpoLagrangian(config), &tiny(), 3, 40_000, None).unwrap();
    let mut prices = Vec::new();
    while !trainer.finished() {
        let is_taught = trainer.done() < 20_000;
        let progress = trainer.advance();
        let price = progress.details.iter().find(|(name, _)| *name == "train/cost_multiplier").unwrap().1;
        prices.push((is_taught, price));
    }
    assert!(prices.iter().filter(|(is_taught, _)| *is_taught).all(|(_, price)| *price == 0.25), "{prices:?}");
    assert!(prices.last().is_some_and(|(_, price)| *price > 0.25), "{prices:?}");
}

#[test]
fn what_does_not_go_with_the_rules_is_refused_in_words() {
    let refused = |config: TrainConfig| {
        let Err(LearningError::Hyperparameters { why }) = Trainer::new(&config, &Classic, 0, 100, None) else {
            panic!("it was taken")
        };
        why
    };
    let limited = PpoConfig { cost_limit: Some(8.0), ..ppo() };
    assert!(refused(TrainConfig::PpoLagrangian(limited.clone())).contains("no cost"));
    assert!(refused(TrainConfig::Ppo(limited)).contains("ppo-lagrangian"));
    assert!(refused(TrainConfig::PpoLagrangian(ppo())).contains("cost_limit is missing"));
    let taught = PpoConfig { imitate: Some("nobody".to_owned()), ..ppo() };
    assert!(refused(TrainConfig::Ppo(taught)).contains("nobody"));
}

#[test]
fn a_training_begins_with_the_weights_that_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("first.safetensors");
    let name = path.display().to_string();
    let rules = tiny();
    let mut first = Trainer::new(&TrainConfig::Ppo(ppo()), &rules, 5, 60_000, None).unwrap();
    while !first.finished() {
        first.advance();
    }
    let trained = first.checkpoint();
    trained.save(&path).unwrap();
    let raw = PpoConfig { normalize_observations: false, initial_weights: Some(name.clone()), ..ppo() };
    let second = Trainer::new(&TrainConfig::Ppo(raw.clone()), &rules, 6, 1000, None).unwrap();
    assert_eq!(second.checkpoint().networks, trained.networks);

    let refused = |config: PpoConfig| {
        let Err(LearningError::Hyperparameters { why }) = Trainer::new(&TrainConfig::Ppo(config), &rules, 0, 100, None)
        else {
            panic!("it was taken")
        };
        assert!(!why.contains('\n'), "{why}");
        why
    };
    assert!(
        refused(PpoConfig { normalize_observations: true, ..raw.clone() }).contains("normalize_observations=false")
    );
    assert!(refused(PpoConfig { hidden: vec![32], ..raw.clone() }).contains("hidden=[64, 64]"));
    assert!(refused(PpoConfig { initial_weights: Some("legal".to_owned()), ..raw.clone() }).contains("by hand"));
    assert!(refused(PpoConfig { initial_weights: Some("nobody".to_owned()), ..raw }).contains("nobody"));
}
