//! Inputs from real life through the served binary: spreadsheets, form plug-ins, vendors' exports. One module per group, with
//! the inputs in the tests; what is right is said by each test's name.
//!
//! [`Front`] is what they share: a client in the United States by Chicago's clock, graded by `deploy/criteria/web-enquiry.toml`,
//! with a webhook and an office that gets mails.

use ripen_testkit::{mailbox::ReceivedMail, wait::until};
use serde_json::Value;

use crate::harness::{
    LIMIT,
    process::client,
    scenario::{Plan, Scenario},
};

mod answers;
mod lists;
mod mails;
mod people;
mod phones;
mod places;
mod texts;
mod values;

const CRITERIA: &str = include_str!("../../deploy/criteria/web-enquiry.toml");

/// The scene of a case.
pub struct Front {
    pub scenario: Scenario,
}

/// What a post was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Front {
    /// A client with the criteria for web enquiries.
    pub async fn new() -> Self {
        Self::graded_by(CRITERIA).await
    }

    /// A client with criteria of its own.
    pub async fn graded_by(criteria: &'static str) -> Self {
        Self::served(Plan::new().await.criteria(criteria).always_open()).await
    }

    /// A client whose leads are called from nine to five.
    pub async fn in_calling_hours() -> Self {
        let plan = Plan::new().await.criteria(CRITERIA);
        Self::served(plan.set("CALLING__FROM", "09:00").set("CALLING__TO", "17:00")).await
    }

    async fn served(plan: Plan) -> Self {
        let plan = plan.mail_server();
        let plan = plan.client(&["--time-zone", "America/Chicago"]).webhook("/hook", &[], &[]);
        Self { scenario: plan.office("Office", "office@example.com").serve().await }
    }

    /// Posts a body of some type, or of none.
    pub async fn post_as(&self, content_type: Option<&str>, body: impl Into<Vec<u8>>) -> Answer {
        let request =
            client().post(format!("{}/v1/leads", self.scenario.process.url)).bearer_auth(&self.scenario.source.key);
        let request = request.header("accept", "application/json").body(body.into());
        let request = match content_type {
            Some(content_type) => request.header("content-type", content_type),
            None => request,
        };
        let answer = request.send().await.unwrap();
        Answer { status: answer.status().as_u16(), body: answer.json().await.unwrap_or(Value::Null) }
    }

    /// Posts JSON that must be accepted, and waits until every lead of it is stored: what their senders may know, in order.
    pub async fn post(&self, body: &str) -> Vec<Value> {
        self.accepted(self.post_as(Some("application/json"), body).await).await
    }

    /// Imports a list beside the served binary; its report.
    pub async fn import(&self, name: &str, content: &str) -> Value {
        let Scenario { installation, source, process, .. } = &self.scenario;
        let path = installation.folder().join(name);
        std::fs::write(&path, content).unwrap();
        let beside = ["import", path.to_str().unwrap(), "--server", &process.url, "--key-env", "KEY", "--json"];
        let output = installation.command(&beside).env("KEY", &source.key).output().await.unwrap();
        let words = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {words}"))
    }

    /// Posts a form that must be accepted, and waits until it is stored.
    pub async fn post_form(&self, body: &str) -> Value {
        let answer = self.post_as(Some("application/x-www-form-urlencoded"), body).await;
        self.accepted(answer).await.remove(0)
    }

    /// Waits until what an answer accepted is stored.
    pub async fn accepted(&self, answer: Answer) -> Vec<Value> {
        assert_eq!(answer.status, 202, "{:?}", answer.body);
        let ids: Vec<_> = match answer.body["results"].as_array() {
            Some(results) => results.iter().map(|one| text(&one["arrival"])).collect(),
            None => vec![text(&answer.body["arrival"])],
        };
        let mut stored = Vec::new();
        for id in ids {
            stored.push(until("the arrival is stored", LIMIT, || self.arrival(&id)).await);
        }
        stored
    }

    /// What the sender may know of an arrival, once it is stored.
    pub async fn arrival(&self, id: &str) -> Option<Value> {
        let url = format!("{}/v1/arrivals/{id}", self.scenario.process.url);
        let answer = client().get(url).bearer_auth(&self.scenario.source.key).send().await.ok()?;
        if answer.status().as_u16() == 200 { answer.json().await.ok() } else { None }
    }

    /// `lead show` of the lead that a stored arrival is on.
    pub async fn lead(&self, arrival: &Value) -> Value {
        self.scenario.installation.json(&["lead", "show", &text(&arrival["lead"])]).await
    }

    /// The stored submission of an arrival.
    pub async fn submission(&self, arrival: &Value) -> Value {
        let id = text(&arrival["arrival"]).parse::<ripen_domain::id::ArrivalId>().unwrap().uuid();
        let sql = "select submission::text from arrival where id = $1";
        let stored: String =
            sqlx::query_scalar(sql).bind(id).fetch_one(self.scenario.installation.pool()).await.unwrap();
        serde_json::from_str(&stored).unwrap()
    }

    /// The `data` of the webhook that handed a lead over, once it came.
    pub async fn payload(&self, arrival: &Value) -> Value {
        until("the lead is delivered", LIMIT, || async {
            let received = self.scenario.receiver.received();
            let mut bodies = received.iter().map(|request| request.json());
            bodies.find(|body| body["data"]["lead"]["id"] == arrival["lead"]).map(|body| body["data"].clone())
        })
        .await
    }
}

/// The text of a JSON value.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}

/// A mail as it is read: the marks of its encoding taken away.
pub fn unquoted(mail: &ReceivedMail) -> String {
    let joined = mail.data.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_str();
    while let Some((before, after)) = rest.split_once('=') {
        bytes.extend(before.bytes());
        let code = after.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(code.unwrap_or(b'='));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    bytes.extend(rest.bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
