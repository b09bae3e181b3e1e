//! `GET /v1/deliveries` and `GET /v1/deliveries/{id}`: what was sent to a client, read again, and what its endpoints did not take
//! because they keep failing. Who keeps `next` and asks again with it misses nothing and sees nothing twice, whatever is sent
//! meanwhile. `GET /v1/deliveries/held`: what comes later, and why.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use jiff::Timestamp;
use ripen_domain::id::DeliveryId;
use ripen_store::delivery::{
    catch_up::{BodyTerms, CatchUp},
    feed::FeedStart,
};
use ripen_web::{
    Problem, catalogue,
    extract::{NamedFields, NoQuery, PathId, Query},
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

/// What a list of held deliveries begins with and how long it is.
#[derive(Debug, PartialEq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HeldQuery {
    /// The `next` of the page before: only what comes after it.
    #[serde(default, deserialize_with = "empty_as_none")]
    #[param(value_type = Option<String>, example = "dlv_01kahxq5z5e4y9wd3tvdnzxkqj")]
    after: Option<DeliveryId>,
    /// How many at most.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 200)]
    limit: Option<PageSize>,
}

impl NamedFields for HeldQuery {
    fn hint(field: &str) -> &'static str {
        DeliveriesQuery::hint(field)
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
        refusals(&[&catalogue::INVALID_PARAMETER, &catalogue::NOT_FOUND])
    }
}

/// What was sent to the client, oldest first, and what its endpoints did not take because they keep failing.
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
    catch_up(&context, &caller, None, limit + 1).await?;
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
    let now = context.clock.now();
    let deliveries = rows.into_iter().map(|row| DeliveryView::of(row, &context.keys, now)).collect();
    Ok(Json(DeliveryPage { deliveries, next, more }))
}

/// Lets what the client's endpoints did not take be read, as its program asks for it now.
async fn catch_up(
    context: &DeskContext,
    caller: &ClientCaller,
    only: Option<DeliveryId>,
    limit: i64,
) -> Result<usize, Problem> {
    let wanted = CatchUp { client: caller.0.client, only, limit };
    let (scope, now) = (caller.actor().scope(), context.clock.now());
    let terms = BodyTerms { links: context.bodies.as_ref(), hours: &context.actions.hours, now };
    let read = context.store.deliveries_catch_up(scope, wanted, terms).await;
    read.map_err(|error| failed(&error))
}

/// What the client gets later: which leads wait, why, and until when. Who they are comes with them.
#[utoipa::path(get, path = "/v1/deliveries/held", operation_id = "list_held_deliveries", tag = "deliveries",
    security(("client_token" = [])), params(HeldQuery),
    responses((status = 200, description = "A page of them, the best first.", body = HeldPage), DeliveriesRefusals, ClientCallerRefusals))]
pub async fn held(
    State(context): State<DeskContext>,
    caller: ClientCaller,
    Query(HeldQuery { after, limit }): Query<HeldQuery>,
) -> Result<Json<HeldPage>, Problem> {
    let limit = limit.map_or(MOST, |PageSize(rows)| rows);
    let (scope, client) = (caller.actor().scope(), caller.0.client);
    // One more than fits, as above.
    let held = context.store.held_for(scope, client, after, limit + 1).await;
    let mut held = held.map_err(|error| failed(&error))?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = held.len() > limit;
    held.truncate(limit);
    let next = held.last().map(|one| one.delivery).or(after);
    Ok(Json(HeldPage { held: held.into_iter().map(HeldLeadView::from).collect(), next, more }))
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
    NoQuery: NoQuery,
) -> Result<Json<WholeDelivery>, Problem> {
    // In the token's own scope: another client's delivery is not there.
    let sent = || async { context.store.sent(caller.actor().scope(), id).await.map_err(|error| failed(&error)) };
    let found = match sent().await? {
        None if catch_up(&context, &caller, Some(id), 1).await? > 0 => sent().await?,
        found => found,
    };
    found.map(|sent| Json(WholeDelivery::of(sent, &context.keys, context.clock.now()))).ok_or_else(unknown)
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
        let all = query(&format!("after={after}&since=2026-11-20T10%3A00%3A00Z&limit=200")).await.unwrap();
        assert_eq!(all, DeliveriesQuery { after: Some(after), since, limit: Some(PageSize(200)) });
        let nothing = DeliveriesQuery { after: None, since: None, limit: None };
        assert_eq!(query("after=").await.unwrap(), nothing);
        for (bad, pointer) in [
            ("x=1", "/x"),
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
