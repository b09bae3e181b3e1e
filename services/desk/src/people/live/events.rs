//! `GET /api/v1/events`: what is new, as server-sent events, to whoever is signed in: of what kind, and whose. A broker hears of
//! their own client. What it is about is fetched by whoever is told, as themselves.

use std::{collections::BTreeSet, convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use ripen_domain::{
    actor::{Scope, UserRole},
    id::ClientId,
};
use ripen_store::live::{LiveKind, LiveNews};
use ripen_web::Problem;
use serde::Serialize;
use tokio::{
    sync::broadcast::error::RecvError,
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until},
};

use super::hub::{HeardNews, Hearing};
use crate::{context::DeskContext, people::viewer::Viewer};

/// A sign of life comes so often; whoever misses two of them is cut off.
const BEAT_EVERY: Duration = Duration::from_secs(15);
/// A stream ends after so long and is opened anew: whoever was paused, or changed their role, is noticed then, and so is whoever is
/// still there.
const LASTS: Duration = Duration::from_secs(120);

/// What a page is told that something is new.
#[derive(Serialize)]
struct NewsData<'a> {
    kinds: &'a BTreeSet<LiveKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clients: Option<&'a BTreeSet<ClientId>>,
}

/// A sign of life.
#[derive(Serialize)]
struct BeatData {
    live: bool,
}

/// One page's stream.
struct PageStream {
    heard: HeardNews,
    scope: Scope,
    kinds: &'static [LiveKind],
    beats: Interval,
    until: Instant,
    is_begun: bool,
}

/// Passes on what is new for as long as the page is open.
#[utoipa::path(get, path = "/api/v1/events", operation_id = "hear_events", tag = "desk",
    responses(
        (status = 200, description = "Events: `news` with `kinds` (leads, work, deliveries, queues) and, where they are few, `clients`; `beat` every 15 s \
          with `live`. It ends after five minutes at most: open it again.", content_type = "text/event-stream", body = String),
        (status = 401, description = "Nobody is signed in.", content_type = "application/problem+json", body = Problem),
        (status = 503, description = "Too many pages of this user, or of all, are open.", content_type = "application/problem+json", body = Problem),
    ))]
pub async fn hear(State(context): State<DeskContext>, viewer: Viewer) -> Response {
    let Some(heard) = context.live.hear(viewer.id()) else {
        return Problem::unavailable("Too many pages are open at once. Close some of them.").into_response();
    };
    let now = Instant::now();
    let mut beats = interval_at(now + BEAT_EVERY, BEAT_EVERY);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let kinds: &[_] = match viewer.role() {
        UserRole::Broker => &[LiveKind::Leads, LiveKind::Deliveries],
        UserRole::Admin | UserRole::Manager | UserRole::Agent => &LiveKind::ALL,
    };
    let page = PageStream { heard, scope: viewer.actor.scope(), kinds, beats, until: now + LASTS, is_begun: false };
    let events = futures::stream::unfold(page, |mut page| async move {
        let event = page.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event)), page))
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // A proxy that collected them first would make them old.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(events)).into_response()
}

impl PageStream {
    /// The next event; none when the stream ends.
    async fn next(&mut self) -> Option<String> {
        if !self.is_begun {
            self.is_begun = true;
            return Some(format!("retry: 2000\n{}", self.beat()?));
        }
        loop {
            tokio::select! {
                () = sleep_until(self.until) => return None,
                changed = self.heard.hearing.changed() => {
                    changed.ok()?;
                    return self.beat();
                }
                _ = self.beats.tick() => return self.beat(),
                news = self.heard.news.recv() => match news {
                    Ok(news) => if let Some(told) = self.told(&news) { return Some(told) },
                    Err(RecvError::Lagged(_)) => return self.told(&LiveNews::everything()),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    fn beat(&mut self) -> Option<String> {
        match *self.heard.hearing.borrow_and_update() {
            Hearing::Over => None,
            hearing => event("beat", &BeatData { live: hearing == Hearing::Live }),
        }
    }

    fn told(&self, news: &LiveNews) -> Option<String> {
        let news = news.within(self.scope, self.kinds)?;
        event("news", &NewsData { kinds: &news.kinds, clients: news.clients.as_ref() })
    }
}

/// An event as it goes over the wire.
fn event(name: &str, data: &impl Serialize) -> Option<String> {
    let data = serde_json::to_string(data).ok()?;
    Some(format!("event: {name}\ndata: {data}\n\n"))
}
