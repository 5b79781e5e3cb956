//! The server in this process: a page on which people watch a policy, or an environment that Python steps.
//!
//! It runs on threads of its own, which the interpreter's lock is no matter of but while a callable is asked.

use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use daladala_env::RuleSpec;
use daladala_server::{Catalog, Driver, FrameRate, Role, Server, ServerConfig, Stage};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use tokio::sync::oneshot;

use crate::engine::Engine;
use crate::policy::Driving;
use crate::{callable, error, spec};

/// Threads for sockets. Rooms have threads of their own, and few look at a server in a notebook.
const WORKERS: usize = 1;
/// Between two looks at whether a callable has come to its end.
const LOOKED_AFTER: Duration = Duration::from_millis(5);

/// A server that runs.
#[pyclass(frozen, module = "daladala._native")]
pub(crate) struct Served {
    url: String,
    /// The process that it runs in: its threads do not come along in a fork.
    process: u32,
    running: Mutex<Option<Running>>,
    driving: Option<Driving>,
    stage: Option<Stage>,
}

struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), String>>,
}

#[pymethods]
impl Served {
    /// Where to watch it, with a token where one is needed.
    #[getter]
    fn url(&self) -> &str {
        &self.url
    }

    /// Whether it still serves.
    #[getter]
    fn running(&self) -> bool {
        self.process == std::process::id() && self.locked().as_ref().is_some_and(|on| !on.thread.is_finished())
    }

    /// What the callable raised last, once; or none.
    fn take_raised(&self) -> Option<PyErr> {
        self.driving.as_ref()?.take_raised()
    }

    /// Shows the frame at which the only environment of an engine is.
    fn show(&self, py: Python<'_>, engine: &Engine) -> PyResult<()> {
        let stage = self.stage.as_ref().ok_or_else(|| PyRuntimeError::new_err("a policy drives here"))?;
        let frame = engine.last_frame(py)?;
        // A frame that the room has no time for is left out: the next one comes soon.
        _ = stage.show(frame);
        Ok(())
    }

    /// Ends it, and waits for that, but not where the callable itself calls. Twice is as good as once.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.process != std::process::id() {
            return Ok(());
        }
        let is_idle = || self.driving.as_ref().is_none_or(Driving::close);
        while !is_idle() && !callable::is_asking() {
            py.check_signals()?;
            // What is being asked needs the interpreter to come to its end.
            py.detach(|| std::thread::sleep(LOOKED_AFTER));
        }
        let Some(Running { stop, thread }) = self.locked().take() else { return Ok(()) };
        // Where nobody listens it has ended by itself.
        _ = stop.send(());
        if callable::is_asking() {
            return Ok(());
        }
        match py.detach(|| thread.join()) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => Err(PyRuntimeError::new_err(why)),
            Err(_) => Err(PyRuntimeError::new_err("the server has panicked: please report it")),
        }
    }
}

impl Served {
    fn locked(&self) -> std::sync::MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves a policy that drives.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords of Python, one each")]
pub(crate) fn serve(
    py: Python<'_>,
    policy: &Bound<'_, PyAny>,
    model: &str,
    rules: &str,
    scenario: Option<&str>,
    overrides: Vec<(String, String)>,
    masked: bool,
    host: String,
    port: u16,
    fps: f64,
    seed: Option<u64>,
) -> PyResult<Served> {
    let spec = spec::spec(py, rules, scenario, &overrides)?;
    let driving = Driving::new(policy, &spec.info(), masked)?;
    let driver = Driver::new(spec, model, driving.acting()).map_err(error::value)?;
    let fps = FrameRate::new(fps).map_err(|error| PyValueError::new_err(format!("fps: {error}")))?;
    let config = ServerConfig { host, port, fps, seed, ..ServerConfig::default() };
    start(py, config, Catalog::new(driver).with_built_in(), Some(driving))
}

/// Serves what the only environment of an engine does, which keeps frames and has begun an episode.
#[pyfunction]
pub(crate) fn show(py: Python<'_>, engine: &Engine, player: &str, fps: f64) -> PyResult<Served> {
    let spec: RuleSpec = engine.spec(py)?;
    let fps = FrameRate::new(fps).map_err(|error| PyValueError::new_err(format!("fps: {error}")))?;
    let config = ServerConfig { port: 0, fps, ..ServerConfig::default() };
    start(py, config, Catalog::shown(spec, player, engine.last_frame(py)?).with_built_in(), None)
}

fn start(py: Python<'_>, config: ServerConfig, catalog: Catalog, driving: Option<Driving>) -> PyResult<Served> {
    let (stop, stopped) = oneshot::channel();
    let (tell, told) = mpsc::channel();
    let thread = std::thread::Builder::new().name("server".to_owned()).spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(async {
            let server = Server::bind(config, catalog).await.map_err(told_whole)?;
            let url = server.url_for(Role::Watch).unwrap_or_else(|| server.url());
            // Whoever started it waits for that.
            _ = tell.send((url, server.stage()));
            // It also ends when its handle is gone.
            server.run(async { _ = stopped.await }).await.map_err(told_whole)
        })
    })?;
    let Some((url, stage)) = py.detach(move || told.recv().ok()) else {
        let why = py.detach(move || thread.join());
        return Err(PyOSError::new_err(why.ok().and_then(Result::err).unwrap_or_else(|| "no server".to_owned())));
    };
    let running = Mutex::new(Some(Running { stop, thread }));
    Ok(Served { url, process: std::process::id(), running, driving, stage })
}

/// An error with its sources, in one line.
fn told_whole(error: impl Into<anyhow::Error>) -> String {
    format!("{:#}", error.into())
}
