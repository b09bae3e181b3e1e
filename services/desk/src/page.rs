//! The pages behind signed links: one column that fits a phone, no script, nothing from elsewhere. Beside them the one that says
//! what answers here.

pub mod frame;
pub mod lead;
pub mod rep;
mod say;
pub mod shown;

use askama::Template;
use axum::{http::StatusCode, response::Response};
use ripen_domain::link::lifetime::LIST_DAYS;
use ripen_web::{
    Problem,
    page::{Layout, Page, StyleSheet},
};

/// Where the style lies.
pub const STYLE_PATH: &str = "/o/style.css";

#[derive(Template)]
#[template(path = "dead_link.html")]
struct DeadLink {
    status: u16,
    title: &'static str,
    why: &'static str,
}

#[derive(Template)]
#[template(path = "trouble.html")]
struct Trouble<'a> {
    problem: &'a Problem,
}

/// What of the process the first page leads to.
#[derive(Debug, Clone, Copy)]
pub struct HomeLinks {
    /// Leads are taken here, and refusals explained.
    pub takes_leads: bool,
    /// Health is told here, and not at an address of its own.
    pub says_health: bool,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    home: HomeLinks,
}

/// What answers here, for whoever opens the address without a path.
pub fn home(home: HomeLinks) -> Response {
    page("Ripen", &["Ripen"], Layout::Alone, Home { home }).response(StatusCode::OK)
}

/// A link that opens nothing: changed on its way, or too old.
pub fn dead(status: StatusCode) -> Response {
    // Forged and cut tokens share one answer: which of them it was would only help somebody who guesses.
    let (title, why) = if status == StatusCode::GONE {
        ("This link has expired", "Links work for 24 months.")
    } else {
        ("This link does not work", "It may have been cut short on its way: open it from the mail again.")
    };
    page(title, &["Ripen"], Layout::Alone, DeadLink { status: status.as_u16(), title, why }).response(status)
}

#[derive(Template)]
#[template(path = "old_link.html")]
struct OldLink {
    /// A new one is on its way.
    is_mailed: bool,
}

/// A link to a rep's page that is too old, with the way to a new one.
pub fn old_link(client: &str, is_mailed: bool) -> Response {
    let status = if is_mailed { StatusCode::OK } else { StatusCode::GONE };
    page("Your open leads", &[client], Layout::Alone, OldLink { is_mailed }).response(status)
}

/// A link that somebody ended, or whose time is over for another reason than its age.
pub fn over() -> Response {
    let title = "This link is over";
    let why = "It was ended. A later mail has a link that works; otherwise ask whoever sent you the lead.";
    let status = StatusCode::GONE;
    page(title, &["Ripen"], Layout::Alone, DeadLink { status: status.as_u16(), title, why }).response(status)
}

/// What could not be carried out.
pub fn trouble(problem: &Problem) -> Response {
    let page = page(problem.kind().title, &["Ripen"], Layout::Alone, Trouble { problem });
    let mut response = page.response(problem.status());
    // `Retry-After` and the like belong to the problem, whichever form it is shown in.
    problem.set_headers(&mut response);
    response
}

/// A page for whoever holds the link.
fn page<'a, Content: Template>(
    title: &'a str,
    header: &'a [&'a str],
    layout: Layout,
    content: Content,
) -> Page<'a, Content> {
    // The address is the credential: a page in a search index would hand it to everybody.
    Page {
        title,
        header,
        header_link: None,
        style: StyleSheet::At(STYLE_PATH),
        script: None,
        layout,
        is_indexed: false,
        content,
    }
}
