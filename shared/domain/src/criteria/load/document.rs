//! From the text of a criteria document to criteria that can be applied, or to the list of its mistakes.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    criteria::{
        expression::Facing,
        facts::{
            field::{AGREED_FOR, LAST_ARRIVED_AT, LAST_CONVERSATION_AT, RETURNED, ROUNDS},
            value::Named,
        },
        load::rules::{CriteriaReader, DocumentRules},
        model::{Criteria, Slots},
        script::{
            notice::doubt_languages,
            question::{MOST_QUESTIONS, Question},
            wording::Wording,
        },
    },
    document::{Mistake, Notes, Section, parse, quoted},
    hash::ContentHash,
};

const KEYS: [&str; 9] = ["name", "about", "script", "question", "rule", "gate", "disqualify", "grades", "requalify"];
const MOST_SCRIPT_TEXTS: usize = 100;

/// Criteria that passed every check.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedCriteria {
    /// Ready to be applied.
    pub criteria: Criteria,
    /// What is no mistake, but probably not meant.
    pub warnings: Vec<Mistake>,
}

impl Criteria {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// All mistakes that can be found, in the order of the document, each with its line and column.
    pub fn load(text: &str) -> Result<CheckedCriteria, Vec<Mistake>> {
        let (mut notes, mut doubts) = (Notes::default(), Notes::default());
        let Some(table) = parse(text, &mut notes) else { return Err(notes.locate(text)) };
        let root = Section::root(&table);
        root.only(&KEYS, &mut notes);
        let name = root.needed_text("name", &mut notes).map(|name| Arc::from(name.value));
        let about = root.text("about", &mut notes).map(|about| about.value.to_owned());
        let script = read_script(&root, &mut notes);
        let ReadQuestions { questions, places, unusable } = read_questions(&root, &mut notes, &mut doubts);
        // Of a script that is there at all: without one agents go by the questions alone.
        if let Some(at) = root.get("script").map(|section| section.span().start) {
            let asked: Vec<_> = questions.iter().map(|question| &question.ask).collect();
            doubt_languages((&script, &asked), at, &mut doubts);
        }

        let facing = Facing::new(&questions, &unusable, notes.is_torn());
        let mut reading = CriteriaReader::new(text, facing, notes, doubts);
        let conditions = reading.conditions(&root);
        reading.doubt_unread(&questions, &places);
        // After the conditions: these facts are read by every decision, and take the places that are left.
        let slots = Slots {
            last_arrived_at: reading.facing.field(LAST_ARRIVED_AT),
            last_conversation_at: reading.facing.field(LAST_CONVERSATION_AT),
            returned: reading.facing.field(RETURNED),
            agreed_for: reading.facing.field(AGREED_FOR),
            rounds: reading.facing.field(ROUNDS),
        };
        let CriteriaReader { facing, notes, doubts, .. } = reading;
        let named = facing.into_named().into_iter().map(|fact| Named::of(fact, &questions)).collect();
        let DocumentRules { rules, gates, disqualifiers, grades, requalify } = conditions;
        // Only without any mistake: criteria read in part would grade otherwise than they were written.
        let (Some(name), Some(grades), true) = (name, grades, notes.is_empty()) else { return Err(notes.locate(text)) };
        // Of the text itself: a receipt is replayed only with exactly this document.
        let hash = ContentHash::of(text.as_bytes());
        let criteria = Self {
            name,
            about,
            script,
            questions,
            rules,
            gates,
            disqualifiers,
            grades,
            requalify,
            named,
            slots,
            // Given by the store when the document is activated.
            version: 0,
            hash,
        };
        Ok(CheckedCriteria { criteria, warnings: doubts.locate(text) })
    }
}

fn read_script(root: &Section<'_>, notes: &mut Notes) -> BTreeMap<String, Wording> {
    let mut script = BTreeMap::new();
    let Some(section) = root.section("script", "[script]", notes) else { return script };
    for (name, value) in section.entries() {
        if script.len() == MOST_SCRIPT_TEXTS {
            notes.add(name.span.start, || format!("more than {MOST_SCRIPT_TEXTS} texts in [script]"));
            break;
        }
        if let Some(wording) = Wording::read(value, name.value, notes) {
            script.insert(name.value.to_owned(), wording);
        }
    }
    script
}

/// What was read of the script's questions.
struct ReadQuestions<'d> {
    questions: Vec<Question>,
    /// Where the id of each stands.
    places: Vec<usize>,
    /// The ids of those that have mistakes.
    unusable: Vec<&'d str>,
}

fn read_questions<'d>(root: &Section<'d>, notes: &mut Notes, doubts: &mut Notes) -> ReadQuestions<'d> {
    let mut asked = ReadQuestions { questions: Vec::new(), places: Vec::new(), unusable: Vec::new() };
    for section in root.sections("question", "a question", MOST_QUESTIONS, notes) {
        let id = section.get("id").and_then(|id| Some((id.get_ref().as_str()?, id.span().start)));
        let (text, at) = id.unwrap_or_default();
        let known = asked.questions.iter().map(|question| &*question.id).chain(asked.unusable.iter().copied());
        let twice = id.is_some() && known.into_iter().any(|known| known == text);
        if twice {
            notes.add(at, || format!("the question {} stands twice", quoted(text)));
        }
        match Question::read(&section, notes, doubts) {
            Some(question) if !twice => {
                asked.questions.push(question);
                asked.places.push(at);
            }
            // The first of the same id stays: conditions that name it are checked against one question.
            Some(_) => {}
            // Known as unusable, so that conditions which name it add no second mistake.
            None => asked.unusable.extend(id.map(|(id, _)| id)),
        }
    }
    asked
}
