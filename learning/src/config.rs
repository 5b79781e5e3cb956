//! What is to be trained, with which hyperparameters.

use daladala_agents::Algorithm;
use daladala_agents::network::MAX_LAYERS;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::{A2cConfig, DqnConfig, PpoConfig, ReinforceConfig};
use crate::{dqn, on_policy, ppo};

/// The largest size among the hyperparameters: beyond it memory ends before learning begins.
const LARGEST_SIZE: usize = 1 << 22;
/// The most passes over a rollout: their orders are drawn beforehand.
const MOST_EPOCHS: usize = 1000;
/// Hyperparameters that are parts of a whole.
const FRACTIONS: [&str; 4] = ["gamma", "gae_lambda", "final_epsilon", "exploration_fraction"];

/// The hyperparameters for rules that nobody has tuned an algorithm for.
const GENERIC: [(Algorithm, &str); 5] = [
    (Algorithm::Dqn, include_str!("../../models/generic/dqn.toml")),
    (Algorithm::Ppo, include_str!("../../models/generic/ppo.toml")),
    (Algorithm::PpoLagrangian, include_str!("../../models/generic/ppo-lagrangian.toml")),
    (Algorithm::A2c, include_str!("../../models/generic/a2c.toml")),
    (Algorithm::Reinforce, include_str!("../../models/generic/reinforce.toml")),
];

/// The tuned hyperparameters of each rule set, a file an algorithm.
const TUNED: [(&str, Algorithm, &str); 8] = [
    ("city", Algorithm::A2c, include_str!("../../models/city/a2c.toml")),
    ("city", Algorithm::Dqn, include_str!("../../models/city/dqn.toml")),
    ("city", Algorithm::Ppo, include_str!("../../models/city/ppo.toml")),
    ("city", Algorithm::PpoLagrangian, include_str!("../../models/city/ppo-lagrangian.toml")),
    ("classic", Algorithm::Dqn, include_str!("../../models/classic/dqn.toml")),
    ("classic", Algorithm::Ppo, include_str!("../../models/classic/ppo.toml")),
    ("classic", Algorithm::A2c, include_str!("../../models/classic/a2c.toml")),
    ("classic", Algorithm::Reinforce, include_str!("../../models/classic/reinforce.toml")),
];

/// What an algorithm begins with, unless it is told otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Defaults {
    /// The hyperparameters.
    pub config: TrainConfig,
    /// Environment steps that they are meant for.
    pub steps: u64,
    /// Somebody has tuned them for the rules; otherwise they are what is usual for any.
    pub tuned: bool,
}

/// The defaults of an algorithm for the rules of this name.
///
/// # Panics
/// Never: a test reads all of them.
#[must_use]
pub fn defaults(algorithm: Algorithm, rules: &str) -> Defaults {
    let tuned = TUNED.iter().find(|tuned| tuned.0 == rules && tuned.1 == algorithm).map(|tuned| tuned.2);
    let generic = GENERIC.iter().find(|generic| generic.0 == algorithm).map(|generic| generic.1);
    let text = tuned.or(generic).expect("there are generic ones for each algorithm");
    Defaults { tuned: tuned.is_some(), ..parse(algorithm, text).expect("a test reads all of them") }
}

fn parse(algorithm: Algorithm, text: &str) -> Result<Defaults, String> {
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let steps = table.remove("steps").and_then(|steps| steps.as_integer()).and_then(|steps| steps.try_into().ok());
    let config = match algorithm {
        Algorithm::Dqn => table.try_into().map(TrainConfig::Dqn),
        Algorithm::Ppo => table.try_into().map(TrainConfig::Ppo),
        Algorithm::PpoLagrangian => table.try_into().map(TrainConfig::PpoLagrangian),
        Algorithm::A2c => table.try_into().map(TrainConfig::A2c),
        Algorithm::Reinforce => table.try_into().map(TrainConfig::Reinforce),
    };
    let config = config.map_err(|error| error.to_string())?;
    config.check()?;
    Ok(Defaults { config, steps: steps.ok_or("there are no steps")?, tuned: false })
}

/// What is to be trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrainConfig {
    /// DQN with these hyperparameters.
    Dqn(DqnConfig),
    /// PPO with these hyperparameters.
    Ppo(PpoConfig),
    /// PPO with these hyperparameters, a limit to costs among them.
    #[serde(rename = "ppo-lagrangian")]
    PpoLagrangian(PpoConfig),
    /// A2C with these hyperparameters.
    A2c(A2cConfig),
    /// REINFORCE with these hyperparameters.
    Reinforce(ReinforceConfig),
}

impl TrainConfig {
    /// What is trained by them.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Dqn(_) => Algorithm::Dqn,
            Self::Ppo(_) => Algorithm::Ppo,
            Self::PpoLagrangian(_) => Algorithm::PpoLagrangian,
            Self::A2c(_) => Algorithm::A2c,
            Self::Reinforce(_) => Algorithm::Reinforce,
        }
    }

    /// The names of what the algorithm tells of itself, as in [`Progress::details`](super::Progress::details).
    #[must_use]
    pub fn details(&self) -> &'static [&'static str] {
        match self {
            Self::Dqn(_) => &dqn::DETAILS,
            Self::Ppo(_) => &ppo::DETAILS,
            Self::PpoLagrangian(_) => &ppo::LAGRANGIAN_DETAILS,
            Self::A2c(_) | Self::Reinforce(_) => &on_policy::DETAILS,
        }
    }

    /// The names of hyperparameters that are off, which a file of them leaves out.
    #[must_use]
    pub fn off(&self) -> Vec<&'static str> {
        let (Self::Ppo(config) | Self::PpoLagrangian(config)) = self else { return Vec::new() };
        let options = [
            ("target_kl", config.target_kl.is_none()),
            ("value_clip_range", config.value_clip_range.is_none()),
            ("initial_weights", config.initial_weights.is_none()),
            ("imitate, imitation_steps", config.imitate.is_none()),
        ];
        options.into_iter().filter(|(_, is_off)| *is_off).map(|(name, _)| name).collect()
    }

    /// What is wrong with the hyperparameters, if anything is.
    pub fn check(&self) -> Result<(), String> {
        let numbers = Table::try_from(self).map_err(|error| error.to_string())?;
        let numbers = numbers.values().filter_map(Value::as_table).flatten();
        for (name, value) in numbers {
            let number = value.as_float().or(value.as_integer().map(|number| number as f64));
            let most = if FRACTIONS.contains(&name.as_str()) { 1.0 } else { f64::MAX };
            if let Some(number) = number.filter(|number| !(0.0..=most).contains(number)) {
                let range = if most == 1.0 { "from 0 to 1" } else { "that is not negative" };
                return Err(format!("{name} is {number}, it has to be a number {range}"));
            }
        }
        let (sizes, hidden): (&[(&str, usize)], _) = match self {
            Self::Dqn(config) => (
                &[
                    ("buffer_size", config.buffer_size),
                    ("learning_starts", config.learning_starts),
                    ("batch_size", config.batch_size),
                    ("n_steps", config.n_steps),
                    ("envs × n_steps", config.envs.saturating_mul(config.n_steps)),
                    ("target_update_interval", usize::try_from(config.target_update_interval).unwrap_or(usize::MAX)),
                ],
                &config.hidden,
            ),
            Self::Ppo(config) | Self::PpoLagrangian(config) => (
                &[
                    ("rollout_steps", config.rollout_steps),
                    ("epochs", config.epochs),
                    ("minibatch_size", config.minibatch_size),
                    ("envs × rollout_steps", config.envs.saturating_mul(config.rollout_steps)),
                ],
                &config.hidden,
            ),
            Self::A2c(config) => (
                &[
                    ("rollout_steps", config.rollout_steps),
                    ("envs × rollout_steps", config.envs.saturating_mul(config.rollout_steps)),
                ],
                &config.hidden,
            ),
            Self::Reinforce(config) => (&[], &config.hidden),
        };
        let own = [("envs", self.envs())];
        let layers = hidden.iter().map(|&size| ("hidden", size));
        let wrong = own.into_iter().chain(sizes.iter().copied()).chain(layers);
        if let Some((name, size)) = wrong.into_iter().find(|&(_, size)| !(1..=LARGEST_SIZE).contains(&size)) {
            return Err(format!("{name} is {size}, it has to be 1 to {LARGEST_SIZE}"));
        }
        if hidden.len() > MAX_LAYERS - 1 {
            return Err(format!("hidden has {} layers, it can have {}", hidden.len(), MAX_LAYERS - 1));
        }
        match self {
            Self::Dqn(config) if config.learning_starts > config.buffer_size => {
                return Err("learning_starts is more than buffer_size: learning would never start".to_owned());
            }
            Self::Ppo(config) | Self::PpoLagrangian(config) if config.epochs > MOST_EPOCHS => {
                return Err(format!("epochs is {}, {MOST_EPOCHS} are the most", config.epochs));
            }
            // Of a single row the advantage is normalised to nothing.
            Self::Ppo(config) | Self::PpoLagrangian(config)
                if config.minibatch_size.min(config.envs * config.rollout_steps) < 2 =>
            {
                return Err("minibatch_size and envs × rollout_steps have to be 2 at least".to_owned());
            }
            // What is saved takes raw observations, and statistics of them begin anew.
            Self::Ppo(config) | Self::PpoLagrangian(config)
                if config.initial_weights.is_some() && config.normalize_observations =>
            {
                return Err("initial_weights take raw observations: set normalize_observations=false".to_owned());
            }
            Self::Ppo(config) if config.cost_limit.is_some() => {
                return Err("cost_limit is kept by ppo-lagrangian, not by ppo".to_owned());
            }
            Self::Ppo(config) if config.cost_price > 0.0 => {
                return Err("cost_price is paid by ppo-lagrangian, not by ppo".to_owned());
            }
            Self::PpoLagrangian(config) if config.cost_limit.is_none() => {
                return Err("cost_limit is missing: the greatest mean cost of an episode, above 0".to_owned());
            }
            Self::PpoLagrangian(config) if config.cost_limit == Some(0.0) => {
                return Err("cost_limit is 0, it has to be above 0: the greatest mean cost of an episode".to_owned());
            }
            Self::A2c(config) if config.envs * config.rollout_steps < 2 => {
                return Err("envs × rollout_steps has to be 2 at least".to_owned());
            }
            _ => {}
        }
        let weights = hidden.windows(2).map(|sizes| sizes[0].saturating_mul(sizes[1])).fold(0, usize::saturating_add);
        if weights > LARGEST_SIZE {
            return Err(format!("hidden makes {weights} weights, {LARGEST_SIZE} are the most"));
        }
        Ok(())
    }

    /// Environments stepped together.
    #[must_use]
    pub fn envs(&self) -> usize {
        match self {
            Self::Dqn(config) => config.envs,
            Self::Ppo(config) | Self::PpoLagrangian(config) => config.envs,
            Self::A2c(config) => config.envs,
            Self::Reinforce(config) => config.envs,
        }
    }

    /// Whether what is trained chooses among open actions alone.
    #[must_use]
    pub fn action_masks(&self) -> bool {
        match self {
            Self::Dqn(config) => config.action_masks,
            Self::Ppo(config) | Self::PpoLagrangian(config) => config.action_masks,
            Self::A2c(config) => config.action_masks,
            Self::Reinforce(config) => config.action_masks,
        }
    }

    /// Rows of a gradient step; none where they are as many as the episodes have.
    #[must_use]
    pub fn batch(&self) -> Option<usize> {
        match self {
            Self::Dqn(config) => Some(config.batch_size),
            Self::Ppo(config) | Self::PpoLagrangian(config) => Some(config.minibatch_size),
            Self::A2c(config) => Some(config.envs * config.rollout_steps),
            Self::Reinforce(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tuned_can_be_read() {
        for (rules, algorithm, text) in TUNED {
            let tuned = Defaults { tuned: true, ..parse(algorithm, text).unwrap() };
            assert_eq!((tuned.config.algorithm(), &tuned), (algorithm, &defaults(algorithm, rules)));
            assert!(tuned.steps > 0);
        }
        for (algorithm, text) in GENERIC {
            let generic = parse(algorithm, text).unwrap();
            assert_eq!((generic.config.algorithm(), &generic), (algorithm, &defaults(algorithm, "chess")));
            assert!(!generic.tuned && generic.config.action_masks() && text.contains("\ngamma = 0.99\n"));
        }
    }

    #[test]
    fn absurd_hyperparameters_are_named() {
        let wrong = |change: &dyn Fn(&mut PpoConfig)| {
            let TrainConfig::Ppo(mut config) = defaults(Algorithm::Ppo, "classic").config else { unreachable!() };
            change(&mut config);
            TrainConfig::Ppo(config).check().unwrap_err()
        };
        assert!(wrong(&|config| config.envs = 0).contains("envs is 0"));
        assert!(wrong(&|config| config.gamma = f32::NAN).contains("gamma"));
        assert!(wrong(&|config| config.learning_rate = -1.0).contains("learning_rate"));
        assert!(
            wrong(&|config| (config.envs, config.rollout_steps) = (1 << 20, 1 << 20)).contains("envs × rollout_steps")
        );
        assert!(wrong(&|config| config.hidden = vec![1 << 20, 1 << 20]).contains("weights"));
        assert!(wrong(&|config| config.hidden = vec![4; 100]).contains("layers"));
        assert!(wrong(&|config| config.gamma = 1.5).contains("gamma is 1.5"));
        assert!(wrong(&|config| config.minibatch_size = 1).contains("minibatch_size"));
        assert!(wrong(&|config| config.epochs = 1 << 20).contains("epochs"));
        let TrainConfig::Dqn(tuned) = defaults(Algorithm::Dqn, "classic").config else { unreachable!() };
        let late = DqnConfig { learning_starts: tuned.buffer_size + 1, ..tuned.clone() };
        assert!(TrainConfig::Dqn(late).check().unwrap_err().contains("learning_starts"));
        let never = DqnConfig { target_update_interval: 0, ..tuned };
        assert!(TrainConfig::Dqn(never).check().unwrap_err().contains("target_update_interval"));
    }
}
