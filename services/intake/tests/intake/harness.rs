//! One client with one source, and requests as a sender makes them.

use std::net::SocketAddr;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use jiff::Timestamp;
use ripen_domain::{
    actor::{Actor, Scope},
    arrival::Arrival,
    id::{ClientId, SourceId},
    lead::Channel,
    message::ArrivalMessage,
    secret::Secret,
};
use ripen_intake::IntakeContext;
use ripen_queue::{Queue, Transport, TransportOptions};
use ripen_runtime::{clock::Clock, config::Settings, health::Health, random};
use ripen_store::{
    Store, StoreOptions,
    arrival::spool::{SpoolRoom, SpoolRow},
    client::client_record::NewClient,
    source::source_record::{NewSource, SourceFormat, State},
};
use ripen_testkit::postgres::{TestDatabase, database};
use ripen_web::address::Visitor;
use serde_json::Value;
use tower::ServiceExt;

/// The instant at which every test's clock stands.
pub const NOW: &str = "2026-11-22T10:00:00.123456Z";

pub struct App {
    pub store: Store,
    pub transport: Transport,
    pub clock: Clock,
    pub health: Health,
    pub context: IntakeContext,
    pub router: Router,
    pub client: ClientId,
    pub source: SourceId,
    pub key: String,
    pub token: String,
    _database: Option<TestDatabase>,
}

/// Whose data a test may touch: everybody's.
pub fn firm() -> Scope {
    Actor::operator("a test").scope()
}

/// What a sender sees.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} {}", self.status, self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
    }

    /// The code of a problem, checked to be one.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.text);
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16());
        assert!(json["title"].is_string() && json["detail"].is_string());
        json["type"].as_str().unwrap().strip_prefix("/v1/problems#").unwrap().to_owned()
    }

    pub fn arrival(&self) -> String {
        assert_eq!(self.status, StatusCode::ACCEPTED, "{}", self.text);
        self.json()["arrival"].as_str().unwrap().to_owned()
    }
}

pub async fn app() -> App {
    app_with(&Settings::default(), |_| {}).await
}

/// An app with other settings, and a source that `change` made its own way.
pub async fn app_with(settings: &Settings, change: impl FnOnce(&mut NewSource)) -> App {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 8)).unwrap();
    let transport = Transport::local(TransportOptions::default());
    let mut app = app_over(store, transport, settings, change).await;
    app._database = Some(database);
    app
}

pub async fn app_over(
    store: Store,
    transport: Transport,
    settings: &Settings,
    change: impl FnOnce(&mut NewSource),
) -> App {
    let now: Timestamp = NOW.parse().unwrap();
    let clock = Clock::mock(now);
    let client = ClientId::from_uuid(random::uuid_v7(now));
    let new = NewClient {
        id: client,
        slug: "acme".to_owned(),
        name: "Acme".to_owned(),
        country: "US".to_owned(),
        time_zone: "America/Chicago".to_owned(),
    };
    let mut tx = store.begin().await.unwrap();
    tx.client_add(&new, now).await.unwrap();
    let (key, token) = (Secret::new("key", random::bytes32()), Secret::new("src", random::bytes32()));
    let mut source = NewSource {
        id: SourceId::from_uuid(random::uuid_v7(now)),
        client,
        name: "Spring trade show".to_owned(),
        channel: Channel::TradeShow,
        format: SourceFormat::Any,
        country: None,
        token_hash: token.hash(),
        key_hash: key.hash(),
        cost_per_lead: None,
        thanks_url: None,
    };
    change(&mut source);
    tx.source_add(firm(), &source, now).await.unwrap();
    tx.commit().await.unwrap();
    let health = Health::default();
    let context = IntakeContext::new(store.clone(), transport.clone(), clock.clone(), settings, health.clone());
    App {
        router: ripen_web::edge::around(ripen_intake::router(context.clone()), random::spoken_id),
        context,
        store,
        transport,
        clock,
        health,
        client,
        source: source.id,
        key: key.reveal().to_owned(),
        token: token.reveal().to_owned(),
        _database: None,
    }
}

impl App {
    /// The firm pauses the source.
    pub async fn pause(&self) {
        let mut tx = self.store.begin().await.unwrap();
        tx.source_set_state(firm(), self.source, State::Paused).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Sends anything.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.request(request.body(body.into()).unwrap()).await
    }

    /// Posts a form to the source's token as a browser at this address does, with further headers.
    pub async fn browse_from(&self, address: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let visitor = Visitor::from(SocketAddr::new(address.parse().unwrap(), 4711));
        let request = Request::post(format!("/v1/in/{}", self.token)).extension(visitor);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.request(request.body(body.to_owned().into()).unwrap()).await
    }

    /// Sends a request.
    pub async fn request(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Posts JSON with the source's key and further headers.
    pub async fn post_with(&self, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let authorization = format!("Bearer {}", self.key);
        let own = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let rest = own.iter().filter(|(name, _)| !headers.iter().any(|(given, _)| given == name));
        let headers: Vec<_> = rest.chain(headers).copied().collect();
        self.send("POST", "/v1/leads", &headers, body).await
    }

    /// Posts JSON with the source's key.
    pub async fn post(&self, body: impl Into<Body>) -> Answer {
        self.post_with(&[], body).await
    }

    /// Posts a form as a browser does.
    pub async fn browse(&self, body: impl Into<Body>) -> Answer {
        self.form(&[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")], body).await
    }

    /// Posts a form to the source's token.
    pub async fn form(&self, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut headers = headers.to_vec();
        headers.push((header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded"));
        self.send("POST", &format!("/v1/in/{}", self.token), &headers, body).await
    }

    /// Asks with the source's key.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[("authorization", &format!("Bearer {}", self.key))], Body::empty()).await
    }

    /// Every row of the spool, whenever it is due.
    pub async fn spooled(&self) -> Vec<SpoolRow> {
        let late: Timestamp = "2100-01-01T00:00:00Z".parse().unwrap();
        self.store.spool_claim(late, late, SpoolRoom { rows: 10_000, bytes: i64::MAX }).await.unwrap()
    }

    /// The arrivals that are kept, in the order they were received, each checked to be what the queue offers too.
    pub async fn arrivals(&self) -> Vec<Arrival> {
        let rows = self.spooled().await;
        if rows.is_empty() {
            return Vec::new();
        }
        let consumer = self.transport.consume(Queue::Arrivals, 1000);
        let mut arrivals = Vec::new();
        while arrivals.len() < rows.len() {
            for received in consumer.next_batch(1000).await {
                let row = rows.iter().find(|row| row.id == received.id).expect("offered only after it was kept");
                assert_eq!(row.body, received.body);
                let ArrivalMessage::V1(arrival) = serde_json::from_slice(&received.body).unwrap();
                assert_eq!(arrival.id.uuid(), received.id);
                arrivals.push(*arrival);
            }
        }
        arrivals
    }

    /// The one arrival that is kept.
    pub async fn arrival(&self) -> Arrival {
        let mut arrivals = self.arrivals().await;
        assert_eq!(arrivals.len(), 1);
        arrivals.remove(0)
    }
}
