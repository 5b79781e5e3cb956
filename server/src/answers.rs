//! Answers that are remembered by the key of their request, so that what is asked twice is done once.
//!
//! A client whose answer was lost, or came too late, cannot know whether the bus was stepped. It asks again with the same
//! key: it gets the answer to the first request, and nothing is done a second time. The key works as the header
//! `Idempotency-Key` of the IETF draft of that name does (draft-ietf-httpapi-idempotency-key-header).

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use daladala_protocol::{Code, Refusal};

/// Keys that a server remembers: those of seconds, where hundreds of programs step rooms as fast as they may.
const MOST: usize = 8192;
/// How long a key is remembered, unless it is crowded out: longer than any client tries again.
const REMEMBERED: Duration = Duration::from_mins(10);
/// The length of a key, bytes. Shorter ones would meet by chance: a UUID is meant.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 8..=64;

/// What was answered.
pub(crate) type Answer = Result<Value, Refusal>;

/// The key of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(String);

impl IdempotencyKey {
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// A key that a client gave.
    pub(crate) fn new(key: &str) -> Result<Self, Refusal> {
        if KEY_BYTES.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(key.to_owned()));
        }
        let (least, most) = (KEY_BYTES.start(), KEY_BYTES.end());
        Err(Refusal::invalid(format!("an idempotency key has {least} to {most} visible characters: a UUID is meant")))
    }
}

/// The answers of a server.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// The oldest first.
    remembered: Mutex<VecDeque<Remembered>>,
}

#[derive(Debug)]
struct Remembered {
    /// The room that was asked; empty for the server.
    room: String,
    key: IdempotencyKey,
    request: Value,
    asked: Instant,
    answer: watch::Receiver<Option<Answer>>,
}

/// What becomes of a request with a key.
pub(crate) enum Asked {
    /// It is the first with this key: it is to be done, and its answer told here.
    First(watch::Sender<Option<Answer>>, watch::Receiver<Option<Answer>>),
    /// It has been asked before: here its answer is, or comes.
    Again(watch::Receiver<Option<Answer>>),
}

impl Answers {
    /// Notes that `request` was asked of `room`. The same key for something else is a mistake of the client.
    pub(crate) fn ask(&self, room: &str, key: IdempotencyKey, request: &Value) -> Result<Asked, Refusal> {
        let now = Instant::now();
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        while remembered.front().is_some_and(|oldest| now - oldest.asked > REMEMBERED || remembered.len() >= MOST) {
            remembered.pop_front();
        }
        if let Some(known) = remembered.iter().find(|known| known.key == key && known.room == room) {
            if known.request == *request {
                return Ok(Asked::Again(known.answer.clone()));
            }
            return Err(Refusal::new(Code::Conflict, "this idempotency key belongs to another request: use a new one"));
        }
        let (told, answer) = watch::channel(None);
        let (room, request, asked) = (room.to_owned(), request.clone(), now);
        remembered.push_back(Remembered { room, key, request, asked, answer: answer.clone() });
        Ok(Asked::First(told, answer))
    }
}

/// The answer, as soon as it is there.
pub(crate) async fn told(mut answer: watch::Receiver<Option<Answer>>) -> Answer {
    match answer.wait_for(Option::is_some).await {
        Ok(told) => told.clone().unwrap_or_else(|| Err(Refusal::internal())),
        // Whoever was to answer has panicked.
        Err(_) => Err(Refusal::internal()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey::new(text).expect("a key")
    }

    #[tokio::test]
    async fn a_key_brings_the_first_answer_back_and_nothing_else() {
        let answers = Answers::default();
        let step = json!({"type": "step"});
        let Ok(Asked::First(tell, first)) = answers.ask("main", key("aaaaaaaa"), &step) else { panic!("it is new") };
        let Ok(Asked::Again(again)) = answers.ask("main", key("aaaaaaaa"), &step) else { panic!("it is known") };
        tell.send_replace(Some(Ok(json!({"seq": 7}))));
        assert_eq!((told(first).await, told(again).await), (Ok(json!({"seq": 7})), Ok(json!({"seq": 7}))));
        assert!(answers.ask("main", key("aaaaaaaa"), &json!({"type": "reset"})).is_err(), "it belongs to a step");
        assert!(matches!(answers.ask("other", key("aaaaaaaa"), &step), Ok(Asked::First(..))), "rooms are apart");
        assert!(matches!(answers.ask("main", key("bbbbbbbb"), &step), Ok(Asked::First(..))));
    }

    #[tokio::test]
    async fn whoever_asks_again_hears_of_a_panic() {
        let answers = Answers::default();
        let Ok(Asked::First(tell, first)) = answers.ask("main", key("aaaaaaaa"), &Value::Null) else { panic!("new") };
        drop(tell);
        assert_eq!(told(first).await, Err(Refusal::internal()));
    }

    #[test]
    fn memory_is_bounded_and_keys_are_no_short_words() {
        let answers = Answers::default();
        for index in 0..MOST + 500 {
            _ = answers.ask("main", key(&format!("key-{index:08}")), &Value::Null);
        }
        assert!(answers.remembered.lock().is_ok_and(|remembered| remembered.len() <= MOST));
        for bad in ["", "short", "with a space", &"x".repeat(65), "ünïcödé!"] {
            assert!(IdempotencyKey::new(bad).is_err(), "{bad}");
        }
    }
}
