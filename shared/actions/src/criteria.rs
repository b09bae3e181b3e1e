//! Criteria: the documents that grade leads. Back-tests decide the past again under a draft; an activation rests on one.

mod past;

use std::sync::Arc;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use ripen_domain::{
    actor::{Actor, Permission},
    criteria::{BacktestReport, Criteria},
    hash::ContentHash,
    id::{CriteriaId, ProgramId},
};
use ripen_store::{
    StoreError,
    client::client_record::ClientRecord,
    criteria::{
        activate::Activation,
        backtest::NewBacktest,
        document::{CriteriaRecord, CriteriaVersionRecord},
    },
    decision::history::Period,
};
use serde_json::json;
use uuid::Uuid;

pub use self::past::{BacktestProgress, HistoryOptions};
use crate::{
    Action, Actions, FieldErrors, Refusal, Work, check,
    work::{AuditChange, permit},
};

/// Makes a document the active version of the program it names. The same document again is the same version.
#[derive(Debug, Clone)]
pub struct ActivateCriteria {
    /// The document.
    pub document: String,
    /// The back-test it rests on. A program's first version needs none, nor does a return to one that was active before.
    pub backtest: Option<Uuid>,
}

/// A version that grades from now on.
#[derive(Debug, Clone)]
pub struct Activated {
    /// The program's name.
    pub program: String,
    /// Counts the program's documents from 1.
    pub version: i32,
}

impl Action for ActivateCriteria {
    type Done = Activated;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<Activated, Refusal> {
        // Read here once for both: the document is checked and the program's name is in it.
        let draft = load(&self.document)?;
        // The program first: the check below must still hold when the version is switched on.
        work.tx.program_lock(draft.name()).await?;
        let versions = work.tx.criteria_versions(draft.name()).await?;
        let mut errors = FieldErrors::default();
        self.check(work, &draft, &versions, &mut errors).await?;
        errors.finish()?;
        let new = Activation {
            program: draft.name(),
            document: &self.document,
            version_id: CriteriaId::from_uuid(work.fresh_id()),
            program_id: ProgramId::from_uuid(work.fresh_id()),
            by: work.actor,
            backtest: self.backtest,
            spread: work.actions.spread,
        };
        let version = work.tx.criteria_activate(&new, work.now).await?;
        // Of the versions as they were read under the lock, before the new one became active.
        let active = versions.iter().find(|version| version.active).map(|version| version.version);
        let after = json!({"version": version, "backtest": self.backtest});
        let change = AuditChange { client: None, before: Some(json!({"version": active})), after: Some(after) };
        work.changed("criteria.activate", draft.name(), change);
        Ok(Activated { program: draft.name().to_owned(), version })
    }
}

impl ActivateCriteria {
    async fn check(
        &self,
        work: &mut Work<'_>,
        draft: &Criteria,
        versions: &[CriteriaVersionRecord],
        errors: &mut FieldErrors,
    ) -> Result<(), Refusal> {
        let Some(id) = self.backtest else {
            let hash = ContentHash::of(self.document.as_bytes());
            // A return to a version that was active once needs no back-test: what it does is known from when it did.
            let returns = versions.iter().any(|version| version.hash == hash.bytes() && version.was_active);
            errors.require(versions.is_empty() || returns, "backtest", "required", || {
                format!(
                    "{} has criteria already: see what these would have done in a back-test, then activate them with it",
                    draft.name()
                )
            });
            return Ok(());
        };
        match work.tx.backtest_hash(work.actor.scope(), id).await? {
            None => errors.add("backtest", "unknown", format!("no back-test {id}")),
            // By the document's hash: a draft that was changed since would rest on a test of another one.
            Some(tested) => errors.require(tested == draft.hash().bytes(), "backtest", "outdated", || {
                format!("back-test {id} was about another document: the document was changed since")
            }),
        }
        Ok(())
    }
}

/// Which part of the past is decided again.
#[derive(Debug, Clone, Default)]
pub struct BacktestRequest {
    /// The draft.
    pub document: String,
    /// One client's leads only: its slug.
    pub client: Option<String>,
    /// Decisions of this day and later, where the client is; in UTC for all clients.
    pub from: Option<Date>,
    /// Decisions up to this day.
    pub to: Option<Date>,
}

/// A back-test that was kept.
#[derive(Debug)]
pub struct BacktestDone {
    /// What an activation names.
    pub id: Uuid,
    /// The program's name.
    pub program: String,
    /// What was found.
    pub report: BacktestReport,
}

/// Decides the past again under a draft, with only what was known then, and keeps what was found.
///
/// The past is read outside of any transaction of ours: that takes minutes where there is much of it. What was found is an action.
///
/// # Errors
/// What cannot be used of the request.
pub async fn backtest(
    actions: &Actions,
    actor: &Actor,
    request: &BacktestRequest,
    reading: &HistoryOptions,
) -> Result<BacktestDone, Refusal> {
    // Before the past is read: that takes minutes.
    permit(actor, Permission::Manage)?;
    let draft = Arc::new(load(&request.document)?);
    let period = period(actions, actor, request, &draft).await?;
    let report = past::through(&actions.store, actor.scope(), &period, reading, {
        let draft = Arc::clone(&draft);
        move |found, one| found.lead(&draft, one.lead, &one.past, one.outcome)
    })
    .await?;
    let keep = KeepBacktest { period, draft, report };
    // An action of its own: it is the only one that writes, and it writes at once.
    let id = actions.run(actor, &keep).await?;
    Ok(BacktestDone { id, program: keep.period.program, report: keep.report })
}

/// What a draft would change for open leads now.
pub async fn preview(
    actions: &Actions,
    actor: &Actor,
    draft: Arc<Criteria>,
    reading: &HistoryOptions,
) -> Result<BacktestReport, Refusal> {
    permit(actor, Permission::Manage)?;
    let all = Period { program: draft.name().to_owned(), ..Period::default() };
    today(actions, actor, draft, all, reading).await
}

/// What a draft would change now for open leads of a program; the period's end does not matter.
pub(crate) async fn today(
    actions: &Actions,
    actor: &Actor,
    draft: Arc<Criteria>,
    leads: Period,
    reading: &HistoryOptions,
) -> Result<BacktestReport, Refusal> {
    let now = actions.clock.now();
    // Everything up to now: what a draft would do today is asked about the leads of today.
    let period = Period { until: now, ..leads };
    past::through(&actions.store, actor.scope(), &period, reading, move |found, one| {
        found.today(&draft, one.lead, &one.past, now)
    })
    .await
}

/// All versions of all programs, newest last.
pub async fn list(actions: &Actions, actor: &Actor) -> Result<Vec<CriteriaRecord>, Refusal> {
    permit(actor, Permission::Manage)?;
    Ok(actions.store.criteria_list().await?)
}

/// A version of a program's; of the only one that has such a version where none is named.
///
/// # Errors
/// When there is none, or where several programs have one.
pub async fn find(
    actions: &Actions,
    actor: &Actor,
    version: i32,
    program: Option<&str>,
) -> Result<CriteriaRecord, Refusal> {
    let mut all = list(actions, actor).await?;
    // All of them are read, because a name may be missing where only one program has the version.
    all.retain(|one| one.version == version && program.is_none_or(|name| one.program == name));
    match all.len() {
        0 => Err(Refusal::field("version", "unknown", format!("no version {version}"))),
        1 => Ok(all.remove(0)),
        _ => {
            let names: Vec<_> = all.iter().map(|one| one.program.as_str()).collect();
            let several = format!("several programs have a version {version}: name one of {}", names.join(", "));
            Err(Refusal::field("program", "required", several))
        }
    }
}

/// The document without mistakes.
fn load(document: &str) -> Result<Criteria, Refusal> {
    let mut errors = FieldErrors::default();
    let loaded = Criteria::load(document);
    // Every mistake at once: a document is mended as a whole.
    for mistake in loaded.as_ref().err().into_iter().flatten() {
        errors.add("document", "invalid", mistake.to_string());
    }
    errors.finish()?;
    match loaded {
        Ok(loaded) => Ok(loaded.criteria),
        Err(_) => Err(Refusal::field("document", "invalid", "the document cannot be read")),
    }
}

async fn period(
    actions: &Actions,
    actor: &Actor,
    request: &BacktestRequest,
    draft: &Criteria,
) -> Result<Period, Refusal> {
    let mut errors = FieldErrors::default();
    let known = actions.store.clients(actor.scope()).await?;
    let client: Option<&ClientRecord> = request.client.as_deref().and_then(|slug| {
        let found = known.iter().find(|client| client.slug == slug);
        errors.require(found.is_some(), "client", "unknown", || check::unknown_client(slug, &known));
        found
    });
    // By the client's own days: a day is where the client is. For all clients there is no such place.
    let zone = client.map_or(Some(TimeZone::UTC), |client| ripen_domain::time::zone(&client.time_zone));
    let zone = zone.ok_or_else(|| StoreError::Corrupt("a client's time zone".to_owned()))?;
    let start = |day: Result<Date, jiff::Error>| -> Result<Timestamp, jiff::Error> {
        Ok(day?.to_zoned(zone.clone())?.timestamp())
    };
    let mut read = |field: &str, day: Option<Result<Date, jiff::Error>>| -> Option<Timestamp> {
        day.and_then(|day| errors.take(field, start(day)))
    };
    let since = read("from", request.from.map(Ok));
    // The day after, so that the whole of the last day counts.
    let until = read("to", request.to.map(Date::tomorrow));
    let versions = actions.store.criteria_list().await?;
    // Nothing to compare with: a first version has no past of its own.
    let has_decided = versions.iter().any(|version| version.program == draft.name());
    errors.require(has_decided, "document", "too_early", || {
        format!("{} has decided nothing yet: its first version needs no back-test", draft.name())
    });
    errors.finish()?;
    Ok(Period {
        program: draft.name().to_owned(),
        client: client.map(|client| client.id),
        since,
        until: until.unwrap_or_else(|| actions.clock.now()),
    })
}

/// Keeps what a back-test found.
struct KeepBacktest {
    period: Period,
    draft: Arc<Criteria>,
    report: BacktestReport,
}

impl Action for KeepBacktest {
    type Done = Uuid;

    const PERMISSION: Permission = Permission::Manage;

    async fn act(&self, work: &mut Work<'_>) -> Result<Uuid, Refusal> {
        let id = work.fresh_id();
        let report = serde_json::to_value(&self.report);
        let new = NewBacktest {
            id,
            period: &self.period,
            hash: self.draft.hash(),
            decisions: i64::try_from(self.report.decisions).unwrap_or(i64::MAX),
            report: report.map_err(|_| StoreError::Failed("a report that is no JSON".to_owned()))?,
            by: work.actor,
        };
        work.tx.backtest_add(work.actor.scope(), &new, work.now).await?;
        let after = json!({"program": self.period.program, "since": self.period.since, "until": self.period.until,
                           "decisions": self.report.decisions, "same": self.report.same});
        let change = AuditChange { client: self.period.client, before: None, after: Some(after) };
        work.changed("criteria.backtest", id, change);
        Ok(id)
    }
}
