//! What gives points, what holds a grade down, what closes a lead, and when a lead is looked at again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::SignedDuration;

use crate::{
    criteria::{
        expression::{ExpectedType, Expression, Facing, compile},
        load::points::Points,
        rule::{Disqualifier, Gate, Grades, Interval, Requalify, Rule},
    },
    document::{Located, Notes, Section, odd_letter, place_inside, quoted},
    lead::Grade,
};

/// Rules of one document.
const MOST_RULES: usize = 500;
/// Gates of one document, and disqualifiers.
const MOST_OTHERS: usize = 100;
const MOST_POINTS: i64 = 1_000_000;

/// Everything in a document that has conditions or goes by them.
pub(in crate::criteria) struct DocumentRules {
    pub rules: Vec<Rule>,
    pub gates: Vec<Gate>,
    pub disqualifiers: Vec<Disqualifier>,
    pub grades: Option<Grades>,
    pub requalify: Requalify,
}

/// What is needed while the conditions of a document are read.
pub(in crate::criteria) struct CriteriaReader<'d, 'q> {
    pub document: &'d str,
    pub facing: Facing<'q>,
    pub notes: Notes,
    /// What is no mistake, but probably not meant.
    pub doubts: Notes,
    ids: BTreeSet<&'d str>,
    /// Conditions of rules and the ids that have them, to find those that stand twice.
    pub conditions: BTreeMap<&'d str, &'d str>,
    pub(super) points: Points,
}

impl<'d, 'q> CriteriaReader<'d, 'q> {
    pub(in crate::criteria) fn new(document: &'d str, facing: Facing<'q>, notes: Notes, doubts: Notes) -> Self {
        let (ids, conditions, points) = (BTreeSet::new(), BTreeMap::new(), Points::default());
        Self { document, facing, notes, doubts, ids, conditions, points }
    }

    /// Reads all of it; what has mistakes is left out.
    pub(in crate::criteria) fn conditions(&mut self, root: &Section<'d>) -> DocumentRules {
        let rules = root.sections("rule", "a rule", MOST_RULES, &mut self.notes);
        let gates = root.sections("gate", "a gate", MOST_OTHERS, &mut self.notes);
        let disqualifiers = root.sections("disqualify", "a disqualifier", MOST_OTHERS, &mut self.notes);
        if root.get("grades").is_none() {
            root.missing("grades", &mut self.notes);
        }
        let rules = rules.iter().filter_map(|section| self.rule(section)).collect();
        let gates = gates.iter().filter_map(|section| self.gate(section)).collect();
        let disqualifiers = disqualifiers.iter().enumerate();
        let disqualifiers = disqualifiers.filter_map(|(number, section)| self.disqualifier(number, section)).collect();
        let grades = root.section("grades", "[grades]", &mut self.notes).and_then(|section| self.grades(&section));
        let requalify = match root.section("requalify", "[requalify]", &mut self.notes) {
            Some(section) => self.requalify(&section),
            None => {
                self.doubts.add(0, || "no [requalify]: B leads wait 30d, C leads 90d, without end".into());
                Requalify { b: default_interval(DEFAULT_B), c: default_interval(DEFAULT_C), on: None, rounds: None }
            }
        };
        DocumentRules { rules, gates, disqualifiers, grades, requalify }
    }

    fn rule(&mut self, section: &Section<'d>) -> Option<Rule> {
        section.only(&["id", "when", "points", "because"], &mut self.notes);
        let id = self.id(section);
        let when = self.needed_condition(section, "when");
        let because = self.because(section);
        if section.get("points").is_none() {
            section.missing("points", &mut self.notes);
        }
        let points = section.whole("points", -MOST_POINTS..MOST_POINTS + 1, &mut self.notes);
        // A rule that never holds gives no points: grades that need them cannot be reached.
        let never = when.as_ref().is_some_and(|when| when.never_holds(&self.facing));
        // Noted although the rule may be faulty: without its points, "A cannot be reached" would be a second mistake
        // out of one.
        self.points.add(points.as_ref().map(|points| points.value), never);
        let points = points?;
        if points.value == 0 {
            self.doubts.add(points.span.start, || "a rule with 0 points changes nothing".into());
        }
        if let Some(id) = section.get("id").and_then(|id| id.get_ref().as_str()) {
            self.doubt_same(section, id);
        }
        Some(Rule { id: id?, points: i32::try_from(points.value).ok()?, because: because?, when: when? })
    }

    fn gate(&mut self, section: &Section<'d>) -> Option<Gate> {
        section.only(&["id", "require", "at_most", "because"], &mut self.notes);
        let id = self.id(section);
        let require = self.needed_condition(section, "require");
        let because = self.because(section);
        let word = section.needed_text("at_most", &mut self.notes)?;
        // A gate at A would hold nothing down.
        let at_most = word.value.parse().ok().filter(|grade| *grade != Grade::A);
        if at_most.is_none() {
            self.notes.add(word.span.start, || "'at_most' must be \"B\" or \"C\"".into());
        }
        Some(Gate { id: id?, at_most: at_most?, because: because?, require: require? })
    }

    fn disqualifier(&mut self, number: usize, section: &Section<'d>) -> Option<Disqualifier> {
        section.only(&["id", "when", "because"], &mut self.notes);
        let id = match section.get("id") {
            Some(_) => self.id(section),
            None => Some(format!("disqualify_{}", number + 1).into()),
        };
        let when = self.needed_condition(section, "when");
        let because = self.because(section);
        self.doubt_useless(section);
        Some(Disqualifier { id: id?, because: because?, when: when? })
    }

    fn grades(&mut self, section: &Section<'d>) -> Option<Grades> {
        section.only(&["A", "B", "confirm_within"], &mut self.notes);
        for key in ["A", "B"] {
            if section.get(key).is_none() {
                section.missing(key, &mut self.notes);
            }
        }
        let confirm_within = section.duration("confirm_within", &mut self.notes);
        let confirm_within = confirm_within.map_or_else(|| default_interval(DEFAULT_CONFIRMED), said);
        let range = || -MOST_POINTS..MOST_POINTS + 1;
        let a = section.whole("A", range(), &mut self.notes);
        let b = section.whole("B", range(), &mut self.notes);
        let (a, b) = (a?, b?);
        // With equal bounds no lead could ever be a B.
        if a.value <= b.value {
            self.notes
                .add(a.span.start, || format!("grades out of order: A must need more points than B ({})", b.value));
        }
        self.reach(&a, &b);
        Some(Grades { a: i32::try_from(a.value).ok()?, b: i32::try_from(b.value).ok()?, confirm_within })
    }

    fn requalify(&mut self, section: &Section<'d>) -> Requalify {
        section.only(&["B", "C", "on", "rounds"], &mut self.notes);
        let b = self.interval(section, "B", DEFAULT_B);
        let c = self.interval(section, "C", DEFAULT_C);
        let on = section.get("on").and_then(|_| self.condition(section, "on", ExpectedType::Instant));
        if b.length > c.length {
            let at = section.get("B").map_or(section.at, |value| value.span().start);
            self.doubts
                .add(at, || format!("B leads wait {}, longer than C leads, which wait {}", b.written, c.written));
        }
        let rounds =
            section.whole("rounds", 1..1_001, &mut self.notes).and_then(|found| u32::try_from(found.value).ok());
        if section.get("rounds").is_none() {
            self.doubts.add(section.at, || "no 'rounds': leads are worked without end".into());
        }
        Requalify { b, c, on, rounds }
    }

    fn interval(&mut self, section: &Section<'d>, key: &str, days: i64) -> Interval {
        if section.get(key).is_none() {
            self.doubts.add(section.at, || format!("no '{key}': {key} leads are looked at again after {days}d"));
        }
        section.duration(key, &mut self.notes).map_or_else(|| default_interval(days), said)
    }

    fn id(&mut self, section: &Section<'d>) -> Option<Arc<str>> {
        let id = section.needed_text("id", &mut self.notes)?;
        let text = id.value;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if text.len() > 64 || !text.bytes().all(plain) {
            self.notes.add(id.span.start, || {
                let odd = odd_letter(text);
                format!("{}{odd} cannot be an id: use at most 64 letters, digits, '_' and '-'", quoted(text))
            });
        }
        // Ids name findings on receipts and rows of reports: two of the same could not be told apart.
        if !self.ids.insert(text) {
            self.notes.add(id.span.start, || format!("the id {} stands twice", quoted(text)));
        }
        Some(text.into())
    }

    fn because(&mut self, section: &Section<'d>) -> Option<Arc<str>> {
        section.needed_text("because", &mut self.notes).map(|because| because.value.into())
    }

    fn needed_condition(&mut self, section: &Section<'d>, key: &str) -> Option<Expression> {
        if section.get(key).is_none() {
            section.missing(key, &mut self.notes);
        }
        self.condition(section, key, ExpectedType::YesNo)
    }

    fn condition(&mut self, section: &Section<'d>, key: &str, wanted: ExpectedType) -> Option<Expression> {
        let text = section.text(key, &mut self.notes)?;
        // Each condition costs a parse: with the report full, nobody would see its mistakes.
        if self.notes.is_full() {
            return None;
        }
        match compile(text.value, wanted, &mut self.facing) {
            Ok((expression, true)) => {
                if expression.never_holds(&self.facing) {
                    self.doubts.add(text.span.start, || {
                        "this never holds: one part rules out another, or the question's min and max do".into()
                    });
                }
                Some(expression)
            }
            Ok((expression, false)) => {
                self.doubts.add(text.span.start, || "this reads no fact: it always comes to the same".into());
                Some(expression)
            }
            Err(faults) => {
                for (offset, message) in faults {
                    // Shown where the mistake stands in the document, also through escapes.
                    self.notes.add(place_inside(self.document, &text, offset), || message);
                }
                None
            }
        }
    }
}

/// Days within which somebody must have been heard of for an A.
const DEFAULT_CONFIRMED: i64 = 30;
const DEFAULT_B: i64 = 30;
const DEFAULT_C: i64 = 90;

/// A length of time with the document's words for it.
fn said(found: Located<(SignedDuration, &str)>) -> Interval {
    let (length, written) = found.value;
    Interval { length, written: written.into() }
}

fn default_interval(days: i64) -> Interval {
    Interval { length: SignedDuration::from_hours(days * 24), written: format!("{days}d").into() }
}
