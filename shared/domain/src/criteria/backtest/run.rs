//! A back-test: what each past decision would have been under a draft, with only what was known at its instant. Counts
//! only; memory does not grow with the number of decisions.

use std::collections::BTreeMap;

use jiff::{civil::Date, tz::TimeZone};
use serde::Serialize;

use crate::{
    criteria::{
        backtest::past::{DeskFacts, PastDecision, PastLead},
        decision::{decide::qualify, receipt::Cause},
        model::Criteria,
    },
    id::LeadId,
    lead::{Grade, OutcomeKind},
    statistics::{Share, wilson},
};

/// Examples kept of each change of grade.
const EXAMPLES: usize = 3;
/// Width of a score band, in points.
const BAND: i32 = 10;

/// Where a decision leaves a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum BacktestStanding {
    /// Graded A.
    A,
    /// Graded B.
    B,
    /// Graded C.
    C,
    /// Closed.
    #[serde(rename = "closed")]
    Closed,
}

impl BacktestStanding {
    /// As it is shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        ["A", "B", "C", "closed"][self as usize]
    }

    const fn of(grade: Grade, closed: bool) -> Self {
        match grade {
            _ if closed => Self::Closed,
            Grade::A => Self::A,
            Grade::B => Self::B,
            Grade::C => Self::C,
        }
    }

    /// The grade; a closed lead is no A.
    const fn grade(self) -> Grade {
        match self {
            Self::A => Grade::A,
            Self::B => Grade::B,
            Self::C | Self::Closed => Grade::C,
        }
    }
}

/// Where a decision leaves a lead, and with how many points. As JSON the array of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "(BacktestStanding, i32)")]
pub struct ScoredStanding {
    /// Where.
    pub standing: BacktestStanding,
    /// The points.
    pub score: i32,
}

impl From<ScoredStanding> for (BacktestStanding, i32) {
    fn from(scored: ScoredStanding) -> Self {
        (scored.standing, scored.score)
    }
}

/// How many decisions went from one standing to another. As JSON the array of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "(BacktestStanding, BacktestStanding, u64)")]
pub struct StandingFlow {
    /// Under the criteria of the time.
    pub from: BacktestStanding,
    /// Under the draft.
    pub to: BacktestStanding,
    /// How many.
    pub decisions: u64,
}

impl From<StandingFlow> for (BacktestStanding, BacktestStanding, u64) {
    fn from(flow: StandingFlow) -> Self {
        (flow.from, flow.to, flow.decisions)
    }
}

/// One decision that would have been another.
#[derive(Debug, Clone, Serialize)]
pub struct ChangedDecision {
    /// The lead.
    pub lead: LeadId,
    /// The instant.
    pub at: jiff::Timestamp,
    /// What was decided.
    pub from: ScoredStanding,
    /// What the draft says.
    pub to: ScoredStanding,
    /// The draft's reasons.
    pub because: Vec<String>,
}

/// Leads of one client that became A.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ALeads {
    /// Under the criteria of the time.
    pub before: u64,
    /// Under the draft.
    pub after: u64,
    /// On the busiest day, under the criteria of the time.
    pub busiest_before: u64,
    /// On the busiest day, under the draft.
    pub busiest_after: u64,
    /// Days on which at least one did.
    pub days: u64,
    /// What its sales team can take in a day, where that is known.
    pub capacity: Option<u32>,
    /// Days with more than that, under the criteria of the time.
    pub over_before: u64,
    /// Days with more than that, under the draft.
    pub over_after: u64,
}

/// Leads with an outcome, by whether they would have been A.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct GradeChange {
    /// A then, and A under the draft.
    pub kept: u64,
    /// A under the draft only.
    pub gained: u64,
    /// A then only.
    pub lost: u64,
}

/// The share won of leads in one band of the draft's score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScoreBand {
    /// Lowest score in it.
    pub from: i32,
    /// Highest score in it.
    pub to: i32,
    /// Won, of those whose outcome is known.
    pub won: Share,
}

/// What a back-test found.
#[derive(Debug, Clone, Serialize)]
pub struct BacktestReport {
    /// Leads looked at.
    pub leads: u64,
    /// Decisions made again.
    pub decisions: u64,
    /// Decisions that come out the same.
    pub same: u64,
    /// How many went from where to where, but for zeros.
    pub flows: Vec<StandingFlow>,
    /// A leads by client.
    pub a_leads: BTreeMap<String, ALeads>,
    /// Leads that were won.
    pub won: GradeChange,
    /// Leads that the client returned.
    pub returned: GradeChange,
    /// The share won per band of the draft's score, for leads with an outcome.
    pub bands: Vec<ScoreBand>,
    /// Some of each change.
    pub examples: Vec<ChangedDecision>,
}

/// A back-test under way.
#[derive(Debug, Default)]
pub struct Backtest {
    leads: u64,
    flows: [[u64; 4]; 4],
    days: BTreeMap<(String, Date), [u64; 2]>,
    won: GradeChange,
    returned: GradeChange,
    bands: BTreeMap<i32, [u64; 2]>,
    examples: Vec<ChangedDecision>,
}

/// A lead, and the draft under which its past is decided again.
#[derive(Clone, Copy)]
struct LeadUnderDraft<'a> {
    id: LeadId,
    draft: &'a Criteria,
    past: &'a PastLead,
}

impl Backtest {
    /// Decides one lead's past again under the draft.
    pub fn lead(&mut self, draft: &Criteria, id: LeadId, past: &PastLead, outcome: Option<OutcomeKind>) {
        // A client's zone that this binary does not know: days by UTC, which shifts counts and loses none.
        let zone = crate::time::zone(&past.client.time_zone).unwrap_or(TimeZone::UTC);
        let mut last: [Option<BacktestStanding>; 2] = [None, None];
        let mut ever_a = [false, false];
        let mut score = None;
        for decision in &past.decisions {
            // The draft's own grade of before, because it decides whether only time has passed; the first decision has
            // only the past's.
            let was = last[1].map(|standing| standing.grade());
            let (before, after, points) = self.again(&LeadUnderDraft { id, draft, past }, decision, |cause| {
                let was = was.or(cause.before);
                cause.after(was)
            });
            for (side, standing) in [before, after].into_iter().enumerate() {
                // Becoming an A counts, not staying one: only that is delivered.
                if standing == BacktestStanding::A && last[side] != Some(BacktestStanding::A) {
                    let day = decision.at.to_zoned(zone.clone()).date();
                    self.days.entry((past.client.slug.clone(), day)).or_default()[side] += 1;
                    ever_a[side] = true;
                }
                last[side] = Some(standing);
            }
            score = Some(points);
        }
        self.leads += 1;
        // Without a decision or an outcome there is nothing to compare.
        if let (Some(outcome), Some(score)) = (outcome, score) {
            self.outcome(outcome, ever_a, score);
        }
    }

    /// Decides an open lead as it stands now under the draft: what would change with its activation.
    pub fn today(&mut self, draft: &Criteria, id: LeadId, past: &PastLead, now: jiff::Timestamp) {
        let Some(last) = past.decisions.last() else { return };
        let noted: DeskFacts = serde_json::from_str(&last.receipt).unwrap_or_default();
        // A closed lead is not regraded by an activation.
        if noted.closed.is_none() {
            self.leads += 1;
            let lead = LeadUnderDraft { id, draft, past };
            self.again(&lead, &PastDecision { at: now, ..last.clone() }, |_| Cause::regrade());
        }
    }

    fn again(
        &mut self,
        lead: &LeadUnderDraft<'_>,
        decision: &PastDecision,
        why: impl FnOnce(Cause) -> Cause,
    ) -> (BacktestStanding, BacktestStanding, i32) {
        let LeadUnderDraft { id, draft, past } = *lead;
        // A receipt that cannot be read, as of an erased person, still has its instant.
        let noted: DeskFacts = serde_json::from_str(&decision.receipt).unwrap_or_default();
        let before = BacktestStanding::of(decision.grade, noted.closed.is_some());
        // Only what was known then: a draft that may look ahead is better than any that decides.
        let (facts, cause) = past.facts_at(decision.at, noted);
        let again = qualify(&facts, draft, &why(cause), decision.at);
        let after = BacktestStanding::of(again.grade, again.closed.is_some());
        let flow = &mut self.flows[before as usize][after as usize];
        *flow += 1;
        // Bounded per kind of change: examples of rare ones are not crowded out.
        if before != after && *flow <= EXAMPLES as u64 {
            self.examples.push(ChangedDecision {
                lead: id,
                at: decision.at,
                from: ScoredStanding { standing: before, score: decision.score },
                to: ScoredStanding { standing: after, score: again.score },
                because: again.receipt.reasons().iter().map(|reason| reason.because.to_string()).collect(),
            });
        }
        (before, after, again.score)
    }

    fn outcome(&mut self, outcome: OutcomeKind, [before, after]: [bool; 2], score: i32) {
        let kept = match outcome {
            OutcomeKind::Won => Some(&mut self.won),
            OutcomeKind::Returned => Some(&mut self.returned),
            _ => None,
        };
        if let Some(kept) = kept {
            match (before, after) {
                (true, true) => kept.kept += 1,
                (false, true) => kept.gained += 1,
                (true, false) => kept.lost += 1,
                (false, false) => {}
            }
        }
        // "Accepted" and "not yet" have no result to count yet.
        if matches!(outcome, OutcomeKind::Won | OutcomeKind::Lost | OutcomeKind::Returned) {
            // Euclidean: -5 belongs to the band from -10, not to that from 0.
            let band = self.bands.entry(score.div_euclid(BAND)).or_default();
            band[0] += u64::from(outcome == OutcomeKind::Won);
            band[1] += 1;
        }
    }

    /// Adds what another part found.
    pub fn add(&mut self, other: Self) {
        self.leads += other.leads;
        for (row, more) in self.flows.iter_mut().flatten().zip(other.flows.into_iter().flatten()) {
            *row += more;
        }
        for (day, [before, after]) in other.days {
            let sum = self.days.entry(day).or_default();
            *sum = [sum[0] + before, sum[1] + after];
        }
        for (band, [won, of]) in other.bands {
            let sum = self.bands.entry(band).or_default();
            *sum = [sum[0] + won, sum[1] + of];
        }
        for (kept, more) in [(&mut self.won, other.won), (&mut self.returned, other.returned)] {
            kept.kept += more.kept;
            kept.gained += more.gained;
            kept.lost += more.lost;
        }
        // The first leads of each change, however the parts were shared out.
        self.examples.extend(other.examples);
        self.examples.sort_by_key(|example| (example.lead, example.at));
        let mut kept = [[0; 4]; 4];
        self.examples.retain(|example| {
            let count: &mut usize = &mut kept[example.from.standing as usize][example.to.standing as usize];
            *count += 1;
            *count <= EXAMPLES
        });
    }

    /// What it found.
    #[must_use]
    pub fn report(mut self, capacities: &BTreeMap<String, u32>) -> BacktestReport {
        const ALL: [BacktestStanding; 4] =
            [BacktestStanding::A, BacktestStanding::B, BacktestStanding::C, BacktestStanding::Closed];
        let count = |from, to| StandingFlow { from, to, decisions: self.flows[from as usize][to as usize] };
        let flows: Vec<_> = ALL.into_iter().flat_map(|from| ALL.map(|to| count(from, to))).collect();
        let mut a_leads: BTreeMap<String, ALeads> = BTreeMap::new();
        for ((client, _), [before, after]) in self.days {
            let capacity = capacities.get(&client).copied();
            let over = |count: u64| u64::from(capacity.is_some_and(|most| count > u64::from(most)));
            let sum = a_leads.entry(client).or_default();
            sum.capacity = capacity;
            sum.over_before += over(before);
            sum.over_after += over(after);
            sum.before += before;
            sum.after += after;
            sum.busiest_before = sum.busiest_before.max(before);
            sum.busiest_after = sum.busiest_after.max(after);
            sum.days += 1;
        }
        let bands = self.bands.into_iter().filter_map(|(band, [won, of])| {
            // Saturating: a score may lie anywhere in the type's range.
            let from = band.saturating_mul(BAND);
            Some(ScoreBand { from, to: from.saturating_add(BAND - 1), won: wilson(won, of)? })
        });
        self.examples.sort_by_key(|example| (example.from.standing, example.to.standing, example.at));
        BacktestReport {
            leads: self.leads,
            decisions: flows.iter().map(|flow| flow.decisions).sum(),
            same: flows.iter().filter(|flow| flow.from == flow.to).map(|flow| flow.decisions).sum(),
            flows: flows.into_iter().filter(|flow| flow.decisions > 0).collect(),
            a_leads,
            won: self.won,
            returned: self.returned,
            bands: bands.collect(),
            examples: self.examples,
        }
    }
}
