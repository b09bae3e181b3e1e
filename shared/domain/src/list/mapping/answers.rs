//! What a list says to a script: answers to no question of it, columns that may be answers, and questions that nothing answers.

use super::{FieldColumns, Mapping};
use crate::{
    document::did_you_mean,
    list::header::{key, words},
};

/// A word that two names share says something from so many letters on.
const TELLING: usize = 5;
/// A name that begins another says something from so many letters on.
const BEGINNING: usize = 4;

impl Mapping {
    /// Answers to questions that are none of the script's, each with what may be meant.
    #[must_use]
    pub fn unknown_answers(&self, questions: &[String]) -> Vec<String> {
        let known = || questions.iter().map(String::as_str);
        let answers = self.filled.iter().filter_map(|one| one.field.strip_prefix("answers."));
        let unknown = answers.filter(|answer| !known().any(|question| question == *answer));
        unknown
            .map(|answer| match did_you_mean(answer, known()).as_str() {
                "" => format!("answers.{answer} is no question of the script; it asks: {}", questions.join(", ")),
                hint => format!("answers.{answer} is no question of the script{}", hint.replace(" '", " 'answers.")),
            })
            .collect()
    }

    /// Columns that are kept as they are and are called like a question of the script, or nearly: `Timeframe` for
    /// `timeframe_days`.
    #[must_use]
    pub fn likely_answers(&self, questions: &[String]) -> Vec<FieldColumns> {
        let open = self.unanswered(questions);
        let likely = self.kept().filter_map(|column| {
            let same = open.iter().find(|question| key(question) == key(column));
            let question = same.or_else(|| open.iter().find(|question| is_like(question, column)))?;
            Some(FieldColumns { field: format!("answers.{question}"), columns: vec![column.to_owned()] })
        });
        likely.collect()
    }

    /// Questions that a column answers because it is called as they are: beside the lead's own fields they are read as answers.
    #[must_use]
    pub fn answered_by_name(&self, questions: &[String]) -> Vec<FieldColumns> {
        let kept: Vec<_> = self.kept().collect();
        let named = self.kept_as.iter().zip(&self.header).filter_map(|(name, column)| {
            let question = name.as_ref().filter(|name| questions.contains(name) && kept.contains(&column.as_str()))?;
            Some(FieldColumns { field: format!("answers.{question}"), columns: vec![column.clone()] })
        });
        named.collect()
    }

    /// Questions of the script that nothing of the list answers. A column that is called as one does.
    #[must_use]
    pub fn unanswered<'q>(&self, questions: &'q [String]) -> Vec<&'q str> {
        let fills = |question: &str| {
            let is_kept_as = |name: &Option<String>| name.as_deref() == Some(question);
            self.filled.iter().any(|one| one.field == format!("answers.{question}"))
                || self.kept_as.iter().any(is_kept_as)
        };
        questions.iter().map(String::as_str).filter(|question| !fills(question)).collect()
    }
}

/// Whether one name begins the other, or both have a telling word in common.
fn is_like(question: &str, column: &str) -> bool {
    let (one, other) = (key(question), key(column));
    let begins = |short: &str, long: &str| short.len() >= BEGINNING && long.starts_with(short);
    let of_question = words(question);
    begins(&one, &other)
        || begins(&other, &one)
        || words(column).iter().any(|word| word.len() >= TELLING && of_question.contains(word))
}
