//! The server behind a real nginx, with the lines of the README as they stand there. Where there is no nginx, a test says
//! so and is passed over.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::serving::Served;

const README: &str = include_str!("../../../README.md");
const OPERATIONS: &str = include_str!("../../../docs/OPERATIONS.md");

/// When something that ought to happen counts as not happening.
const PATIENCE: Duration = Duration::from_mins(1);

/// The block of a document that begins with `location` and a path.
fn location<'a>(document: &'a str, path: &str) -> &'a str {
    let start = document.find(&format!("location {path} {{")).expect("a block for nginx");
    &document[start..=start + document[start..].find('}').expect("its end")]
}

struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    /// nginx with one block, before the server at `upstream`; none where there is no nginx.
    fn start(folder: &Path, block: &str, upstream: &str) -> Option<Self> {
        // The port is one that was free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let block = block.replace("127.0.0.1:5000", upstream);
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {}/{what};\n", folder.display()))
            .concat();
        let settings = format!(
            "daemon off;\nworker_processes 1;\npid {0}/nginx.pid;\nerror_log {0}/error.log;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}server {{\nlisten 127.0.0.1:{port};\n{block}\n}}\n}}\n",
            folder.display()
        );
        std::fs::write(folder.join("nginx.conf"), settings).unwrap();
        let started = Command::new("nginx")
            .args(["-p".as_ref(), folder.as_os_str(), "-e".as_ref(), folder.join("error.log").as_os_str()])
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = started else {
            super::skipped("there is no nginx here");
            return None;
        };
        let nginx = Self { child, port };
        let late = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = std::fs::read_to_string(folder.join("error.log"));
            assert!(Instant::now() < late, "nginx does not start: {log:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(nginx)
    }

    /// Head and body of an answer, or as much as has come once `enough` of it has.
    fn ask(&self, request: &str, headers: &str, enough: impl Fn(&str) -> bool) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
            .write_all(format!("{request} HTTP/1.1\r\nHost: bus.example:{}\r\n{headers}\r\n", self.port).as_bytes())
            .unwrap();
        let (mut answer, mut buffer) = (String::new(), [0; 4096]);
        loop {
            let read = stream.read(&mut buffer).unwrap();
            answer += &String::from_utf8_lossy(&buffer[..read]);
            if read == 0 || enough(&answer) {
                return answer;
            }
        }
    }

    fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path}"), "Connection: close\r\n", |_| false)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Asked to end, it takes its workers along.
        _ = Command::new("kill").arg(self.child.id().to_string()).status();
        _ = self.child.wait();
    }
}

/// What pages and clients do, below `base`.
fn works_below(nginx: &Nginx, base: &str) {
    assert!(nginx.get(&format!("{base}/healthz")).contains("200 OK"));
    let page = nginx.get(&format!("{base}/admin"));
    assert!(page.contains("200 OK") && page.contains("src=\"admin.js\""), "{page}");
    assert!(nginx.get(&format!("{base}/admin.js")).contains("ask(\"api/rooms\")"));
    // The page of the API: where it is, its files, and what it describes, each beside the one before.
    let moved = nginx.get(&format!("{base}/api/docs"));
    assert!(moved.contains("308") && moved.to_lowercase().contains("location: docs/"), "{moved}");
    assert!(nginx.get(&format!("{base}/api/docs/")).contains("swagger-ui"));
    assert!(nginx.get(&format!("{base}/api/docs/swagger-initializer.js")).contains("../openapi.json"));
    let document = nginx.get(&format!("{base}/api/openapi.json"));
    assert!(document.contains("\"servers\":[{\"url\":\"..\"}]"), "{document}");
    // A page at the proxy's port opens a socket, a stranger's does not.
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let own = format!("Origin: https://bus.example:{}\r\n", nginx.port);
    for (origin, status) in [(own.as_str(), "101"), ("Origin: https://evil.example\r\n", "403"), ("", "101")] {
        for path in ["/ws", "/socket.io/?EIO=4&transport=websocket"] {
            let headers = format!("{upgrade}{origin}");
            let answer = nginx.ask(&format!("GET {base}{path}"), &headers, |answer| answer.contains("\r\n\r\n"));
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path} {origin}: {answer}");
        }
    }
    // Events come as they happen, uncompressed whatever the page takes.
    let headers = format!("Accept-Encoding: gzip, br\r\n{own}");
    let frames = |answer: &str| answer.matches("event: keyframe").count() + answer.matches("event: delta").count() > 3;
    let events = nginx.ask(&format!("GET {base}/api/rooms/main/events"), &headers, frames);
    assert!(!events.to_lowercase().contains("content-encoding"), "{events}");
}

#[test]
fn the_readmes_lines_for_nginx_work_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--behind-proxy", "--allow-host", "bus.example", "--anonymous", "watch"];
    let served = Served::start(&flags, &[]);
    let Some(nginx) = Nginx::start(folder.path(), location(README, "/"), &served.address) else { return };
    works_below(&nginx, "");
    let (_, health) = served.ask("GET /api/health", "", "");
    assert_eq!(serde_json::from_str::<Value>(&health).unwrap()["status"], "ok");
}

#[test]
fn a_proxy_can_mount_the_server_at_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--behind-proxy", "--allow-host", "bus.example", "--anonymous", "watch"];
    let served = Served::start(&flags, &[]);
    let block = location(OPERATIONS, "/daladala/");
    let Some(nginx) = Nginx::start(folder.path(), block, &served.address) else { return };
    works_below(&nginx, "/daladala");
}
