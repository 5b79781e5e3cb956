//! What is told beside the rows: costs, action masks, and the figures of episodes that have ended.
//!
//! As in Gymnasium, what only some environments tell comes with an array of the same name after an underscore, which says
//! which of them.

use daladala_env::{Autoreset, EpisodeStats, RulesInfo};
use numpy::{Element, PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::core::Core;

/// Action masks `[envs, actions]`: true where an action is open, or 1 as int8, which `Discrete.sample` takes.
pub(crate) fn masks<'py, T: Element + From<bool>>(
    py: Python<'py>,
    core: &Core,
    scratch: &mut [u32],
) -> PyResult<Bound<'py, PyArray2<T>>> {
    core.env.action_masks(scratch);
    let actions = core.info().actions();
    let array = PyArray2::zeros(py, [scratch.len(), actions], false);
    let mut rows = array.readwrite();
    for (row, mask) in rows.as_slice_mut()?.chunks_exact_mut(actions).zip(scratch) {
        for (action, open) in row.iter_mut().enumerate() {
            *open = T::from(*mask >> action & 1 == 1);
        }
    }
    drop(rows);
    Ok(array)
}

/// The mask of what all environments tell.
pub(crate) fn everywhere(py: Python<'_>, envs: usize) -> Bound<'_, PyArray1<bool>> {
    PyArray1::from_vec(py, vec![true; envs])
}

/// What is known of the episodes that ended in a step, under the names that the rules have for it.
pub(crate) fn tell_ended<'py>(
    py: Python<'py>,
    core: &Core,
    ended: &[usize],
    finals: &[f32],
    infos: &Bound<'py, PyDict>,
) -> PyResult<()> {
    let envs = core.env.envs();
    let which = PyArray1::<bool>::zeros(py, envs, false);
    mark(&which, ended)?;
    if core.autoreset != Autoreset::SameStep {
        return figures(py, core, ended, &which, infos);
    }
    let size = core.info().observation_size();
    let observations = PyArray2::<f32>::zeros(py, [envs, size], false);
    let mut rows = observations.readwrite();
    let into = rows.as_slice_mut()?;
    for &index in ended {
        let row = index * size..(index + 1) * size;
        into[row.clone()].copy_from_slice(&finals[row]);
    }
    drop(rows);
    let last = PyDict::new(py);
    figures(py, core, ended, &which, &last)?;
    infos.set_item("final_obs", observations)?;
    infos.set_item("_final_obs", &which)?;
    infos.set_item("final_info", last)?;
    infos.set_item("_final_info", which)
}

fn mark(which: &Bound<'_, PyArray1<bool>>, indices: &[usize]) -> PyResult<()> {
    let mut which = which.readwrite();
    let which = which.as_slice_mut()?;
    for &index in indices {
        which[index] = true;
    }
    Ok(())
}

fn figures<'py>(
    py: Python<'py>,
    core: &Core,
    ended: &[usize],
    which: &Bound<'py, PyArray1<bool>>,
    infos: &Bound<'py, PyDict>,
) -> PyResult<()> {
    let envs = core.env.envs();
    let stats: Vec<_> = ended.iter().filter_map(|&index| Some((index, core.last_episode(index)?))).collect();
    let put = |name: &str, array: Bound<'py, PyAny>| {
        infos.set_item(name, array)?;
        infos.set_item(format!("_{name}"), which)
    };
    for (name, of) in NUMBERS {
        let array = PyArray1::<i64>::zeros(py, envs, false);
        let mut values = array.readwrite();
        let into = values.as_slice_mut()?;
        for (index, stats) in &stats {
            into[*index] = of(stats);
        }
        drop(values);
        put(name, array.into_any())?;
    }
    let column = |of: &dyn Fn(&EpisodeStats) -> f32| {
        let array = PyArray1::<f64>::zeros(py, envs, false);
        let mut values = array.readwrite();
        let into = values.as_slice_mut()?;
        for (index, stats) in &stats {
            into[*index] = f64::from(of(stats));
        }
        drop(values);
        PyResult::Ok(array.into_any())
    };
    put(RETURN, column(&|stats| stats.episode_return)?)?;
    for (place, figure) in core.info().figures.iter().enumerate() {
        put(&figure.name, column(&|stats| stats.figures[place])?)?;
    }
    Ok(())
}

type Number = fn(&EpisodeStats) -> i64;

const RETURN: &str = "episode_return";
/// The whole numbers of an episode.
const NUMBERS: [(&str, Number); 2] =
    [("episode_length", |stats| i64::from(stats.length)), ("ending", |stats| i64::from(stats.ending))];

/// The same for one environment, as plain numbers.
pub(crate) fn tell_one(infos: &Bound<'_, PyDict>, info: &RulesInfo, stats: &EpisodeStats) -> PyResult<()> {
    for (name, of) in NUMBERS {
        infos.set_item(name, of(stats))?;
    }
    infos.set_item(RETURN, f64::from(stats.episode_return))?;
    for (figure, value) in info.figures.iter().zip(&stats.figures) {
        infos.set_item(&figure.name, f64::from(*value))?;
    }
    Ok(())
}
