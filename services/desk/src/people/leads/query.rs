//! The address of a list of leads: its view, its filters and its order, read and written again, so that a link is a list.

use jiff::{ToSpan as _, civil::Date};
use ripen_actions::lead_list::LeadQuery;
use ripen_domain::{
    id::SourceId,
    lead::{Channel, Stage},
};
use ripen_store::lead::list::{GradeFilter, LeadCursor, LeadFilter, LeadOrder};
use ripen_web::extract::NamedFields;
use serde::Deserialize;
use serde_html_form::de::empty_as_none;

use super::{
    choices::{GradeChoice, LeadView, SortChoice, StepChoice, has_stage, stages_of},
    own_work::{DayChoice, FollowedChoice, HowChoice, LeadsReader, WorkerChoice, promised, touched},
    page_mark::PageMark,
};

/// Leads on a page.
pub const ON_A_PAGE: u32 = 50;

/// What an address of a list asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LeadsQuery {
    /// Anything: a name, a mail address, a number in any format, words of a note, an id. It looks through all leads: a view or a filter
    /// beside it is refused.
    #[serde(default)]
    pub q: String,
    /// The view; `open` where missing.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub view: Option<LeadView>,
    /// Of one client: its slug.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub client: Option<String>,
    /// Of this program, by its name.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub program: Option<String>,
    /// Of this grade.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub grade: Option<GradeChoice>,
    /// Of this stage.
    #[serde(default, deserialize_with = "empty_as_none")]
    #[param(value_type = Option<String>)]
    pub stage: Option<Stage>,
    /// Whose first arrival came from this source.
    #[serde(default, deserialize_with = "empty_as_none")]
    #[param(value_type = Option<String>)]
    pub source: Option<SourceId>,
    /// That came by this channel.
    #[serde(default, deserialize_with = "empty_as_none")]
    #[param(value_type = Option<String>)]
    pub channel: Option<Channel>,
    /// What is asked of the next step.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub promise: Option<StepChoice>,
    /// Only those that nobody touched.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub untouched: Option<bool>,
    /// Only those of which something is held back.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub held: Option<bool>,
    /// Whose last arrival came on this day or later.
    #[serde(default, deserialize_with = "empty_as_none")]
    #[param(value_type = Option<String>, example = "2026-09-01")]
    pub from: Option<Date>,
    /// Whose last arrival came on this day or before.
    #[serde(default, deserialize_with = "empty_as_none")]
    #[param(value_type = Option<String>, example = "2026-11-24")]
    pub to: Option<Date>,
    /// That the reader touched: `me`.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub touched_by: Option<WorkerChoice>,
    /// That the reader promised to call: `me`.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub promised_by: Option<WorkerChoice>,
    /// On which days they did, or promised it for; today where missing. With `touched_by` or `promised_by`.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub on: Option<DayChoice>,
    /// How those touches went: a disposition, or `spoke` for every conversation. With `touched_by`.
    #[serde(default, deserialize_with = "empty_as_none")]
    #[param(value_type = Option<String>, example = "answered")]
    pub how: Option<HowChoice>,
    /// What followed from them. With `touched_by`.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub then: Option<FollowedChoice>,
    /// The order; that of the view where missing, and for `points` from agents whom points are hidden from.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub sort: Option<SortChoice>,
    /// The `next` of the page before.
    #[serde(default, deserialize_with = "empty_as_none")]
    #[param(value_type = Option<String>)]
    pub after: Option<PageMark>,
    /// How many leads the pages before have: a page says which of all it shows. With `after`.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub before: Option<u32>,
}

impl NamedFields for LeadsQuery {
    fn hint(field: &str) -> &'static str {
        match field {
            "view" => "write open, due, late, untouched, ungraded, with_client, closed or all.",
            "grade" => "write A, B, C or none.",
            "stage" => "write lead, contact, opportunity, customer or closed.",
            "source" => "this is no source's id; those begin with source_.",
            "channel" => "write a channel, such as web_form.",
            "promise" => "write late, due or agreed.",
            "untouched" | "held" => "write true, or leave it out.",
            "touched_by" | "promised_by" => "write me, or leave it out.",
            "on" => "write today, yesterday or month.",
            "how" => "write a disposition, such as answered, or spoke.",
            "then" => "write became_a, accepted, returned or closed.",
            "from" | "to" => "write a day, such as 2026-11-24.",
            "sort" => "write next, arrived or points.",
            "before" => "write a number of leads.",
            "after" => "write the next of the page before.",
            _ => "write text.",
        }
    }
}

impl LeadsQuery {
    /// The view that is looked at.
    pub fn view(&self) -> LeadView {
        self.view.unwrap_or_default()
    }

    /// The order that counts.
    pub fn order(&self) -> LeadOrder {
        self.sort.map_or_else(|| self.view().order(), SortChoice::order)
    }

    /// What the store is asked for.
    pub fn meant(&self, reader: &LeadsReader) -> LeadQuery {
        LeadQuery {
            client: self.client.clone(),
            filter: self.filter(self.view(), reader),
            order: self.order(),
            after: self.after.map(|PageMark(cursor)| cursor),
            limit: ON_A_PAGE,
        }
    }

    /// Which leads another view would show under the same filters.
    pub fn filter(&self, view: LeadView, reader: &LeadsReader) -> LeadFilter {
        let (now, zone) = (reader.now, &reader.zone);
        let on = self.on.unwrap_or_default();
        let day = |date: Date| date.to_zoned(zone.clone()).map(|begin| begin.timestamp()).ok();
        let after = |date: Date| date.checked_add(1.day()).ok().and_then(day);
        let tonight = after(now.to_zoned(zone.clone()).date());
        let mut filter = LeadFilter {
            stages: self.stage.map_or_else(|| stages_of(view), |stage| vec![stage]),
            is_empty: self.stage.is_some_and(|stage| !has_stage(view, stage)),
            grade: self.grade.map(GradeChoice::filter),
            program: self.program.clone(),
            source: self.source,
            channel: self.channel,
            from: self.from.and_then(day),
            to: self.to.and_then(after),
            is_agreed: self.promise == Some(StepChoice::Agreed),
            is_untouched: self.untouched == Some(true) || view == LeadView::Untouched,
            is_held: self.held == Some(true),
            is_with_client: view == LeadView::WithClient,
            due_from: None,
            due_before: None,
            touched: self.touched_by.map(|_| touched(reader, on, (self.how, self.then))),
            promised: self.promised_by.map(|_| promised(reader, on)),
        };
        if view == LeadView::Ungraded {
            filter.grade = Some(GradeFilter::Undecided);
        }
        if view == LeadView::Late || self.promise == Some(StepChoice::Late) {
            filter.due_before = Some(now);
        } else if view == LeadView::Due || self.promise == Some(StepChoice::Due) {
            filter.due_before = tonight;
        }
        filter
    }

    /// The same in another view, from its beginning.
    pub fn in_view(&self, view: LeadView) -> Self {
        Self { view: Some(view), sort: None, ..self.first_page() }
    }

    /// The same in another order, from its beginning.
    pub fn sorted(&self, sort: SortChoice) -> Self {
        Self { sort: Some(sort), ..self.first_page() }
    }

    /// The same behind a page of so many that ended there.
    pub fn behind(&self, mark: LeadCursor, shown: usize) -> Self {
        let before = self.before().saturating_add(u32::try_from(shown).unwrap_or(u32::MAX));
        Self { after: Some(PageMark(mark)), before: Some(before), ..self.clone() }
    }

    /// The same for who reads no points: an order by them would tell them.
    pub fn without_points(&self) -> Self {
        match self.sort {
            Some(SortChoice::Points) => Self { sort: None, ..self.first_page() },
            _ => self.clone(),
        }
    }

    /// The same from its beginning.
    pub fn first_page(&self) -> Self {
        Self { after: None, before: None, ..self.clone() }
    }

    /// How many leads are said to stand before this page; none before the first.
    pub fn before(&self) -> u32 {
        self.after.and(self.before).unwrap_or(0)
    }

    /// The view without filters.
    pub fn bare(&self) -> Self {
        Self { view: self.view, sort: self.sort, ..Self::default() }
    }

    /// Its address under a path.
    pub fn address(&self, path: &str) -> String {
        let query = self.query();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    /// The query of its address.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let mut pair = |name: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                query.append_pair(name, &value);
            }
        };
        pair("q", Some(self.q.clone()));
        pair("view", self.view.map(|view| view.word().to_owned()));
        pair("client", self.client.clone());
        pair("program", self.program.clone());
        pair("grade", self.grade.map(|grade| grade.filter().word().to_owned()));
        pair("stage", self.stage.map(|stage| stage.word().to_owned()));
        pair("source", self.source.map(|source| source.to_string()));
        pair("channel", self.channel.map(|channel| channel.word().to_owned()));
        pair("promise", self.promise.map(|promise| promise.word().to_owned()));
        pair("untouched", self.untouched.map(|yes| yes.to_string()));
        pair("held", self.held.map(|yes| yes.to_string()));
        pair("from", self.from.map(|day| day.to_string()));
        pair("to", self.to.map(|day| day.to_string()));
        pair("touched_by", self.touched_by.map(|who| who.word().to_owned()));
        pair("promised_by", self.promised_by.map(|who| who.word().to_owned()));
        pair("on", self.on.map(|day| day.word().to_owned()));
        pair("how", self.how.map(|how| how.word().to_owned()));
        pair("then", self.then.map(|then| then.word().to_owned()));
        pair("sort", self.sort.map(|sort| sort.word().to_owned()));
        pair("after", self.after.map(|mark| mark.to_string()));
        pair("before", self.after.and(self.before).map(|n| n.to_string()));
        query.finish()
    }
}

#[cfg(test)]
mod tests {
    use axum::{extract::FromRequestParts as _, http::Request};
    use ripen_domain::id::LeadId;
    use ripen_web::{Problem, extract::Query};

    use super::*;

    async fn read(query: &str) -> Result<LeadsQuery, Problem> {
        let (mut parts, ()) = Request::get(format!("/leads?{query}")).body(()).unwrap().into_parts();
        Query::from_request_parts(&mut parts, &()).await.map(|Query(query)| query)
    }

    #[tokio::test]
    async fn an_address_is_a_list_and_a_list_is_its_address() {
        let address = "view=due&client=acme&program=homes&grade=none&stage=contact&channel=web_form&promise=agreed&untouched=true&held=true&from=2026-09-01&to=2026-09-30&touched_by=me&promised_by=me&on=today&how=spoke&then=became_a&sort=points";
        let query = read(address).await.unwrap();
        assert_eq!(query.address("/leads"), format!("/leads?{address}"));
        assert_eq!(query.chips("").len(), 14);
        assert_eq!(LeadsQuery::default().address("/leads"), "/leads");
        assert_eq!(
            read("view=&client=&grade=&after=").await.unwrap(),
            LeadsQuery::default(),
            "an empty field asks for nothing"
        );
        let mark = PageMark(LeadCursor { at: -7, lead: LeadId::from_uuid(uuid::Uuid::from_u128(9)) });
        let paged = query.behind(mark.0, 50);
        assert_eq!(read(paged.address("/leads").split_once('?').unwrap().1).await.unwrap(), paged);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        for field in [
            "view",
            "grade",
            "stage",
            "source",
            "channel",
            "promise",
            "untouched",
            "from",
            "touched_by",
            "on",
            "how",
            "then",
            "sort",
            "after",
        ] {
            let problem = read(&format!("{field}=nonsense")).await.unwrap_err();
            assert_eq!(problem.errors()[0].pointer, format!("/{field}"));
        }
    }

    #[test]
    fn the_days_of_a_period_are_the_readers() {
        let zone = jiff::tz::TimeZone::get("America/Chicago").unwrap();
        let now = "2026-11-24T16:00:00Z".parse().unwrap();
        let reader = LeadsReader { now, zone, user: ripen_domain::id::UserId::from_uuid(uuid::Uuid::nil()) };
        let query = LeadsQuery {
            from: Some("2026-11-01".parse().unwrap()),
            to: Some("2026-11-02".parse().unwrap()),
            ..LeadsQuery::default()
        };
        let filter = query.filter(LeadView::Due, &reader);
        assert_eq!(filter.from, Some("2026-11-01T05:00:00Z".parse().unwrap()));
        assert_eq!(filter.to, Some("2026-11-03T06:00:00Z".parse().unwrap()), "the last day counts");
        assert_eq!(filter.due_before, Some("2026-11-25T06:00:00Z".parse().unwrap()));
        assert_eq!(query.filter(LeadView::Late, &reader).due_before, Some(now));
    }
}
