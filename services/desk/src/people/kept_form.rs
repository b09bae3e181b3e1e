//! What somebody typed into a form and posted when their session was over: it stands in the form to sign in, field by field, and is
//! offered to be sent again once they are signed in. Without a script nothing else has it any more.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    body::Body,
    http::{Method, StatusCode, request::Parts},
    response::Response,
};
use ripen_domain::{id::LeadId, secret::Secret};
use ripen_web::body::{self, BodyLimits};

use super::{
    csrf_token::token_of, errors::wants_html, frame::alone, letters::capital, viewer::is_of_this_origin,
    work::history::in_words,
};

/// The field of forms that names their session: it is the new one's when the form is sent again.
const CSRF: &str = "csrf";
/// Before the names of what was typed, in the form to sign in.
const KEPT: &str = "kept.";
/// Where it was sent to.
const SENT_TO: &str = "sent_to";
/// Forms in which people write what nobody else has. Not among them: passwords.
const KEPT_OF: [&str; 2] = ["/work/", "/leads/"];
/// Of what a form may have, so much is kept: the form to sign in carries it, under longer names.
const KEPT_PART: usize = 2;

/// A form that was posted too late.
#[derive(Clone, Default)]
pub struct KeptForm {
    /// The path it was sent to; empty for none.
    pub sent_to: String,
    /// What was typed, by field.
    pub fields: BTreeMap<String, String>,
}

/// It has what people wrote about persons.
impl std::fmt::Debug for KeptForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeptForm").field("sent_to", &self.sent_to).finish_non_exhaustive()
    }
}

/// The form to sign in.
#[derive(Template)]
#[template(path = "people/sign_in.html")]
pub struct SignInTemplate<'a> {
    /// Where to go on: a path of this site.
    pub next: &'a str,
    /// As typed.
    pub email: &'a str,
    /// What was wrong.
    pub trouble: &'a str,
    /// What was posted when the session was over.
    pub kept: &'a KeptForm,
    /// It was more than can be kept.
    pub is_too_long: bool,
}

#[derive(Template)]
#[template(path = "people/send_again.html")]
struct SendAgainTemplate<'a> {
    csrf: String,
    kept: &'a KeptForm,
    /// Whom it is about, where that is known.
    who: &'a str,
    typed: Vec<KeptField>,
}

/// What somebody typed or chose.
struct KeptField {
    label: String,
    said: String,
}

/// What forms carry that nobody typed.
const CARRIED: [&str; 12] =
    ["lead", "lease", "touch", "version", "why", "dock", "key", "call", "next", "open", "stop_for", "seen"];

impl KeptForm {
    /// What the form to sign in carries; none of it where it was not sent to a page that keeps what is typed.
    pub fn carried(fields: &BTreeMap<String, String>) -> Self {
        let sent_to = fields.get(SENT_TO).cloned().unwrap_or_default();
        if !is_kept(&sent_to) {
            return Self::default();
        }
        let typed =
            fields.iter().filter_map(|(name, value)| Some((name.strip_prefix(KEPT)?.to_owned(), value.clone())));
        Self { fields: typed.collect(), sent_to }
    }

    /// There is nothing to be sent again.
    pub const fn is_empty(&self) -> bool {
        self.sent_to.is_empty()
    }

    /// The lead that it is about, where it names one: in a field, or in the path.
    pub fn lead(&self) -> Option<LeadId> {
        let in_path = self.sent_to.split('/').nth(2);
        self.fields.get("lead").map(String::as_str).or(in_path)?.parse().ok()
    }

    /// The page that offers to send it again, under a session: about whom it is, and what was typed.
    pub fn send_again(&self, session: &Secret, who: &str) -> Response {
        let content = SendAgainTemplate { csrf: token_of(session), kept: self, who, typed: self.typed() };
        alone("Send it again", content, StatusCode::OK)
    }

    /// What somebody typed or chose, by field. On a lead's page a reason is typed; while it is worked, it is carried.
    fn typed(&self) -> Vec<KeptField> {
        let is_work = self.sent_to.starts_with("/work/");
        let is_typed =
            |name: &str| !CARRIED.contains(&name) && !name.starts_with("asked.") || name == "why" && !is_work;
        let shown = self.fields.iter().filter(|(name, value)| is_typed(name) && !value.trim().is_empty());
        shown.map(|(name, value)| KeptField { label: label(name), said: said(name, value) }).collect()
    }
}

/// `a.timeframe_days` as `Timeframe days`: the answer to a question by its id, since its words are not at hand.
fn label(name: &str) -> String {
    let name = match name {
        "disposition" => "what happened",
        "cb_day" | "cb_date" => "call back on",
        "cb_time" | "cb_clock" => "at",
        "cb_why" => "why then",
        name => name.strip_prefix("a.").unwrap_or(name),
    };
    capital(&name.replace(['_', '.'], " "))
}

fn said(name: &str, value: &str) -> String {
    match name {
        "disposition" => value.parse().map_or_else(|_| value.to_owned(), |one| in_words(one).to_owned()),
        _ => value.to_owned(),
    }
}

fn is_kept(path: &str) -> bool {
    KEPT_OF.iter().any(|start| path.starts_with(start)) && !path.contains(['\\', '?', '#', ':'])
}

/// The form to sign in with what was posted; none where there is nothing to be kept.
pub async fn keeping(parts: &Parts, content: Body, limits: BodyLimits) -> Option<Response> {
    let path = parts.uri.path();
    if parts.method != Method::POST || !is_kept(path) || !wants_html(&parts.headers) {
        return None;
    }
    // Another site's form comes without the cookie, also where somebody is signed in: kept, it would be sent in their name with a
    // token that is right, once they had signed in to what looks like our own form.
    if !is_of_this_origin(&parts.headers) {
        return None;
    }
    let most = limits.bytes / KEPT_PART;
    let bytes = body::read(&parts.headers, content, limits).await.ok()?;
    let typed = form_urlencoded::parse(&bytes).into_owned().filter(|(name, _)| name != CSRF);
    let kept = KeptForm { sent_to: path.to_owned(), fields: typed.collect() };
    if kept.fields.is_empty() {
        return None;
    }
    let is_too_long = bytes.len() > most;
    let kept = if is_too_long { KeptForm::default() } else { kept };
    let content = SignInTemplate { next: "/", email: "", trouble: "", kept: &kept, is_too_long };
    Some(alone("Sign in", content, StatusCode::UNAUTHORIZED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_of_work_are_sent_again_and_only_to_this_site() {
        let carried = |to: &str| {
            let fields = [("kept.note", "call after six"), (SENT_TO, to), ("password", "s3cret")];
            KeptForm::carried(&fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
        };
        let kept = carried("/work/dispose");
        assert_eq!(kept.fields.into_iter().collect::<Vec<_>>(), [("note".to_owned(), "call after six".to_owned())]);
        let typed = |name: &str, to: &str| {
            let fields = [
                ("a.timeframe_days", "30"),
                ("disposition", "no_answer"),
                ("lease", "x"),
                ("note", "call after six"),
                ("why", "Opened by name"),
            ];
            let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let kept = KeptForm { sent_to: to.to_owned(), fields };
            kept.typed().into_iter().find(|one| one.label == name).map(|one| one.said)
        };
        assert_eq!(typed("What happened", "/work/dispose").as_deref(), Some("no answer"));
        assert_eq!(typed("Timeframe days", "/work/dispose").as_deref(), Some("30"));
        assert_eq!((typed("Lease", "/work/dispose"), typed("Why", "/work/dispose")), (None, None), "nobody typed it");
        assert_eq!(typed("Why", "/leads/x/close").as_deref(), Some("Opened by name"));
        for elsewhere in ["", "/account/password", "//evil.example/work/", "https://evil.example/work/", "/work/\\evil"]
        {
            assert!(carried(elsewhere).is_empty(), "{elsewhere}");
        }
    }
}
