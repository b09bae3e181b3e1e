//! What an address of a list asks for, with every parameter that would count for nothing as it stands. Passed over, it would be answered
//! with the whole list, and whoever counts, exports or mails to that list takes it for what was asked.

use std::{borrow::Cow, collections::BTreeSet};

use axum::{extract::FromRequestParts, http::request::Parts};
use ripen_web::{FieldProblem, Problem, catalogue, extract::Query};

use super::{
    choices::{GradeChoice, LeadView},
    query::LeadsQuery,
};

/// The query of a list, and what of it cannot stand as it is.
pub struct AskedLeads {
    /// As it was given.
    given: String,
    /// As far as it can be read; of a parameter that is given twice the last.
    pub query: LeadsQuery,
    /// The parameters that would count for nothing.
    pub wrong: Vec<WrongParameter>,
}

/// A parameter that cannot stand as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongParameter {
    /// Its name.
    pub name: String,
    /// `required` what is missing beside it, `repeated`, or `contradicts`.
    pub code: &'static str,
    /// What to do, as a sentence.
    pub message: String,
}

impl<S: Sync> FromRequestParts<S> for AskedLeads {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(query) = Query::<LeadsQuery>::from_request_parts(parts, state).await?;
        let given = parts.uri.query().unwrap_or_default().to_owned();
        let wrong = wrong_in(&given, &query);
        Ok(Self { given, query, wrong })
    }
}

impl AskedLeads {
    /// The query, for who answers with the list alone.
    ///
    /// # Errors
    /// 400 that names every parameter that would count for nothing.
    pub fn sound(self) -> Result<LeadsQuery, Problem> {
        if self.wrong.is_empty() {
            return Ok(self.query);
        }
        let detail = self.in_words();
        let wrong = self.wrong.into_iter().map(|one| FieldProblem {
            pointer: format!("/{}", one.name).into(),
            code: one.code,
            message: one.message.into(),
        });
        Err(Problem::new(&catalogue::INVALID_PARAMETER, detail).with_errors(wrong.collect()))
    }

    /// The filters, for who answers with nothing but what they come to: a search, the view, the order and the page do not count.
    ///
    /// # Errors
    /// 400 that names every filter that would count for nothing.
    pub fn sound_filters(self) -> Result<LeadsQuery, Problem> {
        let filters = LeadsQuery { q: String::new(), view: None, sort: None, ..self.query.first_page() };
        let mut wrong = wrong_in(&self.given, &filters);
        wrong.retain(|one| !["q", "view", "sort", "after", "before"].contains(&one.name.as_str()));
        Self { wrong, ..self }.sound()
    }

    /// Each with its name; empty where all can stand.
    pub fn in_words(&self) -> String {
        let words = self.wrong.iter().map(|one| format!("{}: {}", one.name, one.message));
        words.collect::<Vec<_>>().join(" ")
    }
}

/// The parameters of a query that would count for nothing, of those that are read of it.
fn wrong_in(given: &str, query: &LeadsQuery) -> Vec<WrongParameter> {
    repeated(given).into_iter().chain(useless(query)).collect()
}

/// What cannot stand of a list that is saved, of which a search and the page are left out: it would be saved as another list than is
/// meant, or be refused whenever it is opened.
pub(super) fn wrong_of_saved(given: &str, list: &LeadsQuery) -> Option<WrongParameter> {
    wrong_in(given, list).into_iter().find(|one| !["q", "after", "before"].contains(&one.name.as_str()))
}

/// Parameters that are given twice: of a link that was put together by hand one of the two is not what is meant, nor nothing.
fn repeated(query: &str) -> Vec<WrongParameter> {
    let given: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let said: BTreeSet<_> = given.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name).collect();
    let is_twice = |name: &&Cow<'_, str>| given.iter().filter(|(other, _)| other == *name).count() > 1;
    let wrong = |name: &Cow<'_, str>| WrongParameter {
        name: name.clone().into_owned(),
        code: "repeated",
        message: "It is given twice: write it once.".to_owned(),
    };
    said.into_iter().filter(is_twice).map(wrong).collect()
}

/// Parameters that count for nothing without another one, or beside it.
fn useless(query: &LeadsQuery) -> Vec<WrongParameter> {
    let mut wrong = Vec::new();
    let mut add = |is_wrong: bool, name: &str, code: &'static str, message: &str| {
        if is_wrong {
            wrong.push(WrongParameter { name: name.to_owned(), code, message: message.to_owned() });
        }
    };
    let no_touches = query.touched_by.is_none();
    let of_touches = "It is asked of somebody's touches: write touched_by=me beside it.";
    add(query.how.is_some() && no_touches, "how", "required", of_touches);
    add(query.then.is_some() && no_touches, "then", "required", of_touches);
    let no_days = no_touches && query.promised_by.is_none();
    let of_days = "It is the day of touches or promises: write touched_by=me or promised_by=me beside it.";
    add(query.on.is_some() && no_days, "on", "required", of_days);
    let no_page = query.before.is_some() && query.after.is_none();
    add(no_page, "before", "required", "It is told beside the mark of a page: write after, too.");
    let is_backwards = query.from.zip(query.to).is_some_and(|(from, to)| from > to);
    add(is_backwards, "from", "contradicts", "It lies behind to: no lead arrived then.");
    let has_grade = query.grade.is_some_and(|grade| grade != GradeChoice::Undecided);
    let is_graded = has_grade && query.view() == LeadView::Ungraded;
    add(is_graded, "grade", "contradicts", "The view has only leads without a grade: write view=all.");
    let is_search = !query.q.trim().is_empty();
    for name in beside_search(query).iter().filter(|_| is_search) {
        add(true, name, "contradicts", "A search looks through all leads: leave q out, or this.");
    }
    wrong
}

/// What stands beside the words of a search. An order changes nothing of what is found.
fn beside_search(query: &LeadsQuery) -> Vec<String> {
    let named = query.query();
    let names = form_urlencoded::parse(named.as_bytes()).map(|(name, _)| name.into_owned());
    names.filter(|name| name != "q" && name != "sort").collect()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn wrong(query: &str) -> Vec<(String, &'static str)> {
        let (mut parts, ()) = Request::get(format!("/leads?{query}")).body(()).unwrap().into_parts();
        let asked = AskedLeads::from_request_parts(&mut parts, &()).await.unwrap();
        asked.wrong.into_iter().map(|one| (one.name, one.code)).collect()
    }

    fn named(expected: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
        expected.iter().map(|(name, code)| ((*name).to_owned(), *code)).collect()
    }

    #[tokio::test]
    async fn what_would_count_for_nothing_is_named() {
        assert_eq!(wrong("then=became_a").await, named(&[("then", "required")]));
        assert_eq!(wrong("how=spoke&on=month").await, named(&[("how", "required"), ("on", "required")]));
        assert_eq!(wrong("grade=A&grade=B").await, named(&[("grade", "repeated")]));
        assert_eq!(wrong("grade=B&grade=").await, named(&[("grade", "repeated")]));
        assert_eq!(wrong("from=2027-01-01&to=2026-01-01").await, named(&[("from", "contradicts")]));
        assert_eq!(wrong("view=ungraded&grade=A").await, named(&[("grade", "contradicts")]));
        assert_eq!(wrong("q=nora&grade=B&view=all").await, named(&[("view", "contradicts"), ("grade", "contradicts")]));
        assert_eq!(wrong("before=50").await, named(&[("before", "required")]));
    }

    #[tokio::test]
    async fn what_counts_can_stand() {
        for sound in [
            "",
            "q=nora",
            "q=nora&sort=points",
            "q=&grade=B&held=",
            "grade=&grade=",
            "touched_by=me&on=month&how=spoke&then=became_a",
            "promised_by=me&on=today",
            "from=2026-01-01&to=2026-01-01",
            "view=ungraded&grade=none",
        ] {
            assert_eq!(wrong(sound).await, named(&[]), "{sound}");
        }
    }

    #[tokio::test]
    async fn where_the_filters_alone_count_they_alone_can_be_wrong() {
        for (query, is_sound) in [
            ("q=nora&grade=B", true),
            ("view=ungraded&grade=A&sort=points&before=50", true),
            ("view=late&view=due", true),
            ("then=became_a", false),
            ("grade=A&grade=B", false),
            ("q=nora&from=2027-01-01&to=2026-01-01", false),
        ] {
            let (mut parts, ()) = Request::get(format!("/leads?{query}")).body(()).unwrap().into_parts();
            let asked = AskedLeads::from_request_parts(&mut parts, &()).await.unwrap();
            assert_eq!(asked.sound_filters().is_ok(), is_sound, "{query}");
        }
    }
}
