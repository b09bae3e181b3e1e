//! What a decision would be, as the page shows it while somebody types: the grade, each reason with the grade without it, and
//! what would make it an A. Made from the receipt of `qualify`, which alone decides.

use std::sync::Arc;

use crate::{
    criteria::{Criteria, Decision, Verdict},
    lead::Grade,
};

/// A reason that counts, and the grade that there would be without its points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlookReason {
    /// The rule's id.
    pub rule: Arc<str>,
    /// The manager's words.
    pub because: Arc<str>,
    /// The points it gives.
    pub points: i32,
    /// The grade without them.
    pub without: Grade,
}

/// Points that an answer could still bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingPoints {
    /// The rule's id.
    pub rule: Arc<str>,
    /// The manager's words.
    pub because: Arc<str>,
    /// The points, should it hold.
    pub points: i32,
    /// The questions to ask.
    pub questions: Vec<String>,
}

/// A decision to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// The grade.
    pub grade: Grade,
    /// The points.
    pub score: i32,
    /// The points that an A takes.
    pub needed: i32,
    /// The points of everything that counts or could.
    pub most: i32,
    /// Rules that count, those that give most first.
    pub reasons: Vec<OutlookReason>,
    /// Rules of which something is not known, those that give most first.
    pub missing: Vec<MissingPoints>,
    /// What holds the grade down, in words.
    pub held_down: Vec<Arc<str>>,
    /// Why the lead would be closed.
    pub closed: Option<String>,
}

impl Outlook {
    /// What a decision by these criteria comes to.
    #[must_use]
    pub fn of(decision: &Decision, criteria: &Criteria) -> Self {
        let receipt = &decision.receipt;
        let worst = receipt.caps.iter().map(|cap| cap.at_most).max();
        let by_points = |score: i32| {
            let (a, b) = criteria.thresholds();
            let plain = if score >= a {
                Grade::A
            } else if score >= b {
                Grade::B
            } else {
                Grade::C
            };
            worst.map_or(plain, |worst| plain.max(worst))
        };
        let counted = receipt.rules.iter().filter(|rule| rule.result == Verdict::Yes);
        let counted = counted.filter_map(|rule| rule.points.filter(|points| *points != 0).map(|points| (rule, points)));
        let mut reasons: Vec<_> = counted
            .map(|(rule, points)| OutlookReason {
                rule: Arc::clone(&rule.id),
                because: Arc::clone(&rule.because),
                points,
                without: by_points(decision.score.saturating_sub(points)),
            })
            .collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.points));
        let missing = missing(decision, criteria);
        let open = criteria.most_together(|rule| missing.iter().any(|one| one.rule == rule.id));
        Self {
            grade: decision.grade,
            score: decision.score,
            needed: criteria.thresholds().0,
            most: decision.score.saturating_add(open),
            reasons,
            missing,
            held_down: receipt.caps.iter().map(|cap| Arc::clone(&cap.because)).collect(),
            closed: decision.closed.clone(),
        }
    }

    /// The question that is worth most of those not answered; none where nothing more can be asked for.
    #[must_use]
    pub fn ask_next(&self) -> Option<&str> {
        self.missing.iter().find_map(|one| one.questions.first()).map(String::as_str)
    }
}

fn missing(decision: &Decision, criteria: &Criteria) -> Vec<MissingPoints> {
    let worth = |id: &str| criteria.rules().iter().find(|rule| *rule.id == *id).map_or(0, |rule| rule.points);
    let unknown = decision.receipt.rules.iter().filter(|rule| rule.result == Verdict::Missing);
    let questions = |names: &[Arc<str>]| {
        let asked = names.iter().filter_map(|name| name.strip_prefix("answers."));
        asked.map(str::to_owned).collect()
    };
    let mut missing: Vec<_> = unknown
        .map(|rule| MissingPoints {
            rule: Arc::clone(&rule.id),
            because: Arc::clone(&rule.because),
            points: worth(&rule.id),
            questions: questions(&rule.missing),
        })
        // Only rules that would add points: those that take some away are no reason to ask.
        .filter(|one| one.points > 0)
        .collect();
    missing.sort_by_key(|one| std::cmp::Reverse(one.points));
    missing
}
