//! What the rules of a document come to together: whether A and B can be reached, which conditions stand twice, which
//! questions nothing reads. Most of it is no mistake, but hardly what the manager meant.

use crate::{
    criteria::{
        facts::value::Fact,
        load::{points::Points, rules::CriteriaReader},
        script::question::Question,
    },
    document::{Located, Section, quoted},
};

impl<'d> CriteriaReader<'d, '_> {
    /// Whether leads can become A and B, and whether they can be anything else.
    pub(in crate::criteria) fn reach(&mut self, a: &Located<i64>, b: &Located<i64>) {
        let Points { most, least, possible, unknown } = self.points;
        if unknown || self.notes.is_torn() {
            return;
        }
        for (grade, needed) in [("A", a), ("B", b)] {
            let at = needed.span.start;
            if needed.value > most {
                self.notes.add(at, || format!("{grade} is out of reach: all rules together give {most} points"));
            } else if needed.value > possible {
                self.doubts.add(at, || {
                    format!("{grade} is out of reach: the rules that can hold give {possible} points together")
                });
            }
            if needed.value <= least {
                self.doubts.add(at, || format!("every lead has the points for {grade}: none has less than {least}"));
            }
        }
    }

    /// The condition of a section as it is written.
    pub(in crate::criteria) fn said(section: &Section<'d>) -> Option<Located<&'d str>> {
        let value = section.get("when")?;
        value.get_ref().as_str().map(|text| Located { value: text, span: value.span() })
    }

    /// A rule that asks what another rule asked.
    pub(in crate::criteria) fn doubt_same(&mut self, section: &Section<'d>, id: &'d str) {
        let Some(text) = Self::said(section) else { return };
        match self.conditions.get(text.value.trim()) {
            Some(other) => {
                self.doubts.add(text.span.start, || format!("the rule {} has the same condition", quoted(other)));
            }
            None => {
                self.conditions.insert(text.value.trim(), id);
            }
        }
    }

    /// A disqualifier that closes exactly the leads to which a rule gives points.
    pub(in crate::criteria) fn doubt_useless(&mut self, section: &Section<'d>) {
        let Some(text) = Self::said(section) else { return };
        if let Some(rule) = self.conditions.get(text.value.trim()) {
            self.doubts.add(text.span.start, || {
                format!("this closes every lead to which the rule {} gives points", quoted(rule))
            });
        }
    }

    /// Questions that are asked and decide nothing.
    pub(in crate::criteria) fn doubt_unread(&mut self, questions: &[Question], places: &[usize]) {
        for (place, (question, at)) in questions.iter().zip(places).enumerate() {
            if !self.facing.named().contains(&Fact::Answer(place)) {
                self.doubts.add(*at, || {
                    format!("no condition reads the question {}: it decides nothing", quoted(&question.id))
                });
            }
        }
    }
}
