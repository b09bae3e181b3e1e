//! `/leads.csv`: exactly the list that a page shows, for a spreadsheet.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use ripen_actions::{Refusal, lead_list, lead_search};
use ripen_domain::desk::{NextCall, NextWork};
use ripen_store::lead::list::ListedLead;

use super::{asked::AskedLeads, next_step::before_step, own_work::LeadsReader, query::LeadsQuery, shown};
use crate::{
    context::DeskContext,
    people::{
        points::{hides_points, withhold_points},
        refused::refused,
        viewer::Viewer,
        work::next::blocked_in_words,
    },
};

/// A file has no more rows; where a list has more, its header says so.
pub const MOST_ROWS: usize = 10_000;
/// Rows that are read at once.
const AT_ONCE: u32 = 1_000;

const HEADER: [&str; 16] = [
    "lead",
    "client",
    "program",
    "name",
    "phone",
    "email",
    "stage",
    "closed_reason",
    "grade",
    "score",
    "next_step",
    "next_step_at",
    "source",
    "channel",
    "arrivals",
    "last_arrived_at",
];

/// The list as a file.
#[utoipa::path(get, path = "/leads.csv", operation_id = "download_leads", tag = "pages", params(LeadsQuery),
    responses(
        (status = 200, description = "Rows as RFC 4180 has them, at most 10,000; `x-ripen-rows` says `whole` or `cut`. Cells that a \
                                      spreadsheet would compute begin with an apostrophe.", content_type = "text/csv", body = String),
        (status = 303, description = "Nobody is signed in: to the form to sign in."),
        (status = 400, description = "A filter cannot be read, is given twice, needs another one, or contradicts one.", content_type = "text/html", body = String),
        (status = 422, description = "There is no such client.", content_type = "text/html", body = String),
    ))]
pub async fn download(State(context): State<DeskContext>, viewer: Viewer, asked: AskedLeads) -> Response {
    let query = match asked.sound() {
        Ok(query) => query,
        Err(problem) => return problem.into_response(),
    };
    match rows(&context, &viewer, &query).await {
        Ok((text, is_whole)) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
                (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"leads.csv\"")),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                (
                    header::HeaderName::from_static("x-ripen-rows"),
                    HeaderValue::from_static(if is_whole { "whole" } else { "cut" }),
                ),
            ];
            (headers, text).into_response()
        }
        Err(refusal) => refused(&refusal).into_response(),
    }
}

/// The file, and whether every row is in it.
async fn rows(context: &DeskContext, viewer: &Viewer, query: &LeadsQuery) -> Result<(String, bool), Refusal> {
    let (mut text, now) = (String::new(), context.clock.now());
    line(&mut text, HEADER.map(str::to_owned));
    if !query.q.trim().is_empty() {
        let mut found = lead_search::search(&context.actions, &viewer.actor, &query.q).await?;
        withhold_points(context, viewer, &mut found.leads);
        found.leads.iter().for_each(|lead| line(&mut text, cells(lead, now)));
        return Ok((text, !found.has_more));
    }
    let query = if hides_points(context, viewer) { query.without_points() } else { query.clone() };
    let mut wanted = query.meant(&LeadsReader::of(viewer, now));
    wanted.after = None;
    wanted.limit = AT_ONCE;
    let mut written = 0;
    loop {
        let mut page = lead_list::list(&context.actions, &viewer.actor, &wanted).await?;
        withhold_points(context, viewer, &mut page.leads);
        page.leads.iter().for_each(|lead| line(&mut text, cells(lead, now)));
        written += page.leads.len();
        let Some(next) = page.next else { return Ok((text, true)) };
        if written >= MOST_ROWS {
            return Ok((text, false));
        }
        wanted.after = Some(next);
    }
}

fn cells(lead: &ListedLead, now: Timestamp) -> [String; 16] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (step, step_at) = step_cells(lead, now);
    [
        lead.id.to_string(),
        lead.client.clone(),
        lead.program.clone(),
        text(&lead.name),
        text(&lead.phone),
        text(&lead.email),
        lead.stage.word().to_owned(),
        text(&lead.closed),
        lead.grade.map(|grade| grade.word().to_owned()).unwrap_or_default(),
        lead.score.map(|score| score.to_string()).unwrap_or_default(),
        step,
        step_at.map(|at| at.to_string()).unwrap_or_default(),
        lead.source_name.clone(),
        lead.channel.word().to_owned(),
        lead.arrivals.to_string(),
        lead.last_arrived_at.to_string(),
    ]
}

/// What is next, and when: of what nothing stands against, now.
fn step_cells(lead: &ListedLead, now: Timestamp) -> (String, Option<Timestamp>) {
    match before_step(lead, now) {
        Some(NextWork::Now) => (NextCall::Call.name().to_owned(), Some(now)),
        Some(NextWork::At(opening)) => (opening.what.name().to_owned(), Some(opening.at)),
        Some(NextWork::Blocked { gate, words }) => (blocked_in_words(*gate, words), None),
        None => match &lead.step {
            Some(step) => (shown::what(step).to_owned(), step.due_at),
            None => (String::new(), None),
        },
    }
}

fn line<const N: usize>(text: &mut String, cells: [String; N]) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&quoted(cell));
    }
    text.push_str("\r\n");
}

/// A cell that no spreadsheet computes: a stranger who writes their name as a formula must not read the file with it.
fn quoted(cell: &str) -> String {
    // A number with a plus is a telephone's, which a spreadsheet would round.
    let is_number = !cell.starts_with('+') && cell.parse::<i64>().is_ok();
    let is_formula = !is_number
        && cell
            .trim_start()
            .starts_with(['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}']);
    let is_formula = is_formula || cell.starts_with(['\t', '\r', '\n']);
    let safe = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    let needs_quotes = safe.contains([',', '"', '\r', '\n', ';', '\'']);
    if needs_quotes { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_stranger_wrote_is_computed() {
        for formula in ["=HYPERLINK(1)", "+1+2", "-2+3", "@SUM(1)", " =1", "\t=1", "\r=1", "＝1", "+14155550133"] {
            let cell = quoted(formula);
            assert!(cell.trim_start_matches('"').starts_with('\''), "{formula:?}: {cell}");
        }
        assert_eq!(quoted("-5"), "-5", "a number is one");
        assert_eq!(quoted("Casey"), "Casey");
        assert_eq!(quoted("a,\"b\"\nc"), "\"a,\"\"b\"\"\nc\"");
    }
}
