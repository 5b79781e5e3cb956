//! Servers that show each other's rooms through Redis, as processes, and what is left when one of them is killed.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::serving::Served;

/// When something that ought to happen counts as not happening.
const PATIENCE: Duration = Duration::from_mins(1);

struct Redis {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Redis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let mut redis = Command::new("redis-server");
        redis.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"]);
        let child = redis.arg(folder.path()).stdout(Stdio::null()).spawn().expect("redis-server, to be installed");
        eventually("redis-server starts", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { child, url: format!("redis://127.0.0.1:{port}"), _folder: folder }
    }

    fn server(&self, arguments: &[&str]) -> Served {
        Served::start(&[&["--fps", "20", "--broker", self.url.as_str()], arguments].concat(), &[])
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let late = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < late, "it does not come that {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

/// The frames after one: their epoch, their numbers, and whether none is missing in between.
fn after(server: &Served, epoch: u64, seq: u64) -> (u64, Vec<u64>, bool) {
    let page = server.get(&format!("/api/rooms/main/frames?wait=5&epoch={epoch}&after={seq}"));
    let seqs = page["frames"].as_array().unwrap().iter().map(|frame| number(&frame["seq"]));
    let new: Vec<_> = seqs.filter(|shown| page["epoch"] != epoch || *shown > seq).collect();
    (number(&page["epoch"]), new, page["resume"] == "missed")
}

#[test]
fn who_was_on_an_edge_that_was_killed_goes_on_at_another() {
    let redis = Redis::start();
    let _worker = redis.server(&[]);
    let (first, second) = (redis.server(&["--edge"]), redis.server(&["--edge"]));
    let page = first.get("/api/rooms/main/frames?wait=5");
    let (epoch, seq) = (number(&page["epoch"]), number(&page["next"]));
    first.killed();
    let (same, seqs, missed) = after(&second, epoch, seq);
    assert!(missed && same == epoch, "{seqs:?}");
    assert_eq!(seqs, (seq + 1..).take(seqs.len()).collect::<Vec<_>>(), "nothing twice, nothing left out");
    assert!(!seqs.is_empty());
}

#[test]
fn a_worker_that_was_killed_and_started_again_is_shown_to_who_stayed() {
    let redis = Redis::start();
    let worker = redis.server(&[]);
    let edge = redis.server(&["--edge"]);
    let page = edge.get("/api/rooms/main/frames?wait=5&viewer=11111111-1111");
    let (epoch, seq) = (number(&page["epoch"]), number(&page["next"]));
    worker.killed();
    // Its page is there, with the room as it stood.
    assert_eq!(edge.get("/api/rooms/main")["epoch"], epoch);
    // The claim of a dead server ends by itself, and the next one has the room.
    let _worker = redis.server(&[]);
    let mut place = (epoch, seq);
    eventually("the new worker's frames are shown", || {
        let (now, seqs, _) = after(&edge, place.0, place.1);
        assert!(now >= epoch, "epochs only rise");
        place = (now, *seqs.last().unwrap_or(&place.1));
        now > epoch && !seqs.is_empty()
    });
}

#[test]
fn a_broker_that_is_not_there_is_one_line() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("redis://user:secret@127.0.0.1:{free}");
    let said = super::daladala(&["serve", "--port", "0", "--broker", &url], "");
    let error = String::from_utf8(said.stderr).unwrap();
    assert_eq!((said.status.code(), error.lines().count()), (Some(1), 1), "{error}");
    assert!(error.contains(&format!("127.0.0.1:{free}")) && !error.contains("secret"), "{error}");
}
