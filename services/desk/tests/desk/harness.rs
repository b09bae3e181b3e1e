//! Clients with tokens, leads that were delivered to them, and requests as their programs and reps make them.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx;
use ripen_desk::{
    DeskContext, DeskLinks,
    people::{csrf_token, errors},
};
use ripen_domain::{
    actor::{Actor, Scope, UserRole},
    id::{ClientId, DecisionId, DeliveryId, TokenId, UserId},
    link::{LinkKeys, Links},
    secret::Secret,
};
use ripen_runtime::{
    clock::Clock,
    config::{Role, Settings},
    health::Health,
    random,
};
use ripen_store::{
    Store, StoreOptions,
    client::{client_record::NewClient, token::NewClientToken},
    user::{account::NewUser, session::NewSession, token::NewUserToken},
};
use ripen_testkit::{
    keys::keyring,
    postgres::{TestDatabase, database},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt;
use uuid::Uuid;

/// The instant at which every test begins.
pub const NOW: &str = "2026-11-23T10:00:00Z";

pub struct App {
    pub store: Store,
    pub pool: PgPool,
    pub clock: Clock,
    pub key: LinkKeys,
    pub context: DeskContext,
    pub router: Router,
    _database: TestDatabase,
}

/// A client with a token of its own.
pub struct Client {
    pub id: ClientId,
    pub token: String,
    pub token_id: TokenId,
}

/// Somebody with a browser that is signed in.
#[derive(Debug, Clone)]
pub struct Browser {
    pub user: UserId,
    pub cookie: String,
    pub csrf: String,
}

impl Browser {
    /// A form of its session.
    pub fn form(&self, fields: &str) -> String {
        format!("csrf={}&{fields}", self.csrf)
    }
}

/// Somebody who signs in.
pub struct User {
    pub id: UserId,
    pub bearer: String,
    pub actor: Actor,
}

/// A lead that was delivered by webhook.
#[derive(Clone, Copy)]
pub struct Sent {
    pub delivery: DeliveryId,
    pub lead: Uuid,
}

/// What a client sees.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Client {
    /// What its own may see.
    pub fn scope(&self) -> Scope {
        Actor::token(self.token_id, "CRM", self.id).scope()
    }
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
        json["type"].as_str().unwrap().strip_prefix("/v1/problems#").unwrap().to_owned()
    }
}

pub async fn app() -> App {
    app_with(Settings::default()).await
}

pub async fn app_with(settings: Settings) -> App {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 8)).unwrap().with_keyring(keyring());
    let pool = PgPool::connect(database.url()).await.unwrap();
    let clock = Clock::mock(NOW.parse().unwrap());
    let key = store.link_keys(clock.now()).await.unwrap();
    let token = |keys: &LinkKeys| keys.token(DeliveryId::from_uuid(Uuid::nil()), clock.now());
    assert_eq!(token(&store.link_keys(clock.now()).await.unwrap()), token(&key), "made once");
    let bodies = Some(Links::new(key.clone(), "https://ripen.example"));
    let has_links_in_mails = settings.has_links_in_mails(Some(&Role::ALL));
    let links = DeskLinks { keys: key.clone(), bodies, takes_leads: false, has_links_in_mails };
    let context = DeskContext::new(store.clone(), clock.clone(), &settings, Health::default(), links).unwrap();
    let router = errors::around(ripen_web::edge::around(ripen_desk::router(context.clone()), random::spoken_id));
    App { store, pool, clock, key, context, router, _database: database }
}

impl App {
    /// Goes on, so that what follows has another instant and id.
    pub fn pass(&self, seconds: i64) -> Timestamp {
        self.clock.advance(SignedDuration::from_secs(seconds));
        self.clock.now()
    }

    pub async fn client(&self, slug: &str) -> Client {
        let now = self.pass(1);
        let id = ClientId::from_uuid(random::uuid_v7(now));
        let new = NewClient {
            id,
            slug: slug.to_owned(),
            name: slug.to_uppercase(),
            country: "US".to_owned(),
            time_zone: "America/Chicago".to_owned(),
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.client_add(&new, now).await.unwrap();
        let token = Secret::new("ct", random::bytes32());
        let token_id = TokenId::from_uuid(random::uuid_v7(now));
        let new = NewClientToken { id: token_id, client: id, name: "CRM".to_owned(), hash: token.hash() };
        tx.client_token_add(Actor::operator("dana").scope(), &new, now).await.unwrap();
        tx.commit().await.unwrap();
        Client { id, token: token.reveal().to_owned(), token_id }
    }

    /// Somebody who signs in, with a token of their own.
    pub async fn user(&self, role: UserRole, client: Option<&Client>) -> User {
        let now = self.pass(1);
        let id = UserId::from_uuid(random::uuid_v7(now));
        let email = format!("{}@firm.example", id.uuid());
        let client = client.map(|client| client.id);
        let new =
            NewUser { id, email, name: format!("Dana {}", role.word()), role, client, hashed: None, time_zone: None };
        let token = Secret::new("ut", random::bytes32());
        let kept = NewUserToken {
            id: TokenId::from_uuid(random::uuid_v7(now)),
            user: id,
            name: "tests".to_owned(),
            hash: token.hash(),
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.user_add(&new, now).await.unwrap();
        tx.user_token_add(&kept, now).await.unwrap();
        tx.commit().await.unwrap();
        User { id, bearer: format!("Bearer {}", token.reveal()), actor: Actor::user(id, new.name, role, client) }
    }

    /// Asks as somebody who signs in.
    pub async fn see(&self, user: &User, path: &str) -> Answer {
        self.send("GET", path, &[("authorization", &user.bearer)], Body::empty()).await
    }

    /// Sends JSON as somebody who signs in.
    pub async fn post(&self, user: &User, path: &str, body: &Value) -> Answer {
        let headers = [("authorization", user.bearer.as_str()), ("content-type", "application/json")];
        self.send("POST", path, &headers, body.to_string()).await
    }

    /// Opens an answer that goes on.
    pub async fn open(&self, user: &User, path: &str) -> axum::response::Response {
        let request = Request::builder().uri(path).header("authorization", &user.bearer).body(Body::empty()).unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// A lead of a new person that nobody touched, who is reached under this number.
    pub async fn waiting(&self, client: &Client, phone: &str) -> Uuid {
        let now = self.pass(1);
        let (lead, person) = (random::uuid_v7(now), random::uuid_v7(now));
        let sql = "with p as (
              insert into person (id, client_id, first_name, last_name, phone, phone_extension, country, time_zone, created_at, updated_at)
              values ($1, $2, 'Robin', 'Jones', split_part($3, ';', 1), nullif(split_part($3, ';ext=', 2), ''), 'US',
                      'America/Chicago', $4, $4)
            ), i as (
              insert into person_identity (client_id, kind, value, person_id) values ($2, 'phone', $3, $1)
            ), s as (
              insert into source (id, client_id, name, channel, token_hash, created_at)
              values ($1, $2, 'Site ' || $1, 'web_form', sha256(convert_to($1::text, 'utf8')), $4)
            )
            insert into lead (id, client_id, program_id, person_id, source_id, channel, arrivals, enquiries, first_arrived_at,
                              last_arrived_at, last_enquiry_at, created_at)
            select $5, $2, id, $1, $1, 'web_form', 1, 1, $4, $4, $4, $4 from program where is_default";
        let query = sqlx::query(sql).bind(person).bind(client.id.uuid()).bind(phone).bind(self.now()).bind(lead);
        query.execute(&self.pool).await.unwrap();
        lead
    }

    /// A promise of a lead.
    pub async fn promised(&self, client: &Client, lead: Uuid, (agreed, due_at): (bool, Timestamp)) {
        let sql = "insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, agreed, offered_until, created_at)
            values ($1, 1, $2, 'requalify', 'work', $3, 'call', case when $4 then 'agent' else 'criteria' end, $4, $5, least($5, $3::timestamptz - interval '1 hour'))";
        let query = sqlx::query(sql).bind(lead).bind(client.id.uuid()).bind(due_at.to_sqlx());
        query.bind(agreed).bind(self.now()).execute(&self.pool).await.unwrap();
    }

    /// A browser in which a user is signed in.
    pub async fn browser(&self, user: UserId) -> Browser {
        let now = self.pass(1);
        let session = Secret::new("ss", random::bytes32());
        let new = NewSession {
            hash: session.hash(),
            user,
            expires_at: now + SignedDuration::from_hours(24),
            agent: "A browser".to_owned(),
        };
        let mut tx = self.store.begin().await.unwrap();
        tx.session_add(&new, now).await.unwrap();
        tx.commit().await.unwrap();
        Browser { user, cookie: format!("ripen_session={}", session.reveal()), csrf: csrf_token::token_of(&session) }
    }

    /// Asks for a page.
    pub async fn page(&self, browser: &Browser, path: &str) -> Answer {
        self.send("GET", path, &[("cookie", &browser.cookie), ("accept", "text/html")], Body::empty()).await
    }

    /// Sends a form.
    pub async fn submit(&self, browser: &Browser, path: &str, form: String) -> Answer {
        let headers = [
            ("cookie", browser.cookie.as_str()),
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
        ];
        self.send("POST", path, &headers, form).await
    }

    /// A lead of a new person that became A and was delivered.
    pub async fn sent(&self, client: &Client) -> Sent {
        let owed = self.owed(client).await;
        self.freeze(&self.pool, client, owed).await;
        let end =
            "update delivery set state = 'delivered', lease = null, leased_until = null, ended_at = $2 where id = $1";
        sqlx::query(end).bind(owed.delivery.uuid()).bind(self.now()).execute(&self.pool).await.unwrap();
        owed
    }

    /// A lead of a new person that became A, with its promise and a delivery that was never sent.
    pub async fn owed(&self, client: &Client) -> Sent {
        let now = self.pass(1);
        let fresh = || random::uuid_v7(now);
        let (lead, delivery) = (fresh(), fresh());
        let sql = "with p as (
              insert into person (id, client_id, first_name, last_name, email, country, time_zone, created_at, updated_at)
              values ($1, $2, 'Casey', 'Smith', 'casey@example.com', 'US', 'America/Chicago', $3, $3)
            ), d as (
              insert into delivery (id, client_id, lead_id, maturation_id, state, due_at, offered_until, created_at)
              values ($4, $2, $5, $6, 'held', $3, $3, $3)
            ), m as (
              insert into maturation (id, lead_id, client_id, decision_id, at) values ($6, $5, $2, $6, $3)
            ), o as (
              insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at)
              values ($5, 1, $2, 'outcome', 'scheduled', $3 + interval '30 days', 'ask', 'criteria', $3, $3)
            )
            insert into lead (id, client_id, program_id, person_id, source_id, channel, grade, score, criteria_id, decision_id,
                              arrivals, enquiries, first_arrived_at, last_arrived_at, last_enquiry_at, matured_at, generation, created_at)
            select $5, $2, id, $1, $1, 'web_form', 'A', 80, $1, $6, 1, 1, $3, $3, $3, $3, 1, $3 from program where is_default";
        let query = sqlx::query(sql).bind(fresh()).bind(client.id.uuid()).bind(self.now());
        query.bind(delivery).bind(lead).bind(fresh()).execute(&self.pool).await.unwrap();
        let endpoint = "insert into endpoint (id, client_id, kind, url, created_at) values ($1, $2, 'webhook', 'https://x.example/', $3)";
        let endpoint_id = fresh();
        sqlx::query(endpoint)
            .bind(endpoint_id)
            .bind(client.id.uuid())
            .bind(self.now())
            .execute(&self.pool)
            .await
            .unwrap();
        let to = "update delivery set endpoint_id = $2, state = 'pending' where id = $1";
        sqlx::query(to).bind(delivery).bind(endpoint_id).execute(&self.pool).await.unwrap();
        Sent { delivery: DeliveryId::from_uuid(delivery), lead }
    }

    /// A decision about a lead, by criteria that there are, whose receipt was erased.
    pub async fn decided(&self, client: &Client, lead: Uuid) -> DecisionId {
        let id = random::uuid_v7(self.pass(1));
        let sql = "insert into decision (id, lead_id, client_id, criteria_id, at, grade, score, receipt)
                   select $1, $2, $3, id, $4, 'A', 80, 'null' from criteria limit 1";
        let query = sqlx::query(sql).bind(id).bind(lead).bind(client.id.uuid()).bind(self.now());
        assert_eq!(query.execute(&self.pool).await.unwrap().rows_affected(), 1, "there are criteria");
        DecisionId::from_uuid(id)
    }

    /// Freezes the payload, as the first lease does.
    pub async fn freeze<'c>(&self, on: impl sqlx::PgExecutor<'c>, client: &Client, sent: Sent) {
        let payload = json!({"type": "lead.matured", "data": {"delivery": sent.delivery, "lead": {
            "first_name": "Casey", "last_name": "<b>Smith</b>", "email": "casey@example.com", "phone": "+14155550100",
            "postal_code": "60134", "country": "US"}, "source": {"name": "Web site"},
            "reasons": [{"rule": "soon", "points": 70, "because": "Wants to move within three months"}]}});
        let sql = "with d as (update delivery set attempts = 1 where id = $1)
            insert into delivery_body (delivery_id, client_id, at, body) values ($1, $2, $3, $4)";
        let query = sqlx::query(sql).bind(sent.delivery.uuid()).bind(client.id.uuid()).bind(self.now());
        query.bind(payload.to_string().into_bytes()).execute(on).await.unwrap();
    }

    /// Has the person of a lead be known by what its payload told.
    pub async fn known_as_sent(&self, sent: Sent) {
        let sql = "update person set last_name = '<b>Smith</b>', phone = '+14155550100', postal_code = '60134'
            where id = (select person_id from lead where id = $1)";
        sqlx::query(sql).bind(sent.lead).execute(&self.pool).await.unwrap();
    }

    /// The mock clock's instant as statements are given it.
    fn now(&self) -> jiff_sqlx::Timestamp {
        self.clock.now().to_sqlx()
    }

    /// Sends anything.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.router.clone().oneshot(request.body(body.into()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        // Events go on for as long as somebody listens.
        let goes_on = parts.headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body = if goes_on { Body::empty() } else { body };
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// Asks with a client's token.
    pub async fn get(&self, client: &Client, path: &str) -> Answer {
        self.send("GET", path, &[("authorization", &format!("Bearer {}", client.token))], Body::empty()).await
    }

    /// Says an outcome with a client's token.
    pub async fn say(&self, client: &Client, delivery: DeliveryId, body: &Value) -> Answer {
        let authorization = format!("Bearer {}", client.token);
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        self.send("POST", &format!("/v1/deliveries/{delivery}/outcomes"), &headers, body.to_string()).await
    }

    /// A row as JSON.
    pub async fn row(&self, sql: &'static str, id: Uuid) -> Value {
        sqlx::query_scalar(sql).bind(id).fetch_one(&self.pool).await.unwrap()
    }

    /// What a lead is now, with its open promises.
    pub async fn lead(&self, sent: Sent) -> Value {
        let sql = "select json_build_object('stage', stage, 'returned', returned_at is not null, 'closed', closed_reason,
              'amount', amount::float, 'currency', currency, 'regrade', exists (select 1 from regrade r where r.lead_id = l.id),
              'promises', (select coalesce(json_agg(json_build_array(kind, state, agreed) order by generation), '[]') from promise p
                           where p.lead_id = l.id and p.state in ('scheduled', 'work')))
            from lead l where id = $1";
        self.row(sql, sent.lead).await
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}
