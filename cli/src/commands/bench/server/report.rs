//! What is reported, to people as a table and to programs as JSON.

use serde::Serialize;

use super::Encoding;
use super::measure::Percentiles;
use crate::output::{figures, grouped, print, print_json, tell};

/// What stands where a figure cannot be known.
const UNKNOWN: &str = "–";

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Those that read.
    pub(crate) viewers: usize,
    /// What the room says its rate is.
    pub(crate) fps: f64,
    pub(crate) seconds: f64,
    pub(crate) encoding: Encoding,
    /// Rate at which the room has made frames.
    pub(crate) room_frames_per_second: f64,
    pub(crate) frames_per_second: f64,
    pub(crate) frames_per_second_per_viewer: f64,
    /// Of the viewer that got fewest.
    pub(crate) frames_per_second_slowest_viewer: f64,
    pub(crate) bytes_per_frame: f64,
    pub(crate) lateness_ms: Option<Percentiles>,
    pub(crate) spread_ms: Option<Percentiles>,
    pub(crate) skipped: u64,
    pub(crate) duplicates: u64,
    pub(crate) presences: u64,
    pub(crate) events: u64,
    pub(crate) connect_errors: usize,
    pub(crate) disconnected: u64,
    pub(crate) stalled: usize,
    pub(crate) stalled_disconnected: u64,
    pub(crate) first_error: Option<String>,
    pub(crate) connect_seconds: f64,
    pub(crate) server_rss_kib_per_viewer: Option<f64>,
    pub(crate) server_rss_peak_kib: Option<u64>,
    /// Cores used.
    pub(crate) server_cpu: Option<f64>,
    pub(crate) client_cpu: Option<f64>,
}

impl Report {
    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            return print_json(self);
        }
        let delays = |delays: Option<Percentiles>| {
            delays.map_or(UNKNOWN.to_owned(), |Percentiles { p50, p90, p99, max }| {
                format!("{p50:.1} / {p90:.1} / {p99:.1} / {max:.1}")
            })
        };
        let known = |figure: Option<f64>, digits: usize| {
            figure.map_or(UNKNOWN.to_owned(), |figure| format!("{figure:.digits$}"))
        };
        let megabytes = self.server_rss_peak_kib.map(|kib| kib as f64 / 1024.0);
        print(figures([
            ("viewers", grouped(self.viewers as f64)),
            ("encoding", self.encoding.name().to_owned()),
            ("seconds to connect", format!("{:.1}", self.connect_seconds)),
            ("could not connect", grouped(self.connect_errors as f64)),
            ("disconnected", grouped(self.disconnected as f64)),
            ("the room's frames/s", format!("{:.1} of {}", self.room_frames_per_second, self.fps)),
            ("frames/s in all", grouped(self.frames_per_second)),
            ("frames/s of a viewer", format!("{:.1}", self.frames_per_second_per_viewer)),
            ("frames/s of the slowest viewer", format!("{:.1}", self.frames_per_second_slowest_viewer)),
            ("bytes/frame", format!("{:.1}", self.bytes_per_frame)),
            ("lateness p50 / p90 / p99 / max, ms", delays(self.lateness_ms)),
            ("spread p50 / p90 / p99 / max, ms", delays(self.spread_ms)),
            ("frames skipped", grouped(self.skipped as f64)),
            ("frames that came twice", grouped(self.duplicates as f64)),
            ("presences, events", format!("{}, {}", grouped(self.presences as f64), grouped(self.events as f64))),
            ("stalled viewers, disconnected of them", format!("{}, {}", self.stalled, self.stalled_disconnected)),
            ("server's memory per viewer, KiB", known(self.server_rss_kib_per_viewer, 1)),
            ("server's memory at most, MiB", known(megabytes, 1)),
            ("server's cores in use", known(self.server_cpu, 2)),
            ("this client's cores in use", known(self.client_cpu, 2)),
        ]))?;
        if let Some(error) = &self.first_error {
            tell(format_args!("warning: some viewers failed, the first because: {error}"));
        }
        Ok(())
    }
}
