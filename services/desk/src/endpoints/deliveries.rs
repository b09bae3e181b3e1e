//! `GET /v1/deliveries` and `GET /v1/deliveries/{id}`: what was sent to a client, read again. Who keeps `next` and asks again
//! with it misses nothing and sees nothing twice, whatever is sent meanwhile. `GET /v1/deliveries/held`: what comes later, and
//! why.

use axum::{
    Json,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::HeaderMap,
};
use jiff::Timestamp;
use ripen_store::delivery::feed::FeedStart;
use ripen_web::{Problem, catalogue};

use super::{actor_of, caller, delivery_id, failed, unknown};
use crate::{
    Context,
    view::{DeliveryView, HeldLeadView, HeldView, PageView, WholeView},
};

/// Deliveries on a page where nobody says.
const USUAL: i64 = 50;
/// Most deliveries on a page.
const MOST: i64 = 200;

/// What a list begins with and how long it is.
#[derive(Debug, PartialEq)]
struct Wanted {
    start: (Option<String>, Option<Timestamp>),
    limit: i64,
}

/// A page of what was sent.
pub async fn many(
    State(context): State<Context>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Json<PageView>, Problem> {
    let holder = caller(&context, &headers).await?;
    let Wanted { start: (after, since), limit } = wanted(query.as_deref().unwrap_or_default())?;
    let no_id =
        |_| Problem::new(&catalogue::INVALID_PARAMETER, "after: this is no delivery's id; those begin with dlv_.");
    let after = after.map(|id| id.parse().map_err(no_id)).transpose()?;
    let start = FeedStart { after, since };
    let found = context.store.sent_to(holder.client, start, limit + 1).await.map_err(|error| failed(&error))?;
    let mut rows = found.ok_or_else(|| {
        Problem::new(&catalogue::INVALID_PARAMETER, "after: no delivery with this id was sent to this client.")
    })?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().map(|row| row.id).or(start.after);
    Ok(Json(PageView { deliveries: rows.into_iter().map(DeliveryView::from).collect(), next, more }))
}

/// What waits until somebody can take it: which leads, why, and until when. Who they are comes with them.
pub async fn held(State(context): State<Context>, headers: HeaderMap) -> Result<Json<HeldView>, Problem> {
    let holder = caller(&context, &headers).await?;
    let mut held = context.store.held_for(holder.client, MOST + 1).await.map_err(|error| failed(&error))?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let more = held.len() > most;
    held.truncate(most);
    Ok(Json(HeldView { held: held.into_iter().map(HeldLeadView::from).collect(), more }))
}

/// One delivery.
pub async fn one(
    State(context): State<Context>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Json<WholeView>, Problem> {
    let holder = caller(&context, &headers).await?;
    let id = delivery_id(&id.map(|Path(id)| id).unwrap_or_default())?;
    let found = context.store.sent(actor_of(&holder).scope(), id).await.map_err(|error| failed(&error))?;
    found.map(|sent| Json(WholeView::from(sent))).ok_or_else(unknown)
}

fn wanted(query: &str) -> Result<Wanted, Problem> {
    let invalid = |detail: String| Problem::new(&catalogue::INVALID_PARAMETER, detail);
    let mut wanted = Wanted { start: (None, None), limit: USUAL };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "after" if !value.is_empty() => wanted.start.0 = Some(value.into_owned()),
            "since" => {
                let at = value.parse().map_err(|_| {
                    invalid("since: write an instant with its offset, such as 2026-11-20T10:00:00Z.".to_owned())
                })?;
                wanted.start.1 = Some(at);
            }
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                wanted.limit = limit.ok_or_else(|| invalid(format!("limit: write a number from 1 to {MOST}.")))?;
            }
            _ => {}
        }
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_begins_with_is_read() {
        let at: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        let all = wanted("after=dlv_1&since=2026-11-20T10%3A00%3A00Z&limit=200&x=1").unwrap();
        assert_eq!(all, Wanted { start: (Some("dlv_1".into()), Some(at)), limit: 200 });
        assert_eq!(wanted("after=").unwrap(), Wanted { start: (None, None), limit: USUAL });
        for bad in ["limit=0", "limit=201", "limit=-1", "limit=x", "since=yesterday", "since=2026-11-20"] {
            assert!(wanted(bad).is_err(), "{bad}");
        }
    }
}
