//! Event files of TensorBoard: records of TensorFlow's, each a message of `tensorflow/core/util/event.proto`.
//!
//! Only the fields that are written are declared here: others are no part of the bytes.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use prost::Message;

/// How the names of event files begin; what follows is the second they were made in.
const PREFIX: &str = "events.out.tfevents.";
/// With this version a reader heeds the restarts that a file tells of.
const FILE_VERSION: &str = "brain.Event:2";
/// A checksum beside the data it is of is stored changed, as a checksum of data with its own checksum is a constant.
const MASK_DELTA: u32 = 0xa282_ead8;

#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
    #[prost(message, optional, tag = "7")]
    session_log: Option<SessionLog>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    /// Written even where it is 0, as one of several kinds of value.
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

#[derive(Clone, PartialEq, Message)]
struct SessionLog {
    #[prost(enumeration = "SessionStatus", tag = "1")]
    status: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
enum SessionStatus {
    Unspecified = 0,
    Start = 1,
}

pub(super) struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    /// A file of a new run.
    pub(super) fn create(folder: &Path) -> anyhow::Result<Self> {
        Self::start(folder, 0)
    }

    /// A file that makes readers drop what older files have of steps after `step`.
    pub(super) fn resume(folder: &Path, step: u64) -> anyhow::Result<Self> {
        // A start drops its own step too.
        Self::start(folder, step.saturating_add(1))
    }

    /// A file that begins at `step`. TensorBoard takes the first start of a run for its beginning and only those after it for
    /// restarts, so every file has one.
    fn start(folder: &Path, step: u64) -> anyhow::Result<Self> {
        let path = folder.join(name(folder)?);
        let file = File::create_new(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        let mut events = Self { path, file };
        events.write(Event { file_version: Some(FILE_VERSION.to_owned()), ..Event::default() })?;
        let start = SessionLog { status: SessionStatus::Start.into() };
        events.write(Event { step: step.cast_signed(), session_log: Some(start), ..Event::default() })?;
        Ok(events)
    }

    pub(super) fn scalars(&mut self, step: u64, scalars: &[(&'static str, f64)]) -> anyhow::Result<()> {
        let values = scalars.iter().map(|&(tag, value)| (tag, value as f32)).filter(|(_, value)| value.is_finite());
        let value: Vec<_> =
            values.map(|(tag, value)| Value { tag: tag.to_owned(), simple_value: Some(value) }).collect();
        if value.is_empty() {
            return Ok(());
        }
        self.write(Event { step: step.cast_signed(), summary: Some(Summary { value }), ..Event::default() })
    }

    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.file.sync_data().with_context(|| format!("{} cannot be written", self.path.display()))
    }

    fn write(&mut self, event: Event) -> anyhow::Result<()> {
        let event = Event { wall_time: since_1970()?, ..event };
        let about = || format!("{} cannot be written", self.path.display());
        self.file.write_all(&record(&event.encode_to_vec())).with_context(about)
    }
}

/// The event files in `folder`.
pub(super) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let files = std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    let is_event =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
    Ok(paths.filter(is_event).collect())
}

/// Readers go through the files of a folder in the order of their names, so a new file's must come last: also when the
/// last one was made within this second, or by a clock that was ahead.
fn name(folder: &Path) -> anyhow::Result<String> {
    let files = std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))?;
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let seconds = names.filter_map(|name| name.strip_prefix(PREFIX)?.split('.').next()?.parse::<u64>().ok());
    let after_all = seconds.max().map_or(0, |last| last.saturating_add(1));
    let seconds = (since_1970()? as u64).max(after_all);
    let host = gethostname::gethostname().to_string_lossy().replace('/', "_");
    Ok(format!("{PREFIX}{seconds:010}.{host}.{}.0", std::process::id()))
}

fn since_1970() -> anyhow::Result<f64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("this machine's clock is before 1970")?;
    Ok(now.as_secs_f64())
}

/// Length, its checksum, data, its checksum.
fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length, &masked_crc(&length).to_le_bytes()[..], data, &masked_crc(data).to_le_bytes()].concat()
}

fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(MASK_DELTA)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole records of a file.
    fn events(mut bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some((length, rest)) = bytes.split_first_chunk::<8>() {
            let size = u64::from_le_bytes(*length) as usize;
            let Some((record, rest)) = rest.split_at_checked(4 + size + 4) else { break };
            let data = &record[4..][..size];
            assert_eq!(record[..4], masked_crc(length).to_le_bytes());
            assert_eq!(record[4 + size..], masked_crc(data).to_le_bytes());
            events.push(Event::decode(data).unwrap());
            bytes = rest;
        }
        events
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        files
    }

    fn figures(event: &Event) -> (i64, Vec<(&str, f32)>) {
        let values = event.summary.iter().flat_map(|summary| &summary.value);
        (event.step, values.map(|value| (&*value.tag, value.simple_value.unwrap())).collect())
    }

    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283, "the check value of CRC-32C");
        // RFC 3720, B.4.
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c::crc32c(&[0xff; 32]), 0x62a8_ab43);
    }

    /// As TensorBoard's own writer has them.
    #[test]
    fn records_are_those_of_tensorboard() {
        let version = Event { wall_time: 1.5, file_version: Some(FILE_VERSION.to_owned()), ..Event::default() };
        let session_log = Some(SessionLog { status: SessionStatus::Start.into() });
        let start = Event { wall_time: 2.5, step: 65, session_log, ..Event::default() };
        let value = [("train/loss", 0.25), ("time/fps", 0.0)]
            .map(|(tag, value)| Value { tag: tag.to_owned(), simple_value: Some(value) });
        let summary = Some(Summary { value: value.into() });
        let scalars = Event { wall_time: 3.5, step: 300, summary, ..Event::default() };
        for (event, golden) in [
            (version, "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c"),
            (start, "0f000000000000006d532b0909000000000000044010413a020801867510dd"),
            (
                scalars,
                "3200000000000000241956ec090000000000000c4010ac022a240a110a0a747261696e2f6c6f7373150000803e\
                 0a0f0a0874696d652f6670731500000000720dee2e",
            ),
        ] {
            let pairs = (0..golden.len()).step_by(2).map(|at| &golden[at..at + 2]);
            let golden: Vec<_> = pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
            assert_eq!(record(&event.encode_to_vec()), golden);
        }
    }

    #[test]
    fn a_file_begins_with_its_version_and_has_an_event_a_call() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = EventFile::create(folder.path()).unwrap();
        file.scalars(64, &[("train/loss", 0.5), ("eval/mean_reward", f64::NAN), ("time/fps", 0.0)]).unwrap();
        file.scalars(96, &[("train/loss", f64::NAN), ("time/fps", 1e300)]).unwrap();
        file.scalars(u64::from(u32::MAX), &[("train/loss", -2.0)]).unwrap();
        file.flush().unwrap();
        let events = events(&std::fs::read(&files(folder.path())[0]).unwrap());
        assert_eq!(events[0].file_version.as_deref(), Some(FILE_VERSION));
        let start = events[1].session_log.as_ref().unwrap();
        assert_eq!((events[1].step, start.status()), (0, SessionStatus::Start), "the first is no restart");
        let logged: Vec<_> = events[2..].iter().map(figures).collect();
        let last = (i64::from(u32::MAX), vec![("train/loss", -2.0)]);
        assert_eq!(logged, [(64, vec![("train/loss", 0.5), ("time/fps", 0.0)]), last]);
        assert!(events.windows(2).all(|two| 1.7e9 < two[0].wall_time && two[0].wall_time <= two[1].wall_time));
    }

    #[test]
    fn a_resumed_run_says_from_where_and_its_file_comes_last() {
        let folder = tempfile::tempdir().unwrap();
        drop(EventFile::create(folder.path()).unwrap());
        let ahead = format!("{PREFIX}9999999998.some.host.7.0");
        std::fs::write(folder.path().join(ahead), "").unwrap();
        let mut file = EventFile::resume(folder.path(), 64).unwrap();
        file.scalars(65, &[("train/loss", 1.0)]).unwrap();
        let files = files(folder.path());
        assert_eq!((files.len(), &files[2]), (3, &file.path));
        let events = events(&std::fs::read(&file.path).unwrap());
        assert_eq!(events[0].file_version.as_deref(), Some(FILE_VERSION));
        let start = events[1].session_log.as_ref().unwrap();
        assert_eq!((events[1].step, start.status()), (65, SessionStatus::Start), "what is at 64 stays");
        assert_eq!(figures(&events[2]), (65, vec![("train/loss", 1.0)]));
    }
}
