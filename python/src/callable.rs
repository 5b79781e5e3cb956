//! Policies that are written in Python.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use daladala_agents::{Policy as Acting, PolicyFault};
use daladala_env::{Action, Generator, OutputKind, RulesInfo};
use numpy::ndarray::Array2;
use numpy::{PyArray1, PyArrayMethods, ToPyArray};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::actions;

/// The most that people are told of what a callable raised, characters: a line.
const MOST_TOLD: usize = 200;

/// A callable that takes observations `[batch, features]` (and masks `[batch, actions]`, where it wants them) and returns
/// one action a row. The lock of the interpreter is taken for the call alone.
pub(crate) struct Callable {
    function: Py<PyAny>,
    observation_size: usize,
    actions: usize,
    masked: bool,
    /// The exception that has stopped it.
    raised: Mutex<Option<PyErr>>,
    /// Rooms may ask it no longer.
    closed: AtomicBool,
    /// How many rooms are asking it now.
    asking: AtomicUsize,
}

thread_local! {
    /// Whether this thread is asking a callable.
    static IS_ASKING: Cell<bool> = const { Cell::new(false) };
}

/// Whether it is a callable, asked by a room, that this is called by.
pub(crate) fn is_asking() -> bool {
    IS_ASKING.get()
}

/// Counts one that asks.
struct Asking<'a>(&'a AtomicUsize);

impl<'a> Asking<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        IS_ASKING.set(true);
        Self(count)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        IS_ASKING.set(false);
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Callable {
    pub(crate) fn new(function: &Bound<'_, PyAny>, info: &RulesInfo, masked: bool) -> Self {
        Self {
            function: function.clone().unbind(),
            observation_size: info.observation_size(),
            actions: info.actions(),
            masked,
            raised: Mutex::default(),
            closed: AtomicBool::default(),
            asking: AtomicUsize::default(),
        }
    }

    /// The last exception, which is forgotten with that.
    pub(crate) fn take_raised(&self) -> Option<PyErr> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Has rooms ask it no longer; whether none does by now. A thread that is in Python when the interpreter ends would take
    /// the process down with it.
    pub(crate) fn close(&self) -> bool {
        self.closed.store(true, Ordering::SeqCst);
        self.asking.load(Ordering::SeqCst) == 0
    }

    /// What ends an evaluation: what it has raised, or what a signal's handler does between two calls.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is of one lifetime")]
    pub(crate) fn goes_on(&self) -> PyResult<()> {
        match self.take_raised() {
            Some(error) => Err(error),
            None => Python::attach(|py| py.check_signals()),
        }
    }

    fn has_raised(&self) -> bool {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn note(&self, error: PyErr) {
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// Every action open.
    fn all_open(&self) -> u32 {
        u32::MAX >> (u32::BITS as usize - self.actions)
    }

    fn ask(&self, py: Python<'_>, observations: &[f32], masks: Option<&[u32]>, chosen: &mut [u8]) -> PyResult<()> {
        let given = PyArray1::from_slice(py, observations).reshape([chosen.len(), self.observation_size])?;
        let answer = match masks {
            None => self.function.bind(py).call1((given,))?,
            Some(masks) => {
                let open = |(row, action): (usize, usize)| masks[row] >> action & 1 == 1;
                let masks = Array2::from_shape_fn([chosen.len(), self.actions], open).to_pyarray(py);
                self.function.bind(py).call1((given, masks))?
            }
        };
        actions::read(&answer, chosen)?;
        match chosen.iter().find(|&&action| usize::from(action) >= self.actions) {
            Some(action) => Err(PyValueError::new_err(format!("the policy chose {action}, which is no action"))),
            None => Ok(()),
        }
    }

    /// One action for one observation, or what is to be told of it.
    fn ask_one(&self, observation: &[f32], mask: Option<u32>) -> Result<Action, PolicyFault> {
        let _asking = Asking::new(&self.asking);
        if self.closed.load(Ordering::SeqCst) {
            return Err(PolicyFault("the server is being closed".to_owned()));
        }
        let mask = self.masked.then(|| mask.unwrap_or_else(|| self.all_open()));
        let asked = Python::try_attach(|py| {
            let mut chosen = [0];
            let answer = self.ask(py, observation, mask.as_ref().map(std::slice::from_ref), &mut chosen);
            answer.map(|()| chosen[0]).map_err(|error| {
                let told = error.to_string();
                self.note(error);
                PolicyFault(told.lines().next().unwrap_or_default().chars().take(MOST_TOLD).collect())
            })
        });
        asked.unwrap_or_else(|| Err(PolicyFault("Python is ending".to_owned())))
    }
}

impl Acting for Callable {
    fn observation_size(&self) -> usize {
        self.observation_size
    }

    fn actions(&self) -> usize {
        self.actions
    }

    fn output_kind(&self) -> OutputKind {
        OutputKind::Logits
    }

    /// For one row, 1 for the choice and 0 for the others; evaluations, which have many, ask for actions alone.
    fn outputs(&self, observations: &[f32], outputs: &mut [f32]) {
        outputs.fill(0.0);
        if outputs.len() == self.actions
            && let Ok(action) = self.ask_one(observations, None)
        {
            outputs[usize::from(action)] = 1.0;
        }
    }

    fn masked(&self) -> bool {
        self.masked
    }

    /// Models of Python keep what they compute in themselves: two calls at once would mix it up.
    fn on_one_thread(&self) -> bool {
        true
    }

    /// Once it has raised, nothing more is asked of it.
    fn act(&self, observations: &[f32], masks: Option<&[u32]>, _: &mut [Generator], chosen: &mut [Action]) {
        if !self.has_raised()
            && let Err(error) = Python::attach(|py| self.ask(py, observations, masks, chosen))
        {
            self.note(error);
        }
        if self.has_raised() {
            chosen.fill(0);
        }
    }

    fn decide(
        &self,
        observation: &[f32],
        mask: Option<u32>,
        _: &mut Generator,
        outputs: &mut [f32],
    ) -> Result<Action, PolicyFault> {
        let action = self.ask_one(observation, mask)?;
        outputs.fill(0.0);
        outputs[usize::from(action)] = 1.0;
        Ok(action)
    }
}
