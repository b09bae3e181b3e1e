//! What stands around the content of every signed page: whose it is, who sends the leads, and what the link is.

use jiff::{Timestamp, tz::TimeZone};
use ripen_web::page::HeaderLink;

/// Where a page says what to do with somebody else's link.
const NOT_YOU: HeaderLink<'static> = HeaderLink { label: "not you?", href: "#not-you" };

/// Whose page it is.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The firm that runs this installation; empty where it has no name.
    pub firm: String,
    /// The client's name.
    pub client: String,
    /// The link that opened it.
    pub link: PageLink,
}

/// The link that opened a page.
#[derive(Debug, Clone, Default)]
pub struct PageLink {
    /// The rep it was made for; empty where it is for everybody at an address of the client.
    pub reader: String,
    /// The day on which it ends, by the reader's clock; empty where none is told.
    pub until: String,
    /// After that another one is mailed, and nothing is lost.
    pub is_renewed: bool,
}

impl PageLink {
    /// A link for this reader that works until then.
    pub fn of(reader: Option<&str>, until: Timestamp, clock: &TimeZone) -> Self {
        let until = until.to_zoned(clock.clone()).strftime("%-d %B %Y").to_string();
        Self { reader: reader.unwrap_or_default().to_owned(), until, is_renewed: false }
    }
}

impl Frame {
    /// The same of this link.
    pub fn of_link(self, link: PageLink) -> Self {
        Self { link, ..self }
    }

    /// Above the page, the way to what to do with somebody else's link; none where the link is nobody's alone.
    pub fn header_link(&self) -> Option<HeaderLink<'static>> {
        (!self.link.reader.is_empty()).then_some(NOT_YOU)
    }

    /// The last line of a page.
    pub fn footer(&self) -> String {
        let by = if self.firm.is_empty() {
            String::new()
        } else {
            format!("{} sends leads to {}. ", self.firm, self.client)
        };
        format!("{by}This link is yours: whoever has it sees what you see.")
    }

    /// Who ends links, as far as they have a name.
    pub fn sender(&self) -> &str {
        if self.firm.is_empty() { "whoever sends you the leads" } else { &self.firm }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_is_nobodys_alone_asks_nobody_who_they_are() {
        let frame = Frame { firm: String::new(), client: "Acme".to_owned(), link: PageLink::default() };
        assert!(frame.header_link().is_none());
        let until = "2028-11-24T01:00:00Z".parse().unwrap();
        let link = PageLink::of(Some("Rosa Delgado"), until, &TimeZone::get("America/Chicago").unwrap());
        let frame = frame.of_link(link);
        assert_eq!((frame.link.until.as_str(), frame.sender()), ("23 November 2028", "whoever sends you the leads"));
        assert!(frame.header_link().is_some());
    }
}
