//! The server as a process: its environment, its log, its signals, its channels, and what survives a kill.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::daladala;

/// When something that ought to happen counts as not happening.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running program.
pub(super) struct Served {
    child: Child,
    pub(super) address: String,
    /// What it says on standard error: a pipe that nobody reads would stop it.
    log: File,
}

impl Served {
    /// Starts `daladala serve` on a free port, with more arguments and variables.
    pub(super) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::spawn(serve(arguments, variables))
    }

    fn spawn(mut command: Command) -> Self {
        let mut log = tempfile::tempfile().unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log.try_clone().unwrap()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some(start) = line.find("http://") else { panic!("'{line}': {}", said(&mut log)) };
        let address = line[start + "http://".len()..].split('/').next().unwrap().to_owned();
        Self { child, address, log }
    }

    /// Status and body of the answer to a request; its lines but the first, without the host.
    pub(super) fn ask(&self, request: &str, headers: &str, body: &str) -> (u16, String) {
        let host = format!("Host: {}\r\nContent-Length: {}\r\nConnection: close\r\n", self.address, body.len());
        let answer = self.raw(&format!("{request} HTTP/1.1\r\n{host}{headers}\r\n{body}"));
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{request}: {answer}"));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.ask(&format!("POST {path}"), "", &body.to_string());
        assert_eq!(status, 200, "{path}: {answer}");
        serde_json::from_str(&answer).unwrap()
    }

    pub(super) fn get(&self, path: &str) -> Value {
        let (status, answer) = self.ask(&format!("GET {path}"), "", "");
        assert_eq!(status, 200, "{path}: {answer}");
        serde_json::from_str(&answer).unwrap()
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// How it ended, and what it said on standard error.
    fn ended(mut self) -> (ExitStatus, String) {
        let late = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < late, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        (self.child.wait().unwrap(), said(&mut self.log))
    }

    pub(super) fn killed(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn serve(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("daladala"));
    command.args(["serve", "--port", "0", "--rules", "classic", "--model", "oracle"]).args(arguments);
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

fn said(log: &mut File) -> String {
    let mut said = Vec::new();
    log.rewind().unwrap();
    log.read_to_end(&mut said).unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

/// The first line on standard error of a server that does not start.
fn refused(variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let output = serve(arguments, variables).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.lines().count() == 1, "{variables:?}: {error}");
    error
}

#[test]
fn switches_in_the_environment_are_read_as_people_write_them() {
    // Behind a proxy nobody is trusted for coming from this machine.
    for (value, status) in [("1", 401), ("true", 401), ("YES", 401), ("on", 401), ("0", 200), ("off", 200), ("", 200)] {
        let served = Served::start(&[], &[("DALADALA_BEHIND_PROXY", value)]);
        assert_eq!(served.ask("GET /api/rooms", "", "").0, status, "'{value}'");
    }
}

#[test]
fn variables_that_are_empty_are_none_and_others_are_named() {
    let empty = ["FPS", "SEED", "THREADS", "ALLOW_ORIGIN", "ANONYMOUS", "CONFIG", "STATE", "MAX_ROOMS", "LOG_FORMAT"];
    let empty: Vec<_> = empty.map(|name| format!("DALADALA_{name}")).to_vec();
    let empty: Vec<_> = empty.iter().map(|name| (name.as_str(), "")).collect();
    assert_eq!(Served::start(&[], &empty).get("/api/health")["fps"], 5.0);
    for (name, value) in [
        ("DALADALA_BEHIND_PROXY", "maybe"),
        ("DALADALA_FPS", "fast"),
        ("DALADALA_ALLOW_ORIGIN", "bus.example"),
        ("DALADALA_ALLOW_HOST", "https://bus.example"),
        ("DALADALA_LOG_FORMAT", "xml"),
        ("RUST_LOG", "daladala_server=loud"),
    ] {
        let error = refused(&[(name, value)], &[]);
        assert!(error.contains(name), "{error}");
    }
    // What is said as a flag is not the variable's fault.
    let error = refused(&[("DALADALA_FPS", "5")], &["--fps", "fast"]);
    assert!(error.contains("--fps") && !error.contains("DALADALA_FPS"), "{error}");
}

#[test]
fn tokens_are_not_logged_at_any_level() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    let secret = secret.to_str().unwrap();
    let token = super::json(&["token", "--token-secret-file", secret, "--role", "admin", "--json"]);
    let token = token["token"].as_str().unwrap();
    for format in ["text", "json"] {
        let arguments = ["--token-secret-file", secret, "--anonymous", "none", "--log-format", format];
        let served = Served::start(&arguments, &[("RUST_LOG", "trace")]);
        let bearer = format!("Authorization: Bearer {token}\r\n");
        assert_eq!(served.ask("GET /api/rooms", &bearer, "").0, 200);
        assert_eq!(served.ask(&format!("GET /api/rooms?token={token}"), "", "").0, 200);
        assert_eq!(served.ask(&format!("GET /nowhere?token={token}"), &bearer, "").0, 404);
        let broken = format!("GET /api/rooms?token={token}x");
        assert_eq!(served.ask(&broken, "", "").0, 401);
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        // A session that is cut off at once.
        for path in ["/ws?room=main&", "/socket.io/?EIO=4&transport=websocket&"] {
            let mut stream = TcpStream::connect(&served.address).unwrap();
            let request = format!("GET {path}token={token} HTTP/1.1\r\nHost: {}\r\n{upgrade}\r\n", served.address);
            stream.write_all(request.as_bytes()).unwrap();
            let mut start = [0; 12];
            stream.read_exact(&mut start).unwrap();
            assert_eq!(&start, b"HTTP/1.1 101");
        }
        let polling = format!("/socket.io/?EIO=4&transport=polling&token={token}");
        let (_, opened) = served.ask(&format!("GET {polling}"), "", "");
        let sid: Value = serde_json::from_str(&opened[opened.find('{').unwrap()..=opened.rfind('}').unwrap()]).unwrap();
        let sid = sid["sid"].as_str().unwrap();
        let connect = format!("40{{\"token\":\"{token}\"}}");
        assert_eq!(served.ask(&format!("POST {polling}&sid={sid}"), "", &connect).0, 200);
        assert_eq!(served.ask(&format!("GET {polling}&sid={sid}"), "", "").0, 200);
        served.signal("-TERM");
        let (status, log) = served.ended();
        assert!(status.success(), "{log}");
        assert!(log.contains("shutting down"), "{log}");
        let signature = token.rsplit('.').next().unwrap();
        let line = log.lines().find(|line| line.contains(signature));
        assert_eq!(line, None, "a token is in the log");
        if format == "json" {
            for line in log.lines() {
                let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
                assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn a_terminal_that_closes_ends_it_well_and_under_nohup_it_goes_on() {
    for signal in ["-HUP", "-INT", "-TERM"] {
        let served = Served::start(&[], &[]);
        served.signal(signal);
        assert_eq!(served.ended().0.code(), Some(0), "{signal}");
    }
    let mut nohup = Command::new("sh");
    nohup.args(["-c", "trap '' HUP; exec \"$0\" serve --port 0 --rules classic --model oracle"]);
    nohup.arg(assert_cmd::cargo::cargo_bin!("daladala"));
    let served = Served::spawn(nohup);
    served.signal("-HUP");
    assert_eq!(served.get("/api/health")["status"], "ok");
    served.signal("-TERM");
    assert_eq!(served.ended().0.code(), Some(0));
}

/// Nobody has to read what it says, nor to say anything to it.
#[cfg(unix)]
#[test]
fn channels_that_are_closed_are_nothing_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let program = assert_cmd::cargo::cargo_bin!("daladala");
    for (place, channels) in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "| true", "2>&1 | true"].into_iter().enumerate() {
        // The port is one that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (id, code) = (folder.path().join(format!("id-{place}")), folder.path().join(format!("code-{place}")));
        let script = format!(
            "{{ \"$0\" serve --port {port} --rules classic --model oracle & echo $! > \"$1\"; wait $!; echo $? > \"$2\"; }} {channels}",
        );
        let mut shell = Command::new("sh")
            .args(["-c", &script])
            .args([program.as_os_str(), id.as_os_str(), code.as_os_str()])
            .env("RUST_LOG", "info")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let late = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < late, "{channels}: it does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        let id = std::fs::read_to_string(&id).unwrap();
        assert!(Command::new("kill").args(["-TERM", id.trim()]).status().unwrap().success());
        shell.wait().unwrap();
        let late = Instant::now() + PATIENCE;
        while std::fs::read_to_string(&code).unwrap_or_default().is_empty() {
            assert!(Instant::now() < late, "{channels}: it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(std::fs::read_to_string(&code).unwrap().trim(), "0", "{channels}");
    }
}

#[test]
fn rooms_survive_a_kill_and_what_is_not_asked_for_any_more_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let config = folder.path().join("daladala.toml");
    let (state, config) = (state.to_str().unwrap(), config.to_str().unwrap());
    std::fs::write(config, "[[rooms]]\ncode = \"class\"\nmodel = \"random\"\nfps = 3\n").unwrap();
    let arguments = ["--state", state, "--config", config];
    let served = Served::start(&arguments, &[]);
    served.post("/api/rooms", &json!({ "code": "mine", "model": "dqn", "fps": 7.5, "seed": 42 }));
    served.post("/api/rooms/mine/pause", &json!({}));
    served.post("/api/rooms/main/load", &json!({ "model": "dqn" }));
    served.post("/api/rooms/class/speed", &json!({ "fps": 4 }));
    served.post("/api/rooms", &json!({ "code": "voting" }));
    served.post("/api/rooms/voting/vote_start", &json!({ "turn_seconds": 20 }));
    let room = |served: &Served, code: &str| served.get(&format!("/api/rooms/{code}"));
    let before = room(&served, "mine");
    // What was asked for last is written a tenth of a second later at most.
    let file = folder.path().join("state/rooms.json");
    let late = Instant::now() + PATIENCE;
    while !std::fs::read_to_string(&file).unwrap_or_default().contains("\"vote\": 20.0") {
        assert!(Instant::now() < late, "{:?}", std::fs::read_to_string(&file));
        std::thread::sleep(Duration::from_millis(10));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "it has players' keys");
    }
    let other = refused(&[], &["--state", state]);
    assert!(other.contains("another server"), "{other}");
    served.killed();

    let served = Served::start(&arguments, &[]);
    let mine = room(&served, "mine");
    for field in ["model", "fps", "paused", "kind", "mode", "rules"] {
        assert_eq!(mine[field], before[field], "{field}");
    }
    assert!(mine["epoch"].as_u64() > before["epoch"].as_u64(), "another run of the room");
    assert_eq!(room(&served, "main")["model"], "dqn");
    assert_eq!(room(&served, "class")["fps"], 4.0);
    let voting = room(&served, "voting");
    assert_eq!((&voting["mode"], &voting["room"]["turn_seconds"]), (&json!("vote"), &json!(20.0)));
    served.killed();

    // Settings that have changed go before what was kept, and a room that is no longer asked for is gone.
    std::fs::write(config, "[[rooms]]\ncode = \"other\"\n").unwrap();
    let served = Served::start(&[&arguments[..], &["--fps", "9"]].concat(), &[]);
    assert_eq!((&room(&served, "main")["model"], &room(&served, "main")["fps"]), (&json!("oracle"), &json!(9.0)));
    assert_eq!(served.ask("GET /api/rooms/class", "", "").0, 404);
    assert_eq!(room(&served, "other")["model"], "oracle");
    assert_eq!(room(&served, "mine")["model"], "dqn");
    served.killed();

    for (text, named) in [("{", "cannot be read"), ("{\"version\": 9}", "version 9")] {
        std::fs::write(&file, text).unwrap();
        let error = refused(&[], &["--state", state]);
        assert!(error.contains(named) && error.contains("rooms.json"), "{error}");
    }
}

/// Whenever it is killed, the file is whole: what was before or what came after.
#[test]
fn a_kill_at_any_moment_leaves_a_file_that_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    for round in 0..6_u64 {
        let served = Served::start(&["--state", state], &[]);
        let rooms = served.get("/api/rooms")["rooms"].as_array().unwrap().len() as u64;
        assert_eq!(rooms, 2 + round, "round {round}");
        let code = format!("room-{round}");
        served.post("/api/rooms", &json!({ "code": code }));
        let late = Instant::now() + PATIENCE;
        // It is first written a moment after the server has begun.
        while !std::fs::read_to_string(folder.path().join("rooms.json")).unwrap_or_default().contains(&code) {
            assert!(Instant::now() < late, "it is not kept");
            std::thread::sleep(Duration::from_millis(5));
        }
        // It is killed while these are written.
        for fps in 0..=round * 7 {
            served.post(&format!("/api/rooms/{code}/speed"), &json!({ "fps": fps + 1 }));
        }
        served.killed();
    }
}

#[test]
fn rooms_in_the_settings_are_checked_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("daladala.toml");
    for (text, named) in [
        ("[[rooms]]\nmodel = \"dqn\"\n", "code"),
        ("[[rooms]]\ncode = \"main\"\n", "main"),
        ("[[rooms]]\ncode = \"My Room\"\n", "My Room"),
        ("[[rooms]]\ncode = \"a\"\nmodel = \"nobody\"\n", "nobody"),
        ("[[rooms]]\ncode = \"a\"\nmodle = \"dqn\"\n", "modle"),
        ("[[rooms]]\ncode = \"a\"\nfps = 1e9\n", "'a'"),
        ("[[rooms]]\ncode = \"a\"\n[[rooms]]\ncode = \"a\"\n", "already"),
        ("rooms = 3\n", "[[rooms]]"),
    ] {
        std::fs::write(&config, text).unwrap();
        let output = daladala(&["serve", "--port", "0", "--config", config.to_str().unwrap()], "");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.lines().count() == 1, "{text}: {error}");
        assert!(error.contains(named), "{text}: {error}");
    }
}

#[test]
fn without_websockets_clients_have_events_and_polling() {
    let served = Served::start(&["--no-websocket"], &[]);
    let upgrade = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let (status, why) = served.ask("GET /ws", upgrade, "");
    assert!(status == 404 && why.contains("/events"), "{status}: {why}");
    assert_eq!(served.ask("GET /socket.io/?EIO=4&transport=websocket", upgrade, "").0, 400);
    let (status, opened) = served.ask("GET /socket.io/?EIO=4&transport=polling", "", "");
    assert!(status == 200 && opened.contains("sid"), "{opened}");
    assert!(served.get("/api/rooms/main/frames?wait=0")["frames"].is_array());
}
