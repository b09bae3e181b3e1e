//! What mails in HTML have in common beside their shell: the links that look like buttons, and how a template is written.

use askama::Template;
use ripen_domain::contact_link::Way;

/// A link that looks like a button.
pub(crate) struct MailButton {
    pub(crate) link: String,
    pub(crate) text: String,
}

impl MailButton {
    pub(crate) fn new(link: &str, text: &str) -> Self {
        Self { link: link.to_owned(), text: text.to_owned() }
    }

    /// To call; or the number as text, where it cannot be dialled.
    pub(crate) fn call(phone: Option<Way>) -> (Option<Self>, Option<String>) {
        match phone {
            Some(Way { shown, link: Some(link) }) => (Some(Self { link, text: format!("Call {shown}") }), None),
            Some(Way { shown, link: None }) => (None, Some(shown)),
            None => (None, None),
        }
    }
}

/// A template as text. Writing to a string fails only where a value's `Display` does, and texts and numbers never do.
pub(crate) fn written(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}
