//! What is gathered apart is learnt from as if it had been gathered at home: the same weights, to the last bit.

use daladala_agents::{Algorithm, Checkpoint, Evaluation};
use daladala_env::Rules;
use daladala_env::rules::{City, Classic};
use daladala_learning::{
    A2cConfig, Evaluations, Fragment, LearningError, PpoConfig, Report, Sample, Sampler, SamplerOptions, TrainConfig,
    TrainingRun, defaults,
};

const SEED: u64 = 11;

fn ppo(rules: &str) -> PpoConfig {
    let TrainConfig::Ppo(config) = defaults(Algorithm::Ppo, rules).config else { unreachable!() };
    PpoConfig { envs: 24, rollout_steps: 16, minibatch_size: 128, epochs: 2, ..config }
}

fn a2c() -> A2cConfig {
    let TrainConfig::A2c(config) = defaults(Algorithm::A2c, "city").config else { unreachable!() };
    A2cConfig { envs: 24, rollout_steps: 16, ..config }
}

fn lagrangian() -> PpoConfig {
    let TrainConfig::PpoLagrangian(config) = defaults(Algorithm::PpoLagrangian, "city").config else { unreachable!() };
    PpoConfig { envs: 24, rollout_steps: 64, minibatch_size: 512, epochs: 1, ..config }
}

fn run<R: Rules>(config: &TrainConfig, rules: &R, updates: u64) -> TrainingRun<R> {
    let shape = TrainingRun::new(config, rules, SEED, 1, evaluations(), None).unwrap().trainer().fragment_shape();
    let rows = shape.map_or(1, |shape| shape.envs * shape.steps) as u64;
    TrainingRun::new(config, rules, SEED, updates * rows, evaluations(), None).unwrap()
}

fn evaluations() -> Evaluations {
    Evaluations { every: 1000, episodes: 10, stop_at: None }
}

/// Samplers of so many environments each.
fn samplers<R: Rules>(run: &TrainingRun<R>, rules: &R, parts: &[usize]) -> Vec<Sampler<R>> {
    let action_masks = run.trainer().fragment_shape().unwrap().action_masks;
    let mut first = 0;
    let sampler = |&envs: &usize| {
        first += envs;
        Sampler::new(rules, SamplerOptions { envs, first: first - envs, action_masks, seed: SEED })
    };
    parts.iter().map(sampler).collect()
}

/// As it travels: through the bytes of a weights file.
fn sent<R: Rules>(run: &TrainingRun<R>) -> Checkpoint {
    Checkpoint::from_bytes(&run.acting().to_bytes()).unwrap()
}

fn gathered<R: Rules>(run: &TrainingRun<R>, samplers: &mut [Sampler<R>]) -> Vec<Fragment> {
    let (weights, steps) = (sent(run), run.trainer().fragment_shape().unwrap().steps);
    samplers.iter_mut().map(|sampler| sampler.sample(&weights, steps).unwrap()).collect()
}

type Change = fn(&mut Vec<Fragment>);

fn told(report: &Report) -> String {
    // How fast it was is another each time.
    let evaluation = report.evaluation.as_ref();
    let evaluation = evaluation.map(|of| (Evaluation { steps_per_second: 0.0, ..of.evaluation.clone() }, of.is_best));
    format!("{:?} {evaluation:?}", report.progress)
}

/// Returns how many episodes were cut off.
fn learns_the_same<R: Rules>(config: &TrainConfig, rules: &R, updates: u64) -> usize {
    let (mut alone, mut apart) = (run(config, rules, updates), run(config, rules, updates));
    let mut samplers = samplers(&apart, rules, &[7, 16, 1]);
    let (mut episodes, mut cut_off) = (0, 0);
    for update in 0..updates {
        // One of them goes on in the place of another that is gone.
        if update == updates / 2 {
            let state = samplers[1].state().unwrap();
            let options = SamplerOptions { envs: 16, first: 0, action_masks: config.action_masks(), seed: 99 };
            samplers[1] = Sampler::new(rules, options);
            samplers[1].restore(&state).unwrap();
        }
        let fragments = gathered(&apart, &mut samplers);
        for fragment in &fragments {
            episodes += fragment.episodes.len();
            cut_off += fragment.truncated.iter().filter(|&&cut| cut).count();
        }
        assert_eq!(told(&alone.advance().unwrap()), told(&apart.advance_with(fragments).unwrap()), "update {update}");
    }
    assert!(episodes > 24, "{episodes} episodes ended, statistics of them prove little");
    assert_eq!(
        alone.result().expect("it ran").checkpoint.to_bytes(),
        apart.result().expect("it ran").checkpoint.to_bytes()
    );
    assert!(alone.finished() && apart.finished());
    cut_off
}

#[test]
fn ppo_learns_the_same_with_masks_and_statistics() {
    learns_the_same(&TrainConfig::Ppo(ppo("city")), &City::named("tiny").unwrap(), 8);
}

#[test]
fn ppo_learns_the_same_without_masks_and_statistics() {
    learns_the_same(&TrainConfig::Ppo(ppo("classic")), &Classic, 8);
}

#[test]
fn ppo_lagrangian_learns_the_same() {
    learns_the_same(&TrainConfig::PpoLagrangian(lagrangian()), &City::named("tiny").unwrap(), 4);
}

#[test]
fn a2c_learns_the_same() {
    learns_the_same(&TrainConfig::A2c(a2c()), &City::named("tiny").unwrap(), 8);
}

#[test]
fn an_episode_that_is_cut_off_is_valued_by_what_was_seen_last() {
    let tiny = include_str!("../../env/scenarios/city/tiny.toml");
    assert!(tiny.contains("limit = 40"));
    let hasty = City::from_toml("hasty", &tiny.replace("limit = 40", "limit = 6")).unwrap();
    let cut_off = learns_the_same(&TrainConfig::Ppo(ppo("city")), &hasty, 4);
    assert!(cut_off > 0, "none was cut off");
}

#[test]
fn what_learns_otherwise_takes_no_fragments() {
    for algorithm in [Algorithm::Dqn, Algorithm::Reinforce] {
        let config = defaults(algorithm, "classic").config;
        let mut run = run(&config, &Classic, 1);
        let refused = |result: Result<(), LearningError>| result.unwrap_err().to_string();
        assert!(refused(run.trainer().fragment_shape().map(drop)).contains(&algorithm.to_string()));
        assert!(refused(run.advance_with(Vec::new()).map(drop)).contains("take fragments"));
    }
    let taught = TrainConfig::Ppo(PpoConfig { imitate: Some("oracle".to_owned()), ..ppo("classic") });
    assert!(run(&taught, &Classic, 1).trainer().fragment_shape().is_err());
}

#[test]
fn fragments_that_do_not_fit_are_refused_and_change_nothing() {
    let config = TrainConfig::Ppo(ppo("city"));
    let rules = City::named("tiny").unwrap();
    let (mut alone, mut apart) = (run(&config, &rules, 1), run(&config, &rules, 1));
    let whole = gathered(&apart, &mut samplers(&apart, &rules, &[23, 1]));
    let changes: [(&str, Change); 14] = [
        ("23 environments, needed are 24", |all| all.truncate(1)),
        ("0 environments", Vec::clear),
        ("actions", |all| all[0].actions.truncate(1)),
        ("log_probabilities", |all| all[0].log_probabilities.push(0.0)),
        ("rewards", |all| all[1].rewards.clear()),
        ("costs", |all| all[1].costs.clear()),
        ("masks", |all| all[1].masks.clear()),
        ("terminated", |all| all[0].terminated.truncate(1)),
        ("truncated", |all| all[0].truncated.truncate(1)),
        ("episodes", |all| all[0].truncated.iter_mut().for_each(|cut| *cut = true)),
        ("last_observations", |all| all[0].last_observations = all[1].last_observations.clone()),
        ("entries", |all| all[0].last_observations = ndarray::Array2::zeros((23, 3))),
        ("action 200", |all| all[0].actions[3] = 200),
        ("was not open", |all| all[0].masks[3] = 0),
    ];
    for (why, change) in changes {
        let mut other = whole.clone();
        change(&mut other);
        let refused = apart.advance_with(other).unwrap_err().to_string();
        let named = if why == "episodes" { refused.contains("final_observations") } else { refused.contains(why) };
        assert!(named, "{refused} for {why}");
    }
    assert_eq!(told(&alone.advance().unwrap()), told(&apart.advance_with(whole).unwrap()));
}

#[test]
fn a_sampler_refuses_what_is_not_its_own() {
    let (config, rules) = (TrainConfig::Ppo(ppo("city")), City::named("tiny").unwrap());
    let run = run(&config, &rules, 1);
    let weights = sent(&run);
    let options = SamplerOptions { envs: 4, first: 0, action_masks: true, seed: 1 };
    let mut sampler = Sampler::new(&rules, options);
    for steps in [0, usize::MAX, 1 << 40] {
        assert!(sampler.sample(&weights, steps).unwrap_err().contains("rows"));
    }
    let mut unmasked = Sampler::new(&rules, SamplerOptions { action_masks: false, ..options });
    assert!(unmasked.sample(&weights, 4).unwrap_err().contains("masks"));
    let other = Sampler::new(&rules, SamplerOptions { envs: 5, ..options });
    assert!(sampler.restore(&other.state().unwrap()).unwrap_err().contains("5 environments"));
    assert!(sampler.restore(b"nonsense").is_err());
    let state = sampler.state().unwrap();
    for cut in [0, state.len() / 2, state.len() - 1] {
        assert!(sampler.restore(&state[..cut]).is_err());
    }
    let fragment = sampler.sample(&weights, 4).unwrap();
    assert_eq!((fragment.envs, fragment.steps(), fragment.observations.nrows()), (4, 4, 16));
}
