//! Whatever is said can be read by the other side, in both directions.

use daladala_env::{FieldType, FrameField, OutputKind, Place};
use daladala_protocol::{
    ActionName, Code, Envelope, Frames, GameInfo, HelloLimits, Join, Kind, Mode, PlayerInfo, Presence, RecordName,
    Request, ResumeFrom, Resumed, Role, RoomEvent, RoomInfo, RoomSpec, ScenarioChoice, ServerMessage,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Text of any kind, with what JSON has to escape.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-z0-9-]{1,12}",
        any::<String>().prop_map(|text| text.chars().take(20).collect())
    ]
}

/// Numbers that a reader gets back to the last bit: of others, `serde_json` may miss the last digit.
fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), any::<i32>().prop_map(|quarters| f64::from(quarters) / 4.0), Just(5.0)]
}

fn ids() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), any::<u32>().prop_map(Value::from), texts().prop_map(Value::from)]
}

fn actions() -> impl Strategy<Value = ActionName> {
    prop_oneof![any::<u64>().prop_map(ActionName::Index), texts().prop_map(ActionName::Name)]
}

fn roles() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Watch), Just(Role::Drive), Just(Role::Admin)]
}

fn option<S: Strategy>(strategy: S) -> impl Strategy<Value = Option<S::Value>> {
    prop::option::of(strategy)
}

fn scenarios() -> impl Strategy<Value = ScenarioChoice> {
    let set = prop::collection::btree_map(texts(), any::<u32>().prop_map(Into::into), 0..3);
    (option(texts()), set).prop_map(|(scenario, set)| ScenarioChoice { scenario, set })
}

fn requests() -> impl Strategy<Value = Request> {
    let resume = (any::<u64>(), any::<u64>()).prop_map(|(epoch, seq)| ResumeFrom { epoch, seq });
    let frames = prop_oneof![Just(Frames::Delta), Just(Frames::Whole)];
    let join = (texts(), option(texts()), option(texts()), option(resume), option(frames))
        .prop_map(|(room, name, key, resume, frames)| Join { room, name, key, resume, frames });
    let spec = (
        option(texts()),
        option(texts()),
        option(texts()),
        option(texts()),
        scenarios(),
        option(numbers()),
        option(any::<u64>()),
    )
        .prop_map(|(code, kind, model, rules, scenario, fps, seed)| RoomSpec {
            code,
            kind,
            model,
            rules,
            scenario,
            fps,
            seed,
            recording: None,
        });
    prop_oneof![
        numbers().prop_map(|sent| Request::Ping { sent }),
        join.prop_map(Request::Join),
        prop_oneof![Just(Request::Leave), Just(Request::Rooms), Just(Request::Live), Just(Request::Pause)],
        (any::<u64>(), any::<bool>()).prop_map(|(seq, play)| Request::Seek { seq, play }),
        option(actions()).prop_map(|action| Request::Step { action }),
        actions().prop_map(|action| Request::Act { action }),
        actions().prop_map(|action| Request::Vote { action }),
        numbers().prop_map(|fps| Request::Speed { fps }),
        option(any::<u64>()).prop_map(|seed| Request::Reset { seed }),
        (texts(), option(texts()), scenarios()).prop_map(|(model, rules, scenario)| Request::Load {
            model,
            rules,
            scenario
        }),
        spec.prop_map(Request::Create),
        texts().prop_map(|room| Request::Close { room }),
        option(texts()).prop_map(|name| Request::Record(RecordName { name })),
    ]
}

fn events() -> impl Strategy<Value = RoomEvent> {
    prop_oneof![
        (any::<u32>(), any::<u32>(), -1e6f32..1e6, any::<i64>(), any::<bool>()).prop_map(
            |(episode, steps, total_reward, money, fined)| RoomEvent::EpisodeComplete {
                episode: episode.into(),
                steps,
                total_reward,
                money,
                passengers: steps,
                fined,
                crashed: !fined,
                ending: fined.then(|| "impounded".to_owned()),
                status: "fined".into(),
                reason: "in words".into(),
            }
        ),
        prop_oneof![Just(RoomEvent::Paused {}), Just(RoomEvent::Resumed {})],
        option(any::<u64>()).prop_map(|seed| RoomEvent::Reset { seed }),
        (texts(), texts()).prop_map(|(model, rules)| RoomEvent::ModelLoaded { model, rules }),
        (any::<u64>(), option(texts())).prop_map(|(member, name)| RoomEvent::WheelTaken { member, name }),
        (any::<u64>(), any::<u8>(), prop::collection::vec(any::<u32>(), 0..5))
            .prop_map(|(turn, action, votes)| { RoomEvent::TurnResolved { turn, action, votes, by: "votes".into() } }),
        (texts(), option(texts())).prop_map(|(recording, reason)| RoomEvent::RecordingStopped { recording, reason }),
    ]
}

fn rooms() -> impl Strategy<Value = RoomInfo> {
    let cells = prop::collection::vec((any::<u8>(), any::<u8>()), 0..9);
    let said = (option(texts()), option(texts()));
    (texts(), any::<u64>(), numbers(), any::<bool>(), option(any::<u64>()), said, cells, texts()).prop_map(
        |(code, epoch, fps, paused, wheel, (recording, fault), route, model)| RoomInfo {
            code,
            epoch,
            kind: Kind::Driven,
            fps,
            paused,
            mode: Mode::Wheel,
            wheel,
            turn_seconds: 10.0,
            recording,
            fault,
            game: GameInfo {
                rules: "classic".into(),
                scenario: "original".into(),
                scenario_hash: "0123456789abcdef".into(),
                model,
                grid: (15, 15),
                places: route.iter().map(|&cell| Place { cell, name: "Posta".into() }).collect(),
                stops: route.clone(),
                route,
                max_steps: 350,
                capacity: 50,
                legal_capacity: 33,
                actions: vec!["Move".into(), "Stop".into()],
                reward_terms: vec!["step".into()],
                cost_terms: vec!["load".into()],
                outputs: OutputKind::Logits,
                frame: vec![FrameField::new("fuel", "l", FieldType::Float, "left in the tank")],
            },
        },
    )
}

fn messages() -> impl Strategy<Value = ServerMessage> {
    let resumed = prop_oneof![Just(Resumed::New), Just(Resumed::Missed), Just(Resumed::Keyframe)];
    let player =
        (any::<u64>(), texts(), any::<bool>()).prop_map(|(member, name, online)| PlayerInfo { member, name, online });
    prop_oneof![
        (texts(), texts(), roles(), numbers()).prop_map(|(server, connection, role, time)| ServerMessage::Hello {
            protocol: 3,
            server,
            connection,
            role,
            time,
            limits: HelloLimits {
                message_bytes: 1,
                requests_per_second: 2,
                name_chars: 3,
                rooms: 4,
                viewers_per_room: 5,
                history_frames: 6,
            },
        }),
        (ids(), texts(), any::<u64>(), option(texts()), resumed).prop_map(|(id, room, member, key, resume)| {
            ServerMessage::Joined { id, room, member, key, resume, missed: 3 }
        }),
        rooms().prop_map(|room| ServerMessage::Room(Box::new(room))),
        (events(), any::<u64>()).prop_map(|(event, seq)| ServerMessage::Event { event, seq }),
        (any::<u16>(), prop::collection::vec(player, 0..4))
            .prop_map(|(viewers, players)| { ServerMessage::Presence(Presence { viewers: viewers.into(), players }) }),
        (ids(), texts()).prop_map(|(id, text)| ServerMessage::Reply { id, result: json!({ "text": text }) }),
        (ids(), texts(), option(any::<u64>())).prop_map(|(id, message, retry_after_ms)| ServerMessage::Error {
            id,
            code: Code::Unanswered,
            message,
            retryable: false,
            retry_after_ms,
        }),
        (ids(), numbers(), numbers()).prop_map(|(id, sent, time)| ServerMessage::Pong { id, sent, time }),
    ]
}

proptest! {
    #[test]
    fn a_request_is_read_as_it_was_written(request in requests()) {
        let text = serde_json::to_string(&request).expect("JSON");
        prop_assert_eq!(Envelope::read(&text).request, Ok(request), "{}", text);
    }

    #[test]
    fn a_message_is_read_as_it_was_written(message in messages()) {
        let text = message.to_json();
        let read: ServerMessage = serde_json::from_str(&text).expect("a message");
        prop_assert_eq!(read, message, "{}", text);
    }

    #[test]
    fn what_is_no_request_is_refused_and_no_panic(text: String) {
        let envelope = Envelope::read(&text);
        prop_assert!(envelope.request.is_err() || text.contains("type"));
    }
}
