//! The grade as typed: the letter, where the points stand on the scale, each reason with the grade without it, and what would
//! make it an A.

use ripen_actions::desk::GradePreview;
use ripen_domain::{criteria::Criteria, desk::Outlook, lead::Grade};

/// The scale's width in its drawing's own units.
const WIDTH: i32 = 320;

/// Points on the scale, in the drawing's units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GradeScale {
    /// Where B begins.
    pub b: i32,
    /// Where A begins.
    pub a: i32,
    /// Where the points stand.
    pub now: i32,
    /// Where they stood; none where it was not decided yet.
    pub before: Option<i32>,
}

impl GradeScale {
    /// Where the thresholds of A and B and the points lie, of `most`.
    pub fn of((a, b): (i32, i32), most: i32, (now, before): (i32, Option<i32>)) -> Self {
        let at =
            |score: i32| i32::try_from(i64::from(score.clamp(0, most)) * i64::from(WIDTH) / i64::from(most.max(1)));
        let at = |score: i32| at(score).unwrap_or(WIDTH);
        Self { b: at(b), a: at(a), now: at(now), before: before.map(at) }
    }
}

/// A reason that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradeReason {
    /// With its sign.
    pub points: String,
    /// The manager's words.
    pub because: String,
    /// The grade without it.
    pub without: &'static str,
    /// The points without it.
    pub score: i32,
}

/// Something that is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradeChance {
    /// The manager's words.
    pub because: String,
    /// The points it could bring.
    pub points: i32,
    /// It alone would make an A.
    pub makes_a: bool,
}

/// A grade with its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GradeMark {
    /// The letter.
    pub letter: &'static str,
    /// The points.
    pub score: i32,
}

/// The grade as typed.
#[derive(Debug, Clone)]
pub struct GradePanel {
    /// What it would be.
    pub mark: GradeMark,
    /// What it was; none where it was not decided yet.
    pub before: Option<GradeMark>,
    /// Another letter or other points than before.
    pub is_changed: bool,
    /// All points that there are.
    pub most: i32,
    /// The points that a B takes.
    pub b: i32,
    /// The points that an A takes.
    pub a: i32,
    /// Where all that lies on the scale.
    pub scale: GradeScale,
    /// What counts.
    pub reasons: Vec<GradeReason>,
    /// What could.
    pub chances: Vec<GradeChance>,
    /// What holds the grade down.
    pub held_down: Vec<String>,
    /// Why the lead would be closed; empty where it would not.
    pub closed: String,
    /// Points that an A still takes; 0 where none do.
    pub lacks: i32,
}

/// The panel; none where the program has no criteria yet.
pub fn panel(preview: &GradePreview, criteria: Option<&Criteria>) -> Option<GradePanel> {
    let (outlook, criteria) = (preview.outlook.as_ref()?, criteria?);
    let (a, b) = criteria.thresholds();
    let given = criteria.most_together(|_| true);
    // A score below nothing, or an A that no rules reach, still lies on the scale.
    let most = given.max(a).max(outlook.score).max(1);
    let before = preview.before.map(|before| GradeMark { letter: before.grade.word(), score: before.score });
    let mark = GradeMark { letter: outlook.grade.word(), score: outlook.score };
    Some(GradePanel {
        mark,
        before,
        is_changed: before.is_some_and(|before| before != mark),
        most,
        b,
        a,
        scale: GradeScale::of((a, b), most, (outlook.score, before.map(|before| before.score))),
        reasons: reasons(outlook),
        chances: chances(outlook),
        held_down: outlook.held_down.iter().map(ToString::to_string).collect(),
        closed: outlook.closed.clone().unwrap_or_default(),
        lacks: if outlook.grade == Grade::A { 0 } else { (outlook.needed - outlook.score).max(0) },
    })
}

fn reasons(outlook: &Outlook) -> Vec<GradeReason> {
    let shown = outlook.reasons.iter().map(|reason| GradeReason {
        points: format!("{:+}", reason.points),
        because: reason.because.to_string(),
        without: reason.without.word(),
        score: outlook.score.saturating_sub(reason.points),
    });
    shown.collect()
}

fn chances(outlook: &Outlook) -> Vec<GradeChance> {
    let is_free = outlook.held_down.is_empty() && outlook.grade != Grade::A;
    let shown = outlook.missing.iter().map(|missing| GradeChance {
        because: missing.because.to_string(),
        points: missing.points,
        makes_a: is_free && outlook.score.saturating_add(missing.points) >= outlook.needed,
    });
    shown.collect()
}
