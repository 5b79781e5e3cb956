//! What the server counts. Totals only: nothing grows with rooms or viewers.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use serde::Serialize;
use utoipa::ToSchema;

/// A label of one name.
type Label = [(&'static str, &'static str); 1];

/// All counters.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) rooms: Gauge,
    pub(crate) connections: Gauge,
    socket_viewers: Gauge,
    sse_viewers: Gauge,
    polling_viewers: Gauge,
    pub(crate) frames_made: Counter,
    pub(crate) frames_sent: Counter,
    pub(crate) frames_skipped: Counter,
    pub(crate) bytes_sent: Counter,
    pub(crate) events_sent: Counter,
    pub(crate) episodes: Counter,
    requests_granted: Counter,
    requests_refused: Counter,
    ends: Family<Label, Counter>,
    tick_lateness: Histogram,
}

/// How somebody watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    WebSocket,
    ServerSentEvents,
    Polling,
}

/// The totals for the admin's page.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Totals {
    pub(crate) uptime_seconds: u64,
    pub(crate) rooms: i64,
    pub(crate) connections: i64,
    pub(crate) viewers: i64,
    pub(crate) frames_made: u64,
    pub(crate) frames_sent: u64,
    pub(crate) frames_skipped: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) events_sent: u64,
    pub(crate) episodes: u64,
    pub(crate) requests_granted: u64,
    pub(crate) requests_refused: u64,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // From a tenth of a millisecond, where the timer's grain hides everything, to a second, when a room has stopped.
        let lateness = Histogram::new([0.0001, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]);
        // A family is locked as long as one of its members is borrowed, so the members are taken out of it here.
        let viewers = Family::<Label, Gauge>::default();
        let requests = Family::<Label, Counter>::default();
        let mut metrics = Self {
            socket_viewers: viewers.get_or_create_owned(&[("transport", "websocket")]),
            sse_viewers: viewers.get_or_create_owned(&[("transport", "sse")]),
            polling_viewers: viewers.get_or_create_owned(&[("transport", "polling")]),
            requests_granted: requests.get_or_create_owned(&[("outcome", "granted")]),
            requests_refused: requests.get_or_create_owned(&[("outcome", "refused")]),
            registry: Registry::with_prefix("daladala"),
            rooms: Gauge::default(),
            connections: Gauge::default(),
            frames_made: Counter::default(),
            frames_sent: Counter::default(),
            frames_skipped: Counter::default(),
            bytes_sent: Counter::default(),
            events_sent: Counter::default(),
            episodes: Counter::default(),
            ends: Family::default(),
            tick_lateness: lateness,
        };
        let registry = &mut metrics.registry;
        registry.register("rooms", "Rooms that are open", metrics.rooms.clone());
        registry.register("connections", "TCP connections", metrics.connections.clone());
        registry.register("viewers", "Viewers by transport", viewers);
        registry.register("frames_made", "Frames that rooms have made", metrics.frames_made.clone());
        registry.register("frames_sent", "Frames sent to viewers", metrics.frames_sent.clone());
        registry.register("frames_skipped", "Frames that viewers were too late for", metrics.frames_skipped.clone());
        let bytes = metrics.bytes_sent.clone();
        registry.register_with_unit("sent", "Payload sent to viewers", Unit::Bytes, bytes);
        registry.register("events_sent", "Events sent to viewers", metrics.events_sent.clone());
        registry.register("episodes", "Episodes that have ended", metrics.episodes.clone());
        registry.register("requests", "Requests over WebSockets and to rooms, by outcome", requests);
        registry.register("sessions_ended", "WebSocket sessions that have ended, by reason", metrics.ends.clone());
        let lateness = metrics.tick_lateness.clone();
        registry.register_with_unit("tick_lateness", "How late rooms were with a frame", Unit::Seconds, lateness);
        metrics
    }

    pub(crate) fn tick_lateness(&self, late: Duration) {
        self.tick_lateness.observe(late.as_secs_f64());
    }

    pub(crate) fn request(&self, granted: bool) {
        if granted { &self.requests_granted } else { &self.requests_refused }.inc();
    }

    pub(crate) fn session_ended(&self, reason: &'static str) {
        self.ends.get_or_create(&[("reason", reason)]).inc();
    }

    /// One viewer more, until what is returned is dropped.
    pub(crate) fn viewer(&self, transport: Transport) -> Counted {
        Counted::new(match transport {
            Transport::WebSocket => &self.socket_viewers,
            Transport::ServerSentEvents => &self.sse_viewers,
            Transport::Polling => &self.polling_viewers,
        })
    }

    /// All of it in the text form of `OpenMetrics`.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        if let Err(error) = encode(&mut text, &self.registry) {
            tracing::error!(%error, "the metrics cannot be encoded");
        }
        text
    }

    pub(crate) fn totals(&self, uptime: Duration) -> Totals {
        Totals {
            uptime_seconds: uptime.as_secs(),
            rooms: self.rooms.get(),
            connections: self.connections.get(),
            viewers: self.socket_viewers.get() + self.sse_viewers.get() + self.polling_viewers.get(),
            frames_made: self.frames_made.get(),
            frames_sent: self.frames_sent.get(),
            frames_skipped: self.frames_skipped.get(),
            bytes_sent: self.bytes_sent.get(),
            events_sent: self.events_sent.get(),
            episodes: self.episodes.get(),
            requests_granted: self.requests_granted.get(),
            requests_refused: self.requests_refused.get(),
        }
    }
}

/// Something that is counted as long as it lives.
pub(crate) struct Counted(Gauge);

impl Counted {
    pub(crate) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
