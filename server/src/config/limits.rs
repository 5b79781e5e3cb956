//! How much of everything there may be, and how long it may take.

use std::time::Duration;

use super::FrameRate;

/// The limits of a server. What a client may cost is bounded by them, whatever it sends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// For the head of an HTTP request to arrive.
    pub header_timeout: Duration,
    /// For one message to leave for the network. A viewer that cannot take a kilobyte in this time will not catch up.
    pub write_timeout: Duration,
    /// Between two pings. Proxies cut connections that rest for a minute; this is well below.
    pub ping_interval: Duration,
    /// Without any sign of life, pongs included. Three pings unanswered: the network between is gone.
    pub idle_timeout: Duration,
    /// For a viewer to answer a close frame. Enough for a way around the world and back.
    pub close_timeout: Duration,
    /// For all connections together to end when the server shuts down; longer than `close_timeout`, and short enough
    /// that nobody presses Ctrl-C twice.
    pub shutdown_timeout: Duration,
    /// For a room that nobody watches to go to sleep.
    pub sleep_after: Duration,
    /// For a created room that nobody watches to be closed.
    pub close_idle_after: Duration,
    /// For the wheel to return to the policy when its holder does nothing.
    pub wheel_timeout: Duration,
    /// Connections in all. More wait to be accepted.
    pub max_connections: usize,
    /// Connections of one address. High enough for a school behind one address.
    pub max_connections_per_address: usize,
    /// Rooms.
    pub max_rooms: usize,
    /// Viewers of one room.
    pub max_viewers_per_room: usize,
    /// Players of one room: those who gave a name. Each presence message lists them all.
    pub max_players_per_room: usize,
    /// Requests that a connection may make a second, over time: enough for a program that steps a room by itself, and
    /// little enough that hundreds of them leave the machine to the viewers.
    pub requests_per_second: u32,
    /// Requests that a connection may make at once.
    pub request_burst: u32,
    /// Steps that a connection may ask a room for that moves only when it is stepped: more than one program can use.
    pub steps_per_second: u32,
    /// Changes of a room that everybody in it is told of, such as its speed, a second, by all clients together.
    pub changes_per_second: u32,
    /// Such changes at once: a class that tries all buttons.
    pub change_burst: u32,
    /// HTTP requests and connections of one address a second, over time. A client that polls makes two for each step.
    pub max_requests_per_address: u32,
    /// Bytes of answers that wait to be read, of one address: a class that catches up all at once.
    pub max_answer_bytes_per_address: u64,
    /// The same, of all addresses.
    pub max_answer_bytes: u64,
    /// Clients of the original of one address. For each of them some two thousand packets may wait, a megabyte.
    pub max_originals_per_address: u64,
    /// The same, of all addresses.
    pub max_originals: u64,
    /// Frames a second that clients may ask of a room: more than a screen shows. A recording is played as fast as it was.
    pub max_fps: FrameRate,
    /// After which a viewer who polls and has stopped asking is gone: several times what a page pauses between two
    /// questions.
    pub poller_gone_after: Duration,
    /// For a room to answer a request, which takes it microseconds unless its driver is slow or the machine overloaded.
    pub answer_timeout: Duration,
    /// Recordings in the folder.
    pub max_recordings: usize,
    /// Bytes that all recordings together may take.
    pub max_recordings_bytes: u64,
    /// Frames that a room keeps for those who come back, or go back: at 5 a second, two minutes.
    pub history_frames: usize,
    /// Bytes that one recording may take: some ten million frames.
    pub max_recording_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            ping_interval: Duration::from_secs(20),
            idle_timeout: Duration::from_mins(1),
            close_timeout: Duration::from_secs(1),
            shutdown_timeout: Duration::from_secs(2),
            sleep_after: Duration::from_secs(10),
            close_idle_after: Duration::from_hours(1),
            wheel_timeout: Duration::from_mins(1),
            max_connections: 10_000,
            max_connections_per_address: 2_000,
            max_rooms: 64,
            max_viewers_per_room: 10_000,
            max_players_per_room: 64,
            requests_per_second: 200,
            request_burst: 400,
            steps_per_second: 50_000,
            changes_per_second: 10,
            change_burst: 40,
            max_requests_per_address: 2000,
            max_answer_bytes_per_address: 64 << 20,
            max_answer_bytes: 256 << 20,
            max_originals_per_address: 256,
            max_originals: 2000,
            max_fps: FrameRate::SCREEN,
            poller_gone_after: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(5),
            max_recordings: 1000,
            max_recordings_bytes: 8 << 30,
            history_frames: 600,
            max_recording_bytes: 512 << 20,
        }
    }
}
