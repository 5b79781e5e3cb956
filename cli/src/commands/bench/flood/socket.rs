//! Floods over a WebSocket each.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use super::Target;

/// Between two requests of a client within its limit, which is 200 a second by default.
const WITHIN_LIMITS: Duration = Duration::from_micros(5250);
/// Messages that are written at once.
const AT_ONCE: usize = 64;

async fn open(target: &Target) -> anyhow::Result<WebSocketStream<TcpStream>> {
    let stream = TcpStream::connect(target.address).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{}/ws?room=main", target.host);
    Ok(client_async(url, stream).await?.0)
}

/// Asks somewhat less often than it may.
pub(super) async fn within_limits(target: &Target) -> anyhow::Result<()> {
    let (mut say, mut hear) = open(target).await?.split();
    let mut clock = interval(WITHIN_LIMITS);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = clock.tick() => say.send(Message::text(r#"{"type":"rooms"}"#)).await?,
            heard = hear.next() => note(target, heard)?,
        }
    }
}

/// Says `what` as fast as it can.
pub(super) async fn flood(target: &Target, what: &str) -> anyhow::Result<()> {
    let (mut say, mut hear) = open(target).await?.split();
    let speaking = async {
        loop {
            for _ in 0..AT_ONCE {
                say.feed(Message::text(what)).await?;
            }
            say.flush().await?;
        }
    };
    let hearing = async {
        loop {
            let heard = hear.next().await;
            note(target, heard)?;
        }
    };
    tokio::select! {
        ended = speaking => ended,
        ended = hearing => ended,
    }
}

fn note(target: &Target, heard: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) -> anyhow::Result<()> {
    match heard {
        Some(Ok(Message::Close(frame))) => {
            target.count.answer(frame.map_or(0, |frame| frame.code.into()), 0);
            anyhow::bail!("closed");
        }
        Some(Ok(Message::Text(text))) if text.contains(r#""type":"error""#) => target.count.answer(429, text.len()),
        Some(Ok(Message::Text(text))) if text.contains(r#""type":"reply""#) => target.count.answer(200, text.len()),
        Some(Ok(_)) => {}
        Some(Err(error)) => return Err(error.into()),
        None => anyhow::bail!("ended"),
    }
    Ok(())
}
