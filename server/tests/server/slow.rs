//! Drivers that take their time: whose answers come too late, and whom nobody else waits for.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use daladala_agents::Policy;
use daladala_agents::scripted::Random;
use daladala_env::rules::Classic;
use daladala_env::{Action, Generator, OutputKind, Rules};
use daladala_server::{Catalog, Limits, Server, ServerConfig};
use serde_json::{Value, json};

use crate::harness::{JSON, TestServer, config, driver, number};

/// Drives at random, but only while it is let.
struct Gated {
    gate: Gate,
    random: Random,
}

#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn set(&self, closed: bool) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = closed;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let closed = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.1.wait_while(closed, |closed| *closed).unwrap_or_else(PoisonError::into_inner));
    }
}

impl Policy for Gated {
    fn observation_size(&self) -> usize {
        self.random.observation_size()
    }

    fn actions(&self) -> usize {
        self.random.actions()
    }

    fn output_kind(&self) -> OutputKind {
        self.random.output_kind()
    }

    fn outputs(&self, observations: &[f32], outputs: &mut [f32]) {
        self.gate.pass();
        self.random.outputs(observations, outputs);
    }

    fn choose(&self, outputs: &[f32], masks: Option<&[u32]>, generators: &mut [Generator], actions: &mut [Action]) {
        self.random.choose(outputs, masks, generators, actions);
    }
}

/// A server whose first driver goes through the gate, and other models beside it.
async fn gated(limits: &Limits) -> (TestServer, Gate) {
    let gate = Gate::default();
    let policy = Gated { gate: gate.clone(), random: Random::new(&Classic.spaces()) };
    let catalog = Catalog::new(driver(policy)).with_built_in();
    let server = Server::bind(ServerConfig { limits: *limits, ..config() }, catalog).await.expect("a free port");
    (TestServer::of(server), gate)
}

/// The tests have one worker: if a driver ran on it, nothing would be answered.
#[tokio::test]
async fn a_driver_that_blocks_holds_up_nobody_else() {
    let (server, gate) = gated(&Limits::default()).await;
    gate.set(true);
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "create", "code": "quick", "kind": "driven", "model": "oracle" })).await;
    client.granted(json!({ "type": "join", "room": "quick" })).await;
    for seq in 2..6 {
        assert_eq!(client.granted(json!({ "type": "step" })).await["seq"], seq);
        assert_eq!(server.health().await["status"], "ok");
    }
    gate.set(false);
}

/// It was "busy, try again" once, and the bus was stepped twice.
#[tokio::test]
async fn a_step_whose_answer_came_too_late_is_not_done_twice() {
    let limits = Limits { answer_timeout: Duration::from_millis(50), ..Limits::default() };
    let (server, gate) = gated(&limits).await;
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "create", "code": "slow", "kind": "driven" })).await;
    client.granted(json!({ "type": "join", "room": "slow" })).await;
    let seq = || async { number(&server.get("/api/rooms/slow").await["seq"]) };
    assert_eq!(seq().await, 1);

    gate.set(true);
    let step = json!({ "type": "step", "idempotency_key": "0123456789abcdef" });
    for _ in 0..3 {
        let answer = client.ask(step.clone()).await;
        assert_eq!((&answer["code"], &answer["retryable"]), (&json!("UNANSWERED"), &json!(false)), "{answer}");
    }
    gate.set(false);
    let answer = loop {
        let answer = client.ask(step.clone()).await;
        if answer["type"] == "reply" {
            break answer["result"].clone();
        }
        assert_eq!(answer["code"], "UNANSWERED");
    };
    assert_eq!((&answer["seq"], seq().await), (&json!(2), 2));
    // Another connection brings the same answer, another request with the key is a mistake.
    let mut other = server.client(Some(JSON), "?room=slow").await;
    assert_eq!(other.granted(step.clone()).await, answer);
    let reset = json!({ "type": "reset", "idempotency_key": "0123456789abcdef" });
    assert_eq!(other.refused(reset).await, "CONFLICT");
    for bad in [json!("short"), json!(7), json!("with a space in it")] {
        assert_eq!(other.refused(json!({ "type": "step", "idempotency_key": bad })).await, "VALIDATION_ERROR");
    }
    assert_eq!(seq().await, 2);
}

#[tokio::test]
async fn a_key_is_good_over_http_too() {
    let (server, _gate) = gated(&Limits::default()).await;
    let post = |path: &'static str, body: Value| {
        let server = &server;
        async move {
            let headers = "Content-Type: application/json\r\nIdempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324\r\n";
            let (status, _, answer) = server.send("POST", path, headers, &body.to_string()).await;
            (status, serde_json::from_str::<Value>(&answer).expect("JSON"))
        }
    };
    let made = post("/api/rooms", json!({ "kind": "driven" })).await;
    assert_eq!((made.0, post("/api/rooms", json!({ "kind": "driven" })).await), (200, made.clone()), "one room");
    assert_eq!(post("/api/rooms", json!({ "kind": "stream" })).await.0, 409);
    server.json("POST", "/api/rooms", &json!({ "code": "bus", "kind": "driven" })).await;
    let stepped = post("/api/rooms/bus/step", json!({})).await;
    assert_eq!((stepped.0, &stepped.1["seq"]), (200, &json!(2)));
    assert_eq!(post("/api/rooms/bus/step", json!({})).await, stepped);
    assert_eq!(server.json("POST", "/api/rooms/bus/step", &json!({})).await.1["seq"], 3, "without a key it is another");
}
