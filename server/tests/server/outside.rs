//! Drivers that are other programs: such as fail, and such as play elsewhere and show it here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use daladala_agents::scripted::Random;
use daladala_agents::{Policy, PolicyFault, Stream};
use daladala_env::rules::Classic;
use daladala_env::{Action, Generator, OutputKind, RuleSet, RuleSpec, Rules};
use daladala_server::{Catalog, Server};
use serde_json::{Value, json};

use crate::harness::{JSON, TestServer, config, driver, number};

/// Drives at random, but not while it is broken.
struct Fickle {
    broken: Arc<AtomicBool>,
    random: Random,
}

impl Policy for Fickle {
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
        self.random.outputs(observations, outputs);
    }

    fn decide(&self, _: &[f32], _: Option<u32>, _: &mut Generator, _: &mut [f32]) -> Result<Action, PolicyFault> {
        if self.broken.load(Ordering::Relaxed) { Err(PolicyFault("out of fuel".to_owned())) } else { Ok(0) }
    }
}

#[tokio::test]
async fn a_driver_that_fails_pauses_its_room_and_ends_nothing() {
    let broken = Arc::new(AtomicBool::new(false));
    let policy = Fickle { broken: Arc::clone(&broken), random: Random::new(&Classic.spaces()) };
    let server = Server::bind(config(), Catalog::new(driver(policy)).with_built_in()).await.expect("a free port");
    let server = TestServer::of(server);
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "join", "room": "main" })).await;
    client.frame().await;
    broken.store(true, Ordering::Relaxed);
    assert_eq!(client.event("driver_failed").await["message"], "out of fuel");
    while server.get("/api/rooms/main").await["paused"] != true {}
    // Who comes later is told as well.
    let mut later = server.client(Some(JSON), "").await;
    later.granted(json!({ "type": "join", "room": "main" })).await;
    assert_eq!(later.next_of("room").await["fault"], "out of fuel");
    // Asked again, it fails again.
    let answer = client.ask(json!({ "type": "step" })).await;
    assert_eq!((&answer["code"], &answer["message"]), (&json!("CONFLICT"), &json!("its driver failed: out of fuel")));
    client.granted(json!({ "type": "resume" })).await;
    assert_eq!(client.event("driver_failed").await["message"], "out of fuel");
    // People can drive on meanwhile, and so can other models.
    client.granted(json!({ "type": "act", "action": 0 })).await;
    client.granted(json!({ "type": "release" })).await;
    broken.store(false, Ordering::Relaxed);
    let before = number(&client.granted(json!({ "type": "step" })).await["seq"]);
    let mut last = server.client(Some(JSON), "").await;
    last.granted(json!({ "type": "join", "room": "main" })).await;
    assert_eq!(last.next_of("room").await["fault"], json!(null));
    client.granted(json!({ "type": "resume" })).await;
    while number(&client.frame().await["seq"]) < before + 5 {}
    client.granted(json!({ "type": "load", "model": "oracle" })).await;
    client.event("model_loaded").await;
    server.stop().stopped().await;
}

#[tokio::test]
async fn what_another_program_plays_is_shown_and_moved_by_it_alone() {
    let spec = RuleSpec::of(RuleSet::Classic);
    let mut played = Stream::new(&spec, Arc::new(Random::new(&Classic.spaces())), 7);
    let first = played.advance(None).expect("a reset");
    let catalog = Catalog::shown(spec, "elsewhere", first).with_built_in();
    let server = Server::bind(config(), catalog).await.expect("a free port");
    let stage = server.stage().expect("it shows");
    let server = TestServer::of(server);
    let mut client = server.client(Some(JSON), "").await;
    client.granted(json!({ "type": "join", "room": "main" })).await;
    let room = server.get("/api/rooms/main").await;
    assert_eq!((&room["model"], &room["kind"]), (&json!("elsewhere"), &json!("driven")), "{room}");
    let mut seq = number(&client.frame().await["seq"]);
    for _ in 0..60 {
        let frame = played.advance(None).expect("a step");
        assert!(stage.show(frame.clone()));
        let shown = client.frame().await;
        seq += 1;
        let told = |name: &str| shown[name].clone();
        assert_eq!(told("seq"), seq);
        assert_eq!((told("episode"), told("step")), (json!(frame.episode), json!(frame.step)));
        assert_eq!(told("action"), frame.action.map_or(Value::Null, Into::into));
    }
    for request in [
        json!({ "type": "step" }),
        json!({ "type": "act", "action": 1 }),
        json!({ "type": "reset" }),
        json!({ "type": "load", "model": "oracle" }),
        json!({ "type": "resume" }),
        json!({ "type": "vote_start" }),
    ] {
        assert_eq!(client.refused(request.clone()).await, "CONFLICT", "{request}");
    }
    // What the original's clients step is driven by a model, as ever.
    assert_eq!(server.get("/api/rooms/original").await["model"], "ppo");
    server.stop().stopped().await;
    assert!(!stage.show(played.advance(None).expect("a step")), "nobody is there to show it");
}
