//! Outputs that nobody reads any more.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A pipe's end for writing whose other end is closed.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn daladala(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("daladala"));
    command.env("DALADALA_RULES", "classic").args(arguments).stdin(Stdio::null());
    command
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// The program's own error line panicked there: exit code 101.
#[test]
fn errors_that_nobody_reads_have_their_exit_codes() {
    for (arguments, code) in [(["eval", "--model", "nosuch"], 1), (["eval", "--modle", "ppo"], 2)] {
        let status = daladala(&arguments).stderr(unread()).stdout(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

/// Any line of the log ended the server.
#[test]
fn a_server_whose_log_nobody_reads_goes_on() {
    let mut serve = daladala(&["serve", "--port", "0"]);
    let serve = serve.env("RUST_LOG", "trace").stdout(Stdio::piped()).stderr(unread()).spawn().unwrap();
    let mut serve = Ended(serve);
    let mut line = String::new();
    // After its first line nobody reads this either.
    BufReader::new(serve.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).unwrap().split(['/', ' ']).next().unwrap();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert_eq!(serve.0.try_wait().unwrap(), None);
}
