//! What random numbers are for, and how one seed serves all of it without two uses sharing a layout.

/// A use of random numbers. Each turns a seed into one of its own, so that no two uses see the same episodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SeedStream {
    /// The figures that are reported: the seed as it is, as `daladala eval --seed` takes it.
    Report,
    /// The episodes that are learnt from.
    Training,
    /// Evaluations as a training goes, by which the best weights are chosen.
    Evaluation,
    /// The evaluation that has to confirm that a training is good enough.
    Confirmation,
    /// The episodes by which trainings are compared and ranked.
    Validation,
    /// The choices of a policy, apart from the episodes it drives.
    Policy,
}

impl SeedStream {
    /// The seed of this use.
    #[must_use]
    pub fn seed(self, seed: u64) -> u64 {
        // A difference of seeds that people don't use. Generators hash seeds before they use them.
        seed ^ match self {
            Self::Report => 0,
            Self::Policy => 0x9e37_79b9_7f4a_7c15,
            Self::Training => 0x2545_f491_4f6c_dd1d,
            Self::Evaluation => 0xbf58_476d_1ce4_e5b9,
            Self::Confirmation => 0x94d0_49bb_1331_11eb,
            Self::Validation => 0xd6e8_feb8_6659_fd93,
        }
    }
}

#[cfg(test)]
mod tests {
    use daladala_env::rules::Classic;
    use daladala_env::{Buffers, VecEnv, VecEnvConfig};

    use super::SeedStream::{Confirmation, Evaluation, Policy, Report, Training, Validation};

    /// `train` and `eval` once began with the same layouts.
    #[test]
    fn no_two_uses_of_one_seed_share_a_layout() {
        let layouts = [Report, Training, Evaluation, Confirmation, Validation, Policy].map(|stream| {
            let config = VecEnvConfig { seed: stream.seed(0), ..VecEnvConfig::default() };
            let mut env = VecEnv::new(Classic, 100, config);
            let mut buffers = Buffers::for_env(&env);
            env.reset(&mut buffers.observations);
            (0..100).map(|index| env.layout(index)).collect::<Vec<_>>()
        });
        for (place, some) in layouts.iter().enumerate() {
            for others in &layouts[place + 1..] {
                // Of the some ten millions that there are.
                let shared = some.iter().filter(|layout| others.contains(layout)).count();
                assert!(shared <= 1, "{shared} layouts are shared");
            }
        }
        assert_eq!(Report.seed(17), 17);
    }
}
