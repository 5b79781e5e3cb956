//! What can go wrong when an environment is used wrongly. Nothing has changed when one of these is returned.

/// A mistake of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvError {
    /// An action outside the action space.
    #[error("action {action} at index {index} is no action: the rules have {actions}, numbered from 0")]
    InvalidAction {
        /// Which environment it was meant for.
        index: usize,
        /// What was given.
        action: u8,
        /// How many actions there are.
        actions: usize,
    },
    /// A slice that does not fit the number of environments.
    #[error("{what} has length {given}, needed is {needed}")]
    WrongLength {
        /// Which slice.
        what: &'static str,
        /// Its length.
        given: usize,
        /// The length it must have.
        needed: usize,
    },
    /// A finished environment stepped without a reset, with auto-reset off.
    #[error("environment {index} has ended its episode: reset it before the next step")]
    NeedsReset {
        /// Which environment.
        index: usize,
    },
    /// An index past the last environment.
    #[error("there is no environment {index}: there are {envs}, numbered from 0")]
    NoSuchEnvironment {
        /// What was asked for.
        index: usize,
        /// How many there are.
        envs: usize,
    },
    /// A state that the rules cannot go on from.
    #[error("state: {0}")]
    InvalidState(String),
    /// Parameters that the rules cannot be played with.
    #[error("scenario '{scenario}', {field}: {problem}")]
    InvalidScenario {
        /// What it is called.
        scenario: String,
        /// The field, and the line where it stands if it was read from a file.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A name that no rule set has.
    #[error("there are no rules '{name}': known are {known}")]
    UnknownRules {
        /// What was asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A name that no scenario of a rule set has.
    #[error("the rules '{rules}' have no scenario '{name}': known are {known}")]
    UnknownScenario {
        /// What was asked for.
        name: String,
        /// The rules it was asked of.
        rules: String,
        /// The names there are.
        known: String,
    },
    /// A layout that the rules cannot play.
    #[error("layout: {0}")]
    InvalidLayout(String),
    /// An exact optimum that was not found.
    #[error("no optimum: {0}")]
    Unsolved(String),
}
