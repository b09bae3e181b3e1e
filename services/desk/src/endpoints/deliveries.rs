//! `GET /v1/deliveries` and `GET /v1/deliveries/{id}`: what was sent to a client, read again. Who keeps `next` and asks again
//! with it misses nothing and sees nothing twice, whatever is sent meanwhile. `GET /v1/deliveries/held`: what comes later, and
//! why.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_domain::id::DeliveryId;
use ripen_store::delivery::feed::FeedStart;
use ripen_web::{
    Problem, catalogue,
    extract::{NamedFields, PathId, Query},
    openapi::refusals,
};
use serde::Deserialize;
use serde_html_form::de::empty_as_none;
use utoipa::{
    IntoResponses,
    openapi::{RefOr, Response as Described},
};

use super::caller::{ClientCaller, ClientCallerRefusals, failed, unknown};
use crate::{
    context::DeskContext,
    view::{DeliveryPage, DeliveryView, HeldLeadView, HeldPage, WholeDelivery},
};

/// Deliveries on a page where nobody says.
const USUAL: i64 = 50;
/// Most deliveries on a page.
const MOST: i64 = 200;

/// What a list begins with and how long it is.
#[derive(Debug, PartialEq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveriesQuery {
    /// The `next` of the page before: only what was sent after it.
    #[serde(default, deserialize_with = "empty_as_none")]
    #[param(value_type = Option<String>, example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj")]
    after: Option<DeliveryId>,
    /// Only what was sent at this instant or later.
    since: Option<Timestamp>,
    /// How many at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    limit: Option<PageSize>,
}

impl NamedFields for DeliveriesQuery {
    fn hint(field: &str) -> &'static str {
        match field {
            "after" => "this is no delivery's id; those begin with dlv_.",
            "since" => "write an instant with its offset, such as 2026-11-20T10:00:00Z.",
            "limit" => "write a number from 1 to 200.",
            _ => "it cannot be read.",
        }
    }
}

/// So many rows of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
struct PageSize(i64);

impl TryFrom<i64> for PageSize {
    type Error = &'static str;

    fn try_from(rows: i64) -> Result<Self, Self::Error> {
        if (1..=MOST).contains(&rows) { Ok(Self(rows)) } else { Err("not from 1 to 200") }
    }
}

struct DeliveriesRefusals;

impl IntoResponses for DeliveriesRefusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        refusals(&[&catalogue::INVALID_PARAMETER])
    }
}

struct DeliveryRefusals;

impl IntoResponses for DeliveryRefusals {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        refusals(&[&catalogue::NOT_FOUND])
    }
}

/// What was sent to the client, oldest first.
///
/// Keep `next` and ask again with it: nothing is missed and nothing comes twice, whatever is sent meanwhile.
#[utoipa::path(get, path = "/v1/deliveries", operation_id = "list_deliveries", tag = "deliveries",
    security(("client_token" = [])), params(DeliveriesQuery),
    responses((status = 200, description = "A page of deliveries.", body = DeliveryPage), DeliveriesRefusals, ClientCallerRefusals))]
pub async fn many(
    State(context): State<DeskContext>,
    caller: ClientCaller,
    Query(DeliveriesQuery { after, since, limit }): Query<DeliveriesQuery>,
) -> Result<Json<DeliveryPage>, Problem> {
    let limit = limit.map_or(USUAL, |PageSize(rows)| rows);
    // One more than asked for tells whether there is another page.
    let start = FeedStart { after, since };
    let (scope, client) = (caller.actor().scope(), caller.0.client);
    let found = context.store.sent_to(scope, client, start, limit + 1).await.map_err(|error| failed(&error))?;
    // An id that was never sent here would otherwise begin from the start, and the program would read everything
    // twice.
    let mut rows = found.ok_or_else(|| {
        Problem::new(&catalogue::INVALID_PARAMETER, "after: no delivery with this id was sent to this client.")
    })?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    // An empty page must not send the program back to the beginning.
    let next = rows.last().map(|row| row.id).or(after);
    Ok(Json(DeliveryPage { deliveries: rows.into_iter().map(DeliveryView::from).collect(), next, more }))
}

/// What the client gets later: which leads wait, why, and until when. Who they are comes with them.
#[utoipa::path(get, path = "/v1/deliveries/held", operation_id = "list_held_deliveries", tag = "deliveries",
    security(("client_token" = [])),
    responses((status = 200, description = "The best first, up to 200.", body = HeldPage), ClientCallerRefusals))]
pub async fn held(State(context): State<DeskContext>, caller: ClientCaller) -> Result<Json<HeldPage>, Problem> {
    let (scope, client) = (caller.actor().scope(), caller.0.client);
    // One more than fits, as above.
    let mut held = context.store.held_for(scope, client, MOST + 1).await.map_err(|error| failed(&error))?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let more = held.len() > most;
    held.truncate(most);
    Ok(Json(HeldPage { held: held.into_iter().map(HeldLeadView::from).collect(), more }))
}

/// One delivery with its attempts and outcomes.
#[utoipa::path(get, path = "/v1/deliveries/{id}", operation_id = "get_delivery", tag = "deliveries",
    security(("client_token" = [])),
    params(("id" = String, Path, description = "The delivery's id.", example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj")),
    responses((status = 200, description = "The delivery.", body = WholeDelivery), DeliveryRefusals, ClientCallerRefusals))]
pub async fn one(
    State(context): State<DeskContext>,
    caller: ClientCaller,
    PathId(id): PathId<DeliveryId>,
) -> Result<Json<WholeDelivery>, Problem> {
    // In the token's own scope: another client's delivery is not there.
    let found = context.store.sent(caller.actor().scope(), id).await.map_err(|error| failed(&error))?;
    found.map(|sent| Json(WholeDelivery::from(sent))).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use axum::{extract::FromRequestParts as _, http::Request};

    use super::*;

    async fn query(query: &str) -> Result<DeliveriesQuery, Problem> {
        let (mut parts, ()) = Request::get(format!("/v1/deliveries?{query}")).body(()).unwrap().into_parts();
        Query::from_request_parts(&mut parts, &()).await.map(|Query(query)| query)
    }

    #[tokio::test]
    async fn what_a_list_begins_with_is_read() {
        let since = Some("2026-11-20T10:00:00Z".parse().unwrap());
        let after = DeliveryId::from_uuid(uuid::Uuid::from_u128(7));
        let all = query(&format!("after={after}&since=2026-11-20T10%3A00%3A00Z&limit=200&x=1")).await.unwrap();
        assert_eq!(all, DeliveriesQuery { after: Some(after), since, limit: Some(PageSize(200)) });
        let nothing = DeliveriesQuery { after: None, since: None, limit: None };
        assert_eq!(query("after=").await.unwrap(), nothing);
        for (bad, pointer) in [
            ("limit=0", "/limit"),
            ("limit=201", "/limit"),
            ("limit=-1", "/limit"),
            ("limit=x", "/limit"),
            ("since=yesterday", "/since"),
            ("since=2026-11-20", "/since"),
            ("after=lead_7", "/after"),
        ] {
            assert_eq!(query(bad).await.unwrap_err().errors()[0].pointer, pointer, "{bad}");
        }
    }
}
