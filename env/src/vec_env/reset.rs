//! Beginning episodes: everywhere or somewhere, seeded or not, on drawn layouts or given ones.

use super::{Batch, VecEnv};
use crate::error::EnvError;
use crate::generator::Generator;
use crate::rules::Rules;

/// What the random numbers of the next episodes come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Seeds<'a> {
    /// The generators go on where they stand.
    #[default]
    Continue,
    /// Environment `i` is seeded from (this, `i`).
    One(u64),
    /// Environment `i` is seeded from (entry `i`, 0), so that it runs as the first of an engine of that seed would;
    /// where the entry is none, its generator goes on.
    Each(&'a [Option<u64>]),
}

/// What is particular about a reset. The default resets all, on layouts drawn as the generators go on.
#[derive(Debug, Clone, Copy)]
pub struct ResetOptions<'a, L> {
    /// Where random numbers come from.
    pub seeds: Seeds<'a>,
    /// `[envs]`: which environments are reset; all if none is given. The others go on undisturbed, also their seeds.
    pub mask: Option<&'a [bool]>,
    /// `[envs]`: the layouts to begin on; drawn where there is none.
    pub layouts: Option<&'a [Option<L>]>,
}

impl<L> Default for ResetOptions<'_, L> {
    fn default() -> Self {
        Self { seeds: Seeds::Continue, mask: None, layouts: None }
    }
}

impl<R: Rules, B: Batch<R>> VecEnv<R, B> {
    /// Starts a new episode everywhere and writes the first observations, `[envs, observation_size]`.
    ///
    /// # Panics
    /// If `observations` has another length.
    pub fn reset(&mut self, observations: &mut [f32]) {
        self.reset_with(&ResetOptions::default(), observations).expect("observations have the right length");
    }

    /// Starts new episodes as `options` say and writes their first observations into their rows of `observations`,
    /// `[envs, observation_size]`. The rows of environments that are not reset stay as they are. On an error nothing
    /// has changed.
    pub fn reset_with(
        &mut self,
        options: &ResetOptions<'_, R::Layout>,
        observations: &mut [f32],
    ) -> Result<(), EnvError> {
        self.check_reset(options, observations)?;
        for (index, observation) in observations.chunks_exact_mut(self.info.observation_size()).enumerate() {
            if options.mask.is_some_and(|mask| !mask[index]) {
                continue;
            }
            let mut snapshot = self.shards.snapshot(&self.rules, index);
            match options.seeds {
                Seeds::Continue => {}
                Seeds::One(seed) => {
                    snapshot.generator = Generator::new(seed, self.first_index.wrapping_add(index as u64));
                }
                Seeds::Each(seeds) => {
                    if let Some(seed) = seeds[index] {
                        snapshot.generator = Generator::new(seed, 0);
                    }
                }
            }
            match options.layouts.and_then(|layouts| layouts[index].as_ref()) {
                Some(layout) => snapshot.begin_on(&self.rules, layout),
                None => snapshot.begin(&self.rules),
            }
            self.shards.restore(&self.rules, index, &snapshot);
            self.begun(index);
            self.rules.observe(&snapshot.state, observation);
        }
        Ok(())
    }

    fn check_reset(&self, options: &ResetOptions<'_, R::Layout>, observations: &[f32]) -> Result<(), EnvError> {
        let envs = self.envs();
        let seeds = if let Seeds::Each(seeds) = options.seeds { seeds.len() } else { envs };
        let lengths = [
            ("observations", observations.len(), envs * self.observation_size()),
            ("seeds", seeds, envs),
            ("mask", options.mask.map_or(envs, <[bool]>::len), envs),
            ("layouts", options.layouts.map_or(envs, <[_]>::len), envs),
        ];
        if let Some((what, given, needed)) = lengths.into_iter().find(|(_, given, needed)| given != needed) {
            return Err(EnvError::WrongLength { what, given, needed });
        }
        options.layouts.into_iter().flatten().flatten().try_for_each(|layout| self.rules.check_layout(layout))
    }
}
