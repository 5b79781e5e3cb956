//! Episodes kept frame by frame, to be drawn.

use daladala_env::{Frame, OutputKind, RulesInfo, Transition};
use daladala_render::{HEIGHT, Renderer, Setting, WIDTH};
use numpy::{PyArray1, PyArray3, PyArrayMethods};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use serde_json::{Map, Value, json};

use super::{Environments, Scratch};
use crate::core::Core;

/// The frames of the running episodes.
pub(super) struct Pictures {
    renderer: Renderer,
    schema: Vec<String>,
    /// `[envs]`
    episodes: Vec<Episode>,
}

#[derive(Clone, Default)]
struct Episode {
    number: u64,
    frames: Vec<Frame>,
    ended: bool,
}

impl Pictures {
    pub(super) fn new(info: &RulesInfo, envs: usize) -> Self {
        Self {
            renderer: Renderer::new(Setting::of(info, "Python", OutputKind::Logits)),
            schema: info.frame_schema().into_iter().map(|field| field.name).collect(),
            episodes: vec![Episode::default(); envs],
        }
    }

    /// An episode has begun.
    pub(super) fn begin(&mut self, core: &Core, index: usize) {
        let episode = &mut self.episodes[index];
        episode.number += 1;
        episode.ended = false;
        episode.frames.clear();
        episode.frames.push(core.env.frame(index, episode.number, None));
    }

    /// All environments have moved on, which brought what `scratch` holds.
    pub(super) fn stepped(&mut self, core: &Core, scratch: &Scratch, terminated: &[bool], truncated: &[bool]) {
        use daladala_env::Autoreset::{Disabled, NextStep, SameStep};
        for index in 0..self.episodes.len() {
            let (terminated, truncated) = (terminated[index], truncated[index]);
            let ended = terminated || truncated;
            let begins = match core.autoreset {
                NextStep => self.episodes[index].ended,
                SameStep => ended,
                Disabled => false,
            };
            if begins {
                self.begin(core, index);
                continue;
            }
            let episode = &mut self.episodes[index];
            episode.ended = ended;
            let reward = scratch.rewards[index];
            let cost = scratch.costs.get(index).copied().unwrap_or_default();
            let transition = Transition { reward, cost, terminated, truncated };
            let mut frame = core.env.frame(index, episode.number, Some((scratch.actions[index], transition)));
            if let Some((reward, cost)) = &scratch.terms {
                frame.reward_terms = row(reward, core.env.envs(), index).to_vec();
                frame.cost_terms = row(cost, core.env.envs(), index).to_vec();
            }
            episode.frames.push(frame);
        }
    }
}

/// The part of a table, one row an environment, that is environment `index`'s.
fn row(table: &[f32], envs: usize, index: usize) -> &[f32] {
    let width = table.len() / envs;
    &table[index * width..(index + 1) * width]
}

impl Environments {
    fn pictures(&self, index: usize) -> PyResult<(&Pictures, &[Frame])> {
        self.core(index)?;
        let pictures = self.pictures.as_ref();
        let pictures =
            pictures.ok_or_else(|| PyRuntimeError::new_err("nothing is kept to be drawn: set render_mode"))?;
        Ok((pictures, &pictures.episodes[index].frames))
    }

    /// `[HEIGHT, WIDTH, 3]`
    pub(crate) fn render<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyArray3<u8>>> {
        let (pictures, frames) = self.pictures(index)?;
        let picture = pictures.renderer.draw(frames, 1.0);
        PyArray1::from_vec(py, picture.rgb).reshape([HEIGHT as usize, WIDTH as usize, 3])
    }

    /// The last frame.
    pub(crate) fn last_frame(&self, index: usize) -> PyResult<Frame> {
        let (_, frames) = self.pictures(index)?;
        frames.last().cloned().ok_or_else(|| PyRuntimeError::new_err("no episode has begun: reset first"))
    }

    /// The last frame as a JSON object.
    pub(crate) fn frame(&self, index: usize) -> PyResult<String> {
        let (pictures, frames) = self.pictures(index)?;
        let Some(frame) = frames.last() else { return Ok("{}".to_owned()) };
        let values = frame.values().map(|value| json!(value));
        let fields: Map<String, Value> = pictures.schema.iter().cloned().zip(values).collect();
        Ok(Value::from(fields).to_string())
    }

    /// What was put in the place of an environment begins its film anew.
    pub(super) fn draw_anew(&mut self, index: usize) {
        if let Some(pictures) = &mut self.pictures {
            pictures.begin(&self.core, index);
        }
    }
}
