//! What stands around every page of the desk: the rail with what this role may see, the top bar with the search, whether the page is
//! live, and the menu of whoever is signed in. Around it stands the one shell of all pages, which also says what a page may load.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use ripen_domain::actor::UserRole;
use ripen_web::page::{Layout, Page, PageScript, StyleSheet};

use super::viewer::Viewer;

/// Pages name it by its short name.
pub use self::RailPlace as Place;

/// A place of the rail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RailPlace {
    /// The next lead.
    Work,
    /// All leads.
    Leads,
    /// What waits, and who works.
    Queues,
    /// Who signs in.
    Users,
    /// Who changed what.
    Audit,
    /// One's own account.
    Account,
    /// None of the rail.
    Elsewhere,
}

/// A place as the rail shows it.
struct RailItem {
    place: Place,
    /// Where it leads.
    href: &'static str,
    /// What it says.
    text: &'static str,
    /// The letter after `g`.
    key: char,
    /// Who sees it.
    roles: &'static [UserRole],
    /// The drawing of its icon, on 16 by 16.
    icon: &'static str,
}

const STAFF: &[UserRole] = &[UserRole::Admin, UserRole::Manager, UserRole::Agent];
const MANAGERS: &[UserRole] = &[UserRole::Admin, UserRole::Manager];

const RAIL: [RailItem; 5] = [
    RailItem {
        place: Place::Work,
        href: "/work",
        text: "Work",
        key: 'w',
        roles: STAFF,
        icon: "M3 3h3l1 3-2 1a8 8 0 0 0 4 4l1-2 3 1v3a1 1 0 0 1-1 1A10 10 0 0 1 2 4a1 1 0 0 1 1-1z",
    },
    RailItem {
        place: Place::Leads,
        href: "/leads",
        text: "Leads",
        key: 'l',
        roles: &[UserRole::Admin, UserRole::Manager, UserRole::Agent, UserRole::Broker],
        icon: "M2 4h12M2 8h12M2 12h8",
    },
    RailItem {
        place: Place::Queues,
        href: "/queues",
        text: "Queues",
        key: 'q',
        roles: MANAGERS,
        icon: "M8 2 2 5l6 3 6-3zM2 8l6 3 6-3M2 11l6 3 6-3",
    },
    RailItem {
        place: Place::Users,
        href: "/users",
        text: "Users",
        key: 'u',
        roles: MANAGERS,
        icon: "M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 14a6 6 0 0 1 12 0",
    },
    RailItem {
        place: Place::Audit,
        href: "/audit",
        text: "Audit",
        key: 'a',
        roles: MANAGERS,
        icon: "M3 2h7l3 3v9H3zM5 8h6M5 11h6",
    },
];

/// Whether `g` and this letter lead somebody of this role anywhere.
pub fn leads_to(role: UserRole, letter: &str) -> bool {
    RAIL.iter().any(|item| letter.chars().eq([item.key]) && item.roles.contains(&role))
}

/// A page of the desk.
pub struct DeskPage<'a, Content: Template> {
    /// What the browser's tab says before " · Ripen".
    pub title: &'a str,
    /// Where in the rail.
    pub place: Place,
    /// Who reads it.
    pub viewer: &'a Viewer,
    /// What is typed in the search.
    pub query: &'a str,
    /// The content: templates escape what they are given, so it stands as it is.
    pub content: Content,
}

/// What a page of the desk has beside its content.
#[derive(Template)]
#[template(path = "people/frame.html")]
struct FrameTemplate<'a, Content: Template> {
    place: Place,
    viewer: &'a Viewer,
    query: &'a str,
    csrf: &'a str,
    items: Vec<&'static RailItem>,
    content: Content,
}

impl<Content: Template> DeskPage<'_, Content> {
    /// The page as an answer.
    #[must_use]
    pub fn response(self, status: StatusCode) -> Response {
        let csrf = self.viewer.csrf();
        let content = FrameTemplate {
            place: self.place,
            viewer: self.viewer,
            query: self.query,
            csrf: &csrf,
            items: RAIL.iter().filter(|item| item.roles.contains(&self.viewer.role())).collect(),
            content: self.content,
        };
        let script =
            PageScript { address: super::assets::SCRIPT.address(), csrf: Some(&csrf), theme: self.viewer.theme };
        page(self.title, Layout::Framed, script, content, status)
    }
}

/// What a page has beside its content that whoever is not signed in sees.
#[derive(Template)]
#[template(path = "people/alone.html")]
struct AloneTemplate<Content: Template> {
    content: Content,
}

/// A page without the rail, as an answer.
pub fn alone<Content: Template>(title: &str, content: Content, status: StatusCode) -> Response {
    let script = PageScript { address: super::assets::SCRIPT.address(), csrf: None, theme: "" };
    page(title, Layout::Alone, script, AloneTemplate { content }, status)
}

fn page(title: &str, layout: Layout, script: PageScript<'_>, content: impl Template, status: StatusCode) -> Response {
    let title = &format!("{title} · Ripen");
    let style = StyleSheet::At(super::assets::STYLE.address());
    let script = Some(script);
    Page { title, header: &[], header_link: None, style, script, layout, is_indexed: false, content }.response(status)
}
