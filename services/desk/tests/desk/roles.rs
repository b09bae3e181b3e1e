//! Every address of the desk as everybody: the table of `people/routes.rs` against what is served.

use std::fmt::Write as _;

use ripen_actions::{
    Actions,
    criteria::ActivateCriteria,
    desk::{Dispose, TakeLead},
};
use ripen_desk::people::routes::{MayUse, NamedThing, RULES, RouteRule};
use ripen_domain::{
    actor::{Actor, UserRole},
    id::{ArrivalId, DecisionId, DeliveryId, LeadId, RepId, TokenId, UserId},
    secret::Secret,
    touch::Disposition,
};
use ripen_runtime::{config::Settings, random};
use ripen_store::user::{lead_view::LeadViewRecord, token::NewUserToken};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    harness::{Answer, App, Browser, Client, app},
    work::CRITERIA,
};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    Nobody,
    Program,
    User(UserRole),
}

const ALL: [Asks; 6] = [
    Asks::Nobody,
    Asks::Program,
    Asks::User(UserRole::Admin),
    Asks::User(UserRole::Manager),
    Asks::User(UserRole::Agent),
    Asks::User(UserRole::Broker),
];

/// A list that there is.
const QUEUE: &str = "late";
/// What names a decision, which is the lead's own.
const DECISION: &str = "{decision}";
/// Addresses whose thing is named in what is sent, with whom 404 is told of what is not theirs. Of leads that is who is no staff: to
/// staff a lead that is foreign is one that is not there.
const SAYS_WHAT: [&str; 19] = [
    "/work/book",
    "/work/saved",
    "/work/dial",
    "/work/dispose",
    "/work/draft",
    "/work/preview",
    "/work/refuse",
    "/work/renew",
    "/work/take",
    "/work/undo",
    "/api/v1/work/dial",
    "/api/v1/work/dispose",
    "/api/v1/work/draft",
    "/api/v1/work/late-note",
    "/api/v1/work/preview",
    "/api/v1/work/refuse",
    "/api/v1/work/renew",
    "/api/v1/work/undo",
    "/account/sessions/end",
];
/// What somebody else holds is lost to whoever asks, and a session of somebody else looks as if it was over by now.
const NOT_404: [&str; 3] = ["/work/renew", "/api/v1/work/renew", "/account/sessions/end"];

/// Whose thing the address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    Foreign,
}

/// Every method and address that is described, which are those that are served.
fn served() -> Vec<(String, String)> {
    let document = serde_json::to_value(ripen_desk::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let methods = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(move |method| (method.to_uppercase(), path.clone()))
    });
    methods.collect()
}

#[test]
fn every_address_is_in_the_table_and_nothing_else() {
    let served = served();
    let missing: Vec<_> = served
        .iter()
        .filter(|(method, path)| !RULES.iter().any(|rule| rule.method == method && rule.path == path))
        .collect();
    assert!(missing.is_empty(), "say in people/routes.rs who may use {missing:?}");
    let idle: Vec<_> = RULES
        .iter()
        .filter(|rule| !served.iter().any(|(method, path)| rule.method == method && rule.path == path))
        .collect();
    assert!(idle.is_empty(), "nothing is served at {idle:?}");
    for rule in RULES {
        assert_eq!(rule.named == NamedThing::Nothing, !rule.path.contains('{'), "{rule:?}: say what the braces name");
        assert_eq!(rule.second.is_empty(), rule.path.matches('{').count() < 2, "{rule:?}: say what the second is");
    }
}

/// What names a thing to an address that has none in it.
struct Said {
    query: String,
    form: String,
    json: Value,
}

/// Two clients with everything that addresses name.
struct Scene {
    app: App,
    actions: Actions,
    ours: Client,
    theirs: Client,
}

impl Scene {
    async fn new() -> Self {
        let app = app().await;
        let (ours, theirs) = (app.client("acme").await, app.client("other").await);
        let actions = Actions::new(app.store.clone(), app.clock.clone(), &Settings::default()).unwrap();
        Self { app, actions, ours, theirs }
    }

    /// The address with a thing of `whose` in its braces.
    async fn address(&self, rule: &RouteRule, asks: UserId, whose: Whose) -> String {
        let is_own = whose == Whose::Own;
        let client = if is_own { &self.ours } else { &self.theirs };
        let now = self.app.clock.now();
        let name = match rule.named {
            NamedThing::Nothing => return rule.path.to_owned(),
            NamedThing::Delivery => self.app.sent(client).await.delivery.to_string(),
            NamedThing::Lead if rule.path.contains(DECISION) => {
                let (lead, decision) = self.decided(client).await;
                return rule.path.replace("{id}", &lead.to_string()).replace(DECISION, &decision.to_string());
            }
            // With a source, as every lead has that came in.
            NamedThing::Lead if rule.path.starts_with("/api/v1/work/") => {
                let phone = format!("+1312556{:04}", self.app.pass(1).as_second() % 10_000);
                LeadId::from_uuid(self.app.waiting(client, &phone).await).to_string()
            }
            NamedThing::Lead => LeadId::from_uuid(self.app.sent(client).await.lead).to_string(),
            // Kept without a word of whose it is, until it is worked: what is no id at all is the one that is not there.
            NamedThing::Entered if is_own => ArrivalId::from_uuid(random::uuid_v7(now)).to_string(),
            NamedThing::Entered | NamedThing::QueueList if !is_own => "nothing".to_owned(),
            NamedThing::Entered | NamedThing::QueueList => QUEUE.to_owned(),
            // Of users there is one firm: foreign is who does not exist.
            NamedThing::User if is_own => self.app.user(UserRole::Agent, None).await.id.to_string(),
            NamedThing::User => UserId::from_uuid(Uuid::from_u128(1)).to_string(),
            NamedThing::UserToken => {
                let other = self.app.user(UserRole::Agent, None).await.id;
                self.token(if is_own { asks } else { other }).await.to_string()
            }
            NamedThing::UserSession => {
                let other = self.app.user(UserRole::Agent, None).await.id;
                self.session(if is_own { asks } else { other }).await
            }
            NamedThing::SavedList => {
                let other = self.app.user(UserRole::Agent, None).await.id;
                self.saved_list(if is_own { asks } else { other }).await
            }
            NamedThing::OutcomeLink if is_own => self.app.key.token(self.app.sent(client).await.delivery, now),
            NamedThing::ReturnPath if is_own => self.app.key.bounce_token(self.app.sent(client).await.delivery, now),
            NamedThing::UserLink if is_own => {
                let user = self.app.user(UserRole::Agent, None).await.id;
                self.app.key.user_token(user, self.app.pass(1))
            }
            // A rep who is not there, by a link that is whole: the page says that it is over.
            NamedThing::RepLink if is_own => self.app.key.rep_token(RepId::from_uuid(Uuid::from_u128(1)), now),
            // Signed for another purpose.
            NamedThing::OutcomeLink | NamedThing::ReturnPath => self.app.key.user_token(asks, now),
            NamedThing::RepLink | NamedThing::UserLink => {
                self.app.key.token(DeliveryId::from_uuid(Uuid::from_u128(1)), now)
            }
        };
        let (start, rest) = rule.path.split_once('{').unwrap();
        let (_, end) = rest.split_once('}').unwrap();
        let address = format!("{start}{name}{end}");
        match address.split_once('{') {
            Some((start, _)) => format!("{start}{}", rule.second),
            None => address,
        }
    }

    /// A lead with a decision about it.
    async fn decided(&self, client: &Client) -> (LeadId, DecisionId) {
        if self.app.count("select count(*) from criteria").await == 0 {
            let first = ActivateCriteria { document: CRITERIA.to_owned(), backtest: None };
            self.actions.run(&Actor::operator("dana"), &first).await.unwrap();
        }
        let lead = self.app.sent(client).await.lead;
        (LeadId::from_uuid(lead), self.app.decided(client, lead).await)
    }

    /// What is sent to an address that names its thing there, own or another's: a query, fields of a form, and JSON.
    async fn said(&self, rule: &RouteRule, browser: &Browser, whose: Whose) -> Said {
        let is_own = whose == Whose::Own;
        let held_by = match is_own {
            true => browser.user,
            false => self.app.user(UserRole::Agent, None).await.id,
        };
        let agent = Actor::user(held_by, "Dana", UserRole::Agent, None);
        let phone = format!("+1312555{:04}", self.app.pass(1).as_second() % 10_000);
        let lead = LeadId::from_uuid(self.app.waiting(&self.ours, &phone).await);
        let opened = self.actions.run(&agent, &TakeLead { lead }).await.unwrap();
        let mut touch = Uuid::from_u128(7);
        if ["/work/saved", "/work/undo", "/api/v1/work/undo"].contains(&rule.path) {
            let dispose = Dispose::of(lead, opened.lease, Disposition::NoAnswer);
            touch = self.actions.run(&agent, &dispose).await.unwrap().touched.touch;
        }
        if rule.path.ends_with("/consent") {
            let review = "insert into consent_review (id, lead_id, client_id, why, opened_at, opened_by)
                          select gen_random_uuid(), id, client_id, 'never', created_at, 'Dana' from lead l
                          where not exists (select from consent_review r where r.lead_id = l.id and r.closed_at is null)";
            sqlx::query(review).execute(&self.app.pool).await.unwrap();
        }
        let renews = rule.path.ends_with("/renew");
        let lead = if is_own || renews { lead } else { LeadId::from_uuid(Uuid::from_u128(1)) };
        let session = match rule.path {
            "/account/sessions/end" => self.session(held_by).await,
            _ => String::new(),
        };
        let query = format!("?saved={touch}&lead={lead}");
        let form = format!(
            "lead={lead}&lease={}&touch={touch}&version=1&what=recording&disposition=no_answer&note=x&session={session}",
            opened.lease
        );
        let json = match rule.path {
            "/api/v1/work/undo" => json!({"touch": touch}),
            "/api/v1/work/dispose" => json!({"lead": lead, "lease": opened.lease, "disposition": "no_answer"}),
            "/api/v1/work/draft" => json!({"lead": lead, "note": "x", "version": 1}),
            "/api/v1/work/late-note" => json!({"lead": lead, "lease": opened.lease, "note": "x"}),
            "/api/v1/work/refuse" => json!({"lead": lead, "what": "recording"}),
            "/api/v1/work/renew" => json!({"lead": lead, "lease": opened.lease}),
            "/api/v1/leads/{id}/consent" => json!({"holds": true, "why": "looked at the form"}),
            _ => json!({"lead": lead}),
        };
        Said { query, form, json }
    }

    /// Another browser of a user.
    async fn session(&self, user: UserId) -> String {
        self.app.browser(user).await;
        let newest = "select encode(hash, 'hex') from user_session where user_id = $1 order by created_at desc limit 1";
        sqlx::query_scalar(newest).bind(user.uuid()).fetch_one(&self.app.pool).await.unwrap()
    }

    /// A list of leads that a user saved.
    async fn saved_list(&self, user: UserId) -> String {
        let now = self.app.pass(1);
        let view = LeadViewRecord { name: "mine".to_owned(), query: "view=late".to_owned() };
        let mut tx = self.app.store.begin().await.unwrap();
        assert!(tx.lead_view_save(user, &view, now).await.unwrap());
        tx.commit().await.unwrap();
        view.name
    }

    async fn token(&self, user: UserId) -> TokenId {
        let now = self.app.pass(1);
        let id = TokenId::from_uuid(random::uuid_v7(now));
        let hash = Secret::new("ut", random::bytes32()).hash();
        let mut tx = self.app.store.begin().await.unwrap();
        tx.user_token_add(&NewUserToken { id, user, name: "CRM".to_owned(), hash }, now).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn ask(&self, rule: &RouteRule, asks: Asks, whose: Whose) -> Answer {
        // A session of its own for each request: some of them end it.
        let role = match asks {
            Asks::User(role) => role,
            Asks::Nobody | Asks::Program => UserRole::Agent,
        };
        let client = (role == UserRole::Broker).then_some(&self.ours);
        let browser = self.app.browser(self.app.user(role, client).await.id).await;
        let mut address = self.address(rule, browser.user, whose).await;
        let is_json = rule.path.starts_with("/api/") || rule.path.starts_with("/v1/");
        let (kind, body) = match (rule.named, is_json) {
            (NamedThing::ReturnPath, _) => ("message/rfc822", "Subject: hello\r\n\r\nHello".to_owned()),
            (NamedThing::Delivery, _) => ("application/json", "{\"outcome\": \"accepted\"}".to_owned()),
            (_, true) => ("application/json", "{}".to_owned()),
            (_, false) => ("application/x-www-form-urlencoded", browser.form("")),
        };
        let says = SAYS_WHAT.contains(&rule.path) || rule.path.ends_with("/consent");
        // Of who may not, nothing is theirs: whatever stands there.
        let may_hold =
            matches!(asks, Asks::User(role) if role != UserRole::Broker) || rule.path.starts_with("/account");
        let body = match says && may_hold {
            false => body,
            true => {
                let Said { query, form, json } = self.said(rule, &browser, whose).await;
                if rule.method == "GET" {
                    address += &query;
                }
                if is_json { json.to_string() } else { browser.form(&form) }
            }
        };
        let bearer = format!("Bearer {}", self.ours.token);
        let mut headers = vec![("sec-fetch-site", "same-origin")];
        match asks {
            Asks::Nobody => {}
            Asks::Program => headers.push(("authorization", bearer.as_str())),
            Asks::User(_) => {
                headers.extend([("cookie", browser.cookie.as_str()), ("x-csrf-token", browser.csrf.as_str())]);
            }
        }
        let body = if rule.method == "GET" || rule.method == "DELETE" {
            String::new()
        } else {
            headers.push(("content-type", kind));
            body
        };
        self.app.send(rule.method, &address, &headers, body).await
    }
}

/// What is wrong with an answer, if anything.
fn wrong(rule: &RouteRule, asks: Asks, whose: Whose, answer: &Answer) -> Option<String> {
    let status = answer.status.as_u16();
    let to_login = status == 303 && answer.header("location").starts_with("/login?next=");
    let is_let_in = !matches!(status, 401 | 403 | 404) && !to_login;
    let is_said = SAYS_WHAT.contains(&rule.path) && !NOT_404.contains(&rule.path);
    let is_named = rule.named != NamedThing::Nothing || is_said;
    let expected = match (rule.may, asks) {
        (MayUse::Anybody, _) => is_let_in || (rule.path == "/login" && status == 401),
        // A whole link opens whoever asks; the rep of ours left, which is told as over.
        (MayUse::LinkHolder, _) => is_let_in == (whose == Whose::Own),
        (MayUse::SigningSystem, _) => status == 401,
        (MayUse::ClientProgram, Asks::Program) if is_named && whose == Whose::Foreign => status == 404,
        (MayUse::ClientProgram, Asks::Program) => is_let_in,
        (MayUse::ClientProgram, _) => status == 401,
        (MayUse::Roles(_), Asks::Nobody | Asks::Program) if rule.path.starts_with("/api/") => status == 401,
        (MayUse::Roles(_), Asks::Nobody | Asks::Program) => to_login,
        (MayUse::Roles(roles), Asks::User(role)) if !roles.contains(&role) => status == 404,
        // The firm's staff works for every client.
        (MayUse::Roles(_), Asks::User(role))
            if is_named && whose == Whose::Foreign && (rule.named != NamedThing::Lead || role == UserRole::Broker) =>
        {
            status == 404
        }
        // Another's lease is told as lost, and another's session ends nobody's.
        (MayUse::Roles(_), Asks::User(_)) if whose == Whose::Foreign && rule.path.ends_with("/renew") => status == 409,
        (MayUse::Roles(_), Asks::User(_)) => is_let_in,
    };
    let is_fine = expected && status < 500;
    (!is_fine).then(|| format!("{} {} as {asks:?} of {whose:?}: {status} {}", rule.method, rule.path, answer.text))
}

#[tokio::test]
async fn every_role_sees_at_every_address_what_is_its_own_and_nothing_else() {
    let scene = Scene::new().await;
    let mut findings = String::new();
    for rule in RULES {
        for asks in ALL {
            for whose in [Whose::Own, Whose::Foreign] {
                // Without braces, both are the same request.
                let is_named = rule.named != NamedThing::Nothing || SAYS_WHAT.contains(&rule.path);
                if !is_named && whose == Whose::Foreign {
                    continue;
                }
                let answer = scene.ask(rule, asks, whose).await;
                if let Some(wrong) = wrong(rule, asks, whose, &answer) {
                    let _ = writeln!(findings, "{wrong}");
                }
            }
        }
    }
    assert!(findings.is_empty(), "{findings}");
}

#[tokio::test]
async fn a_decision_is_read_under_its_own_lead_alone() {
    let scene = Scene::new().await;
    let app = &scene.app;
    let (own, decided) = scene.decided(&scene.ours).await;
    let (_, of_another) = scene.decided(&scene.ours).await;
    let (_, foreign) = scene.decided(&scene.theirs).await;
    let receipt = |decision: DecisionId| format!("/api/v1/leads/{own}/decisions/{decision}");
    let page = |decision: DecisionId| format!("/leads/{own}?decision={decision}");
    for role in [UserRole::Admin, UserRole::Manager, UserRole::Agent] {
        let user = app.user(role, None).await;
        let answer = app.see(&user, &receipt(decided)).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "null"), "{role:?}: it was erased");
        for decision in [of_another, foreign] {
            assert_eq!(app.see(&user, &receipt(decision)).await.problem(), "not-found", "{role:?}");
        }
    }
    // A client's people read the page.
    let broker = app.user(UserRole::Broker, Some(&scene.ours)).await;
    assert_eq!(app.see(&broker, &receipt(decided)).await.problem(), "not-found");
    let broker = app.browser(broker.id).await;
    for (decision, status) in [(decided, 200), (of_another, 404), (foreign, 404)] {
        assert_eq!(app.page(&broker, &page(decision)).await.status.as_u16(), status);
    }
}
