//! The file format, as `docs/PROTOCOL.md` describes it.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use daladala_protocol::{Damaged, FrameReader, Numbered, version_2};
use serde::{Deserialize, Serialize};

use crate::game::GameInfo;

/// The first bytes of a recording, with the version of the format.
const MAGIC: [u8; 8] = *b"DALAREC2";
/// Those of recordings whose header and frames are of version 2 of the protocol.
const MAGIC_1: [u8; 8] = *b"DALAREC1";

/// The longest record: hundreds of times the longest keyframe, and the longest header.
const MAX_RECORD_BYTES: u32 = 1 << 20;

/// A recording that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The file cannot be read or written.
    #[error("{path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is something else.
    #[error("{path} is no recording")]
    NoRecording {
        /// The file.
        path: PathBuf,
    },
    /// Nothing was recorded.
    #[error("{path} has no frames")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// What a recording is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header<G = GameInfo> {
    /// The version of the server that wrote it.
    pub server: String,
    /// When it was begun, milliseconds since 1970-01-01 UTC.
    pub created: u64,
    /// The room's code.
    pub room: String,
    /// The room's frames a second.
    pub fps: f64,
    /// The game, as in the message `room`.
    #[serde(flatten)]
    pub(crate) game: G,
}

/// Records on their way to a file, gathered so that many are written at once.
#[derive(Debug)]
pub(crate) struct Writer {
    gathered: Vec<u8>,
    bytes: u64,
}

impl Writer {
    pub(crate) fn new(header: &Header) -> Self {
        let mut writer = Self { gathered: MAGIC.to_vec(), bytes: MAGIC.len() as u64 };
        writer.record(&serde_json::to_vec(header).unwrap_or_default());
        writer
    }

    /// Adds one binary frame.
    pub(crate) fn record(&mut self, payload: &[u8]) {
        self.gathered.extend((payload.len() as u32).to_le_bytes());
        self.gathered.extend(crc32fast::hash(payload).to_le_bytes());
        self.gathered.extend(payload);
        self.bytes += 8 + payload.len() as u64;
    }

    /// What has been gathered, to be written in one piece.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.gathered)
    }

    /// Bytes of the file, the gathered ones included.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Reads a recording frame by frame.
pub(crate) struct Reader {
    path: PathBuf,
    input: BufReader<File>,
    header: Header,
    frames: Frames,
    /// What had to be read before it was asked for.
    first: Option<Numbered>,
}

/// Frames by the version of the recording.
enum Frames {
    V1(version_2::FrameReader),
    V2(FrameReader),
}

impl Frames {
    fn read(&mut self, record: &[u8]) -> Result<Numbered, Damaged> {
        match self {
            Self::V1(frames) => frames.read(record),
            Self::V2(frames) => frames.read(record),
        }
    }
}

impl Reader {
    pub(crate) fn open(path: &Path) -> Result<Self, RecordingError> {
        let failed = |source| RecordingError::Io { path: path.to_owned(), source };
        let no_recording = || RecordingError::NoRecording { path: path.to_owned() };
        let mut input = BufReader::new(File::open(path).map_err(failed)?);
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic).map_err(|_| no_recording())?;
        if ![MAGIC, MAGIC_1].contains(&magic) {
            return Err(no_recording());
        }
        let header = next_record(&mut input).map_err(failed)?.ok_or_else(no_recording)?;
        let path = path.to_owned();
        if magic == MAGIC {
            let header: Header = serde_json::from_slice(&header).map_err(|_| no_recording())?;
            if !header.game.is_consistent() {
                return Err(no_recording());
            }
            let frames = Frames::V2(FrameReader::new(header.game.frame.clone()));
            return Ok(Self { path, input, header, frames, first: None });
        }
        let header: Header<version_2::Game> = serde_json::from_slice(&header).map_err(|_| no_recording())?;
        let mut frames = version_2::FrameReader::new();
        // Where the stops are stood in the frames.
        let first = next_record(&mut input).map_err(failed)?.and_then(|record| frames.read(&record).ok());
        let Header { server, created, room, fps, game } = header;
        let header = Header { server, created, room, fps, game: game.upgraded(frames.stops().to_vec()) };
        if !header.game.is_consistent() {
            return Err(no_recording());
        }
        Ok(Self { path, input, header, frames: Frames::V1(frames), first })
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// The next frame; none at the end, and none where a record is cut off or damaged: what follows it cannot be trusted.
    pub(crate) fn next(&mut self) -> Result<Option<Numbered>, RecordingError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let record = next_record(&mut self.input);
        let record = record.map_err(|source| RecordingError::Io { path: self.path.clone(), source })?;
        Ok(record.and_then(|record| self.frames.read(&record).ok()))
    }
}

fn next_record(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 8];
    if !read_whole(input, &mut head)? {
        return Ok(None);
    }
    let [l0, l1, l2, l3, c0, c1, c2, c3] = head;
    let (length, checksum) = (u32::from_le_bytes([l0, l1, l2, l3]), u32::from_le_bytes([c0, c1, c2, c3]));
    if length > MAX_RECORD_BYTES {
        return Ok(None);
    }
    let mut payload = vec![0; length as usize];
    let whole = read_whole(input, &mut payload)? && crc32fast::hash(&payload) == checksum;
    Ok(whole.then_some(payload))
}

/// Whether there was enough to fill `buffer`.
fn read_whole(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Adds to a file that must not exist yet.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    File::options().append(true).create_new(true).open(path)
}

/// Writes in one piece, so that a kill leaves at most one record cut off.
pub(crate) fn append(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use daladala_agents::Policy;
    use daladala_agents::scripted::Random;
    use daladala_env::rules::Classic;
    use daladala_env::{Frame, RuleSet, Rules};
    use proptest::prelude::*;

    use super::*;
    use crate::game::{AnyDriver, Driver};
    use daladala_protocol::{encode_delta, encode_keyframe};

    /// A recording of some episodes, and its frames.
    fn sample() -> (Vec<u8>, Vec<Frame>) {
        let policy: Arc<dyn Policy> = Arc::new(Random::new(&Classic.spaces()));
        let driver = Driver::new(RuleSet::Classic, "random", policy).expect("fits");
        let header = Header { server: "0".into(), created: 1, room: "main".into(), fps: 5.0, game: driver.info() };
        let (mut writer, mut game) = (Writer::new(&header), driver.begin(1));
        let mut frames: Vec<Frame> = Vec::new();
        for seq in 1..100 {
            let frame = game.advance(None).expect("a frame");
            let base = frames.iter().rposition(|frame| frame.step == 0).filter(|_| frame.step > 0);
            writer.record(&match base {
                None => encode_keyframe(9, seq, &frame),
                Some(base) => encode_delta(seq, &frame, base as u64 + 1, &frames[base]),
            });
            frames.push(frame);
        }
        assert_eq!(writer.bytes(), writer.gathered.len() as u64);
        (writer.take(), frames)
    }

    fn read(bytes: &[u8]) -> Result<Vec<Frame>, RecordingError> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("written");
        let mut reader = Reader::open(file.path())?;
        let mut frames = Vec::new();
        while let Some(frame) = reader.next()? {
            frames.push(frame.frame);
        }
        Ok(frames)
    }

    #[test]
    fn frames_come_back() {
        let (bytes, frames) = sample();
        assert_eq!(read(&bytes).expect("readable"), frames);
    }

    #[test]
    fn other_files_are_told_apart() {
        for other in [&b""[..], b"DALA", b"DALAREC1", b"DALAREC2", b"DALAREC3\x02\0\0\0{}", b"{\"frames\":[]}"] {
            assert!(matches!(read(other), Err(RecordingError::NoRecording { .. })), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn a_recording_cut_off_anywhere_is_readable_up_to_there(cut: prop::sample::Index) {
            let (bytes, frames) = sample();
            let cut = cut.index(bytes.len());
            match read(&bytes[..cut]) {
                Ok(some) => prop_assert_eq!(&some[..], &frames[..some.len()]),
                Err(error) => prop_assert!(matches!(error, RecordingError::NoRecording { .. }) && cut < 6000, "{}", error),
            }
        }

        #[test]
        fn a_recording_damaged_anywhere_gives_only_true_frames(at: prop::sample::Index, bit in 0u8..8) {
            let (mut bytes, frames) = sample();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(some) = read(&bytes) {
                prop_assert!(some.len() < frames.len() && some[..] == frames[..some.len()]);
            }
        }
    }
}
