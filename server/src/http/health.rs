//! `GET /api/health`: the original's answer, and what else a person or a monitor asks first.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::App;

/// The first five fields are the original's; its clients wait for just these values.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    status: &'static str,
    flask_running: bool,
    model_loaded: bool,
    current_algo: String,
    env_ready: bool,
    version: &'static str,
    rules: &'static str,
    room: String,
    fps: f64,
    viewers: usize,
    uptime_seconds: u64,
}

pub(super) async fn health(State(app): State<Arc<App>>) -> Json<Health> {
    let info = app.room.info();
    // A room that has lost its driver takes the server down with it, so whoever can answer is well.
    Json(Health {
        status: "healthy",
        flask_running: true,
        model_loaded: true,
        current_algo: info.model.to_uppercase(),
        env_ready: true,
        version: info.server,
        rules: info.rules,
        room: info.name.clone(),
        fps: info.fps,
        viewers: app.room.viewers(),
        uptime_seconds: app.started.elapsed().as_secs(),
    })
}
