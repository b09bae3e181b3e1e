//! Which leads fit a filter: its conditions once, for every statement that lists or counts by one.
//!
//! The statements are macros because a checked one is known whole when it is compiled. Each has its own order and its own index; a
//! condition that one of them lacked would list other leads than are counted.

use jiff_sqlx::ToSqlx;
use ripen_domain::{id::SourceId, lead::Channel};
use uuid::Uuid;

use crate::{
    Scope,
    lead::lead_filter::{GradeFilter, LeadFilter},
};

/// What the conditions are given: `$1` to `$11` of all statements, and `$12` to `$14` of those that look at steps.
pub(super) struct FitArguments {
    pub client: Option<Uuid>,
    pub stages: Option<Vec<String>>,
    pub grade: Option<&'static str>,
    pub source: Option<Uuid>,
    pub channel: Option<&'static str>,
    pub from: Option<jiff_sqlx::Timestamp>,
    pub to: Option<jiff_sqlx::Timestamp>,
    pub is_untouched: bool,
    /// Only these, where those that fit are among them for certain.
    pub among: Option<Vec<Uuid>>,
    pub is_with_client: bool,
    pub program: Option<String>,
    pub due_from: Option<jiff_sqlx::Timestamp>,
    pub due_before: Option<jiff_sqlx::Timestamp>,
    pub is_agreed: bool,
}

impl FitArguments {
    pub(super) fn new(scope: Scope, filter: &LeadFilter, among: Option<Vec<Uuid>>) -> Self {
        Self {
            client: scope.client_uuid(),
            stages: filter.stage_words(),
            grade: filter.grade.map(GradeFilter::word),
            source: filter.source.map(SourceId::uuid),
            channel: filter.channel.map(Channel::word),
            from: filter.from.map(ToSqlx::to_sqlx),
            to: filter.to.map(ToSqlx::to_sqlx),
            is_untouched: filter.is_untouched,
            among,
            is_with_client: filter.is_with_client,
            program: filter.program.clone(),
            due_from: filter.due_from.map(ToSqlx::to_sqlx),
            due_before: filter.due_before.map(ToSqlx::to_sqlx),
            is_agreed: filter.is_agreed,
        }
    }
}

/// A statement on leads `l`: how it begins, up to an `and`; how it ends; the arguments of its conditions; and its own, from `$12`.
macro_rules! query_fitting {
    ([$($begins:tt)+], [$ends:tt], $fits:expr $(, $own:expr)* $(,)?) => {
        sqlx::query_scalar!(
            $($begins +)+ "
            ($2::text[] is null or l.stage = any($2)) and ($3::text is null or coalesce(l.grade, 'none') = $3)
              and ($4::uuid is null or l.source_id = $4) and ($5::text is null or l.channel = $5)
              and ($6::timestamptz is null or l.last_arrived_at >= $6) and ($7::timestamptz is null or l.last_arrived_at < $7)
              and (not $8 or l.touches = 0)
              and ($11::text is null or l.program_id = (select g.id from program g where g.name = $11))
              and ($9::uuid[] is null or l.id = any($9))
              and (not $10 or l.matured_at is not null and l.stage in ('lead', 'contact', 'opportunity')
                     and (l.returned_at is null or l.matured_at >= l.returned_at)
                     and (l.grade = 'A' or lead_is_handed_over(l.id, l.matured_at, l.returned_at, l.recalled_at)))
            " + $ends,
            $fits.client,
            $fits.stages.as_deref(),
            $fits.grade,
            $fits.source,
            $fits.channel,
            $fits.from as Option<jiff_sqlx::Timestamp>,
            $fits.to as Option<jiff_sqlx::Timestamp>,
            $fits.is_untouched,
            $fits.among.as_deref(),
            $fits.is_with_client,
            $fits.program.as_deref()
            $(, $own)*
        )
    };
}
pub(super) use query_fitting;

/// The same on the earliest steps `p` of leads. It begins up to an `and` or a `where`; its own arguments are from `$15`.
macro_rules! query_fitting_steps {
    ($begins:tt, $ends:tt, $fits:expr $(, $own:expr)* $(,)?) => {
        $crate::lead::fitting::query_fitting!(
            [
                $begins
                "
            p.state in ('scheduled', 'work') and ($1::uuid is null or p.client_id = $1)
              and ($12::timestamptz is null or coalesce(p.due_at, '9999-12-30 00:00:00+00') >= $12)
              and ($13::timestamptz is null or coalesce(p.due_at, '9999-12-30 00:00:00+00') < $13)
              and (not $14 or (p.agreed and p.due_at > p.created_at))
              and not exists (select from promise e where e.lead_id = p.lead_id and e.state in ('scheduled', 'work')
                                and (coalesce(e.due_at, '9999-12-30 00:00:00+00'), e.generation)
                                  < (coalesce(p.due_at, '9999-12-30 00:00:00+00'), p.generation) offset 0)
              and "
            ],
            [$ends],
            $fits,
            $fits.due_from as Option<jiff_sqlx::Timestamp>,
            $fits.due_before as Option<jiff_sqlx::Timestamp>,
            $fits.is_agreed
            $(, $own)*
        )
    };
}
pub(super) use query_fitting_steps;

/// The same for a page of leads in an order of their own: its name, where the page begins, and how it is ordered. Its own arguments are
/// from `$15`, which says whether steps are looked at.
macro_rules! query_fitting_page {
    ($name:tt, $behind:tt, $ends:tt, $fits:expr $(, $own:expr)* $(,)?) => {
        $crate::lead::fitting::query_fitting!(
            [
                $name
                "
            select l.id from lead l
            left join lateral (select p.due_at, p.agreed, p.created_at from promise p where p.lead_id = l.id and p.state in ('scheduled', 'work')
                               order by coalesce(p.due_at, '9999-12-30 00:00:00+00'), p.generation limit 1) p on $15
            where ($1::uuid is null or l.client_id = $1) and "
                $behind
                "
              and ($3::text is distinct from 'none' or l.decision_id is null)
              and ($12::timestamptz is null or p.due_at >= $12) and ($13::timestamptz is null or p.due_at < $13)
              and (not $14 or coalesce(p.agreed and p.due_at > p.created_at, false))
              and "
            ],
            [$ends],
            $fits,
            $fits.due_from as Option<jiff_sqlx::Timestamp>,
            $fits.due_before as Option<jiff_sqlx::Timestamp>,
            $fits.is_agreed
            $(, $own)*
        )
    };
}
pub(super) use query_fitting_page;
