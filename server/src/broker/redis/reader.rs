//! The connection on which a server waits for what comes: its mail, and the logs of the rooms that it follows, all by one
//! `XREAD`. Another room begins to be followed with a letter of the server to itself, which ends the waiting.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::aio::{ConnectionManager, MultiplexedConnection};
use ::redis::{AsyncConnectionConfig, Client, RedisResult, Value, cmd};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{CONNECT, entries, id, key, text};
use crate::broker::{Arrival, Entry, Last, Place};

/// How long Redis waits for something to tell. A connection that is dead without saying so is noticed a little later.
const BLOCK: Duration = Duration::from_secs(2);
const NOTICED: Duration = Duration::from_secs(4);

/// Entries of each stream at once.
const AT_ONCE: usize = 512;

/// Before a lost connection is made anew.
const RETRY: Duration = Duration::from_millis(250);

/// Arrivals that may wait. Redis keeps the others.
const WAITING: usize = 64;

/// Reads until it is dropped.
pub(super) struct Reader {
    followed: Arc<Mutex<BTreeMap<String, Last>>>,
    commands: ConnectionManager,
    mail: String,
    task: JoinHandle<()>,
}

struct Task {
    client: Client,
    followed: Arc<Mutex<BTreeMap<String, Last>>>,
    mail: String,
    /// The last letter; none before the first.
    read: String,
    arrivals: mpsc::Sender<Arrival>,
}

impl Reader {
    pub(super) fn start(client: Client, commands: ConnectionManager, mail: String) -> (Self, mpsc::Receiver<Arrival>) {
        let followed = Arc::<Mutex<BTreeMap<_, _>>>::default();
        let (send, arrivals) = mpsc::channel(WAITING);
        let task = Task {
            client,
            followed: Arc::clone(&followed),
            mail: mail.clone(),
            // The box is this server's alone, and new.
            read: "0-0".to_owned(),
            arrivals: send,
        };
        (Self { followed, commands, mail, task: tokio::spawn(task.run()) }, arrivals)
    }

    pub(super) fn follow(&self, room: &str, after: Last) {
        locked(&self.followed).insert(room.to_owned(), after);
        let (mut commands, mail) = (self.commands.clone(), self.mail.clone());
        // Where it cannot be written, the waiting ends by itself a little later.
        tokio::spawn(async move {
            _ = cmd("XADD").arg(mail).arg("*").arg("m").arg("").query_async::<()>(&mut commands).await;
        });
    }

    pub(super) fn leave(&self, room: &str) {
        locked(&self.followed).remove(room);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Task {
    async fn run(mut self) {
        let mut connection = None;
        loop {
            let open = match connection.take() {
                Some(open) => Ok(open),
                None => self.connect().await,
            };
            let read = match open {
                Ok(mut open) => {
                    let read = self.read(&mut open).await;
                    connection = Some(open);
                    read
                }
                Err(error) => Err(error),
            };
            match read {
                Ok(value) => {
                    if !self.hand_over(value).await {
                        return;
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "nothing can be read from the broker");
                    connection = None;
                    sleep(RETRY).await;
                }
            }
        }
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(NOTICED));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }

    async fn read(&self, connection: &mut MultiplexedConnection) -> RedisResult<Value> {
        let mut read = cmd("XREAD");
        read.arg("COUNT").arg(AT_ONCE).arg("BLOCK").arg(BLOCK.as_millis() as u64).arg("STREAMS").arg(&self.mail);
        let followed = locked(&self.followed).clone();
        for room in followed.keys() {
            read.arg(key(room, "notes")).arg(key(room, "frames"));
        }
        read.arg(&self.read);
        let or_first = |place: Option<Place>| place.map_or_else(|| "0-0".to_owned(), id);
        for last in followed.values() {
            read.arg(or_first(last.note)).arg(or_first(last.frame));
        }
        read.query_async(connection).await
    }

    /// Hands over what was read; false if nobody takes it any more.
    async fn hand_over(&mut self, value: Value) -> bool {
        // Nothing came in time.
        let Value::Array(streams) = value else { return true };
        let mut rooms = BTreeMap::<String, (Vec<Entry>, Vec<Entry>)>::new();
        let mut letters = Vec::new();
        for stream in streams {
            let Value::Array(parts) = stream else { continue };
            let mut parts = parts.into_iter();
            let Some(name) = parts.next().as_ref().and_then(text) else { continue };
            let entries = parts.next().map(entries).unwrap_or_default();
            if name == self.mail {
                self.read = entries.last().map_or_else(|| self.read.clone(), |(place, _)| id(*place));
                letters.extend(entries.into_iter().map(|(_, letter)| letter).filter(|letter| !letter.is_empty()));
            } else if let Some((room, of)) = room_of(&name) {
                let room = rooms.entry(room.to_owned()).or_default();
                if of == "notes" { room.0 = entries } else { room.1 = entries }
            }
        }
        for letter in letters {
            if self.arrivals.send(Arrival::Mail(letter)).await.is_err() {
                return false;
            }
        }
        for (room, (notes, frames)) in rooms {
            if let Some(last) = locked(&self.followed).get_mut(&room) {
                last.note = notes.last().map(|(place, _)| *place).or(last.note);
                last.frame = frames.last().map(|(place, _)| *place).or(last.frame);
            }
            if self.arrivals.send(Arrival::Of { room, notes, frames }).await.is_err() {
                return false;
            }
        }
        true
    }
}

/// The room of a key, and what of it the key has.
fn room_of(key: &str) -> Option<(&str, &str)> {
    let (room, name) = key.strip_prefix("daladala:{")?.split_once("}:")?;
    Some((room, name))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn keys_are_read_as_they_are_made() {
        for (room, name) in [("main", "frames"), ("a-b", "notes")] {
            assert_eq!(room_of(&key(room, name)), Some((room, name)));
        }
        assert_eq!(room_of("daladala:mail:x"), None);
    }

    #[test]
    fn places_are_ids_and_back() {
        let place = Place { epoch: 1_800_000_000_000, seq: 7 };
        assert_eq!(super::super::place(&id(place)), Some(place));
        let letters = Bytes::from_static(b"abc");
        let value = Value::Array(vec![Value::Array(vec![
            Value::BulkString(id(place).into_bytes()),
            Value::Array(vec![Value::BulkString(b"f".to_vec()), Value::BulkString(letters.to_vec())]),
        ])]);
        assert_eq!(entries(value), [(place, letters)]);
    }
}
