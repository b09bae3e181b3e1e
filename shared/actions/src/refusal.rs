//! Why an action was not done: every wrong field at once, or what stands against it.

use std::fmt;

use ripen_domain::contact::Phone;
use ripen_store::{StoreError, criteria::document_cache::BrokenCriteria};

/// One field that cannot be used. Says what is wrong and what to write; never how a command or a page names the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The request's field, inner ones after a dot: `time_zone`, `answers.budget`.
    pub field: String,
    /// For programs: `required`, `unknown`, `taken`, `invalid`, `too_long`, `out_of_range`, …
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// Every wrong field of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Adds one.
    pub fn add(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), code, message: message.into() });
    }

    /// Adds one where something does not hold.
    pub fn require(&mut self, holds: bool, field: &str, code: &'static str, message: impl FnOnce() -> String) {
        if !holds {
            self.add(field, code, message());
        }
    }

    /// The value where it could be read; else adds why not, and checking goes on.
    pub fn take<T, E: fmt::Display>(&mut self, field: &str, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.add(field, "invalid", error.to_string())).ok()
    }

    /// Words of a person without what surrounds them; none where there are none.
    pub fn words(&mut self, field: &str, given: Option<&str>, longest: usize) -> Option<String> {
        let words = given.map(str::trim).filter(|words| !words.is_empty())?;
        self.require(words.len() <= longest, field, "too_long", || {
            format!("at most {longest} bytes of text, and this has {}", words.len())
        });
        // PostgreSQL keeps no NUL in a text.
        self.require(!words.contains('\0'), field, "invalid", || "a text cannot hold the character NUL".to_owned());
        Some(words.to_owned())
    }

    /// Words that must be there; `what` asks for them.
    pub fn needed_words(&mut self, field: &str, given: &str, longest: usize, what: &str) -> String {
        let words = self.words(field, Some(given), longest);
        // Asked for by name, because "required" alone does not say what for.
        self.require(words.is_some(), field, "required", || what.to_owned());
        words.unwrap_or_default()
    }

    /// All of these, and more that another check found.
    #[must_use]
    pub fn and(&self, more: Vec<FieldError>) -> Refusal {
        let mut all = self.0.clone();
        // A field that both looked at is told once.
        all.extend(more.into_iter().filter(|one| !self.0.contains(one)));
        Refusal::Invalid(all)
    }

    /// Refuses where anything was added.
    ///
    /// # Errors
    /// All of them.
    pub fn finish(self) -> Result<(), Refusal> {
        // All of them: a form that shows one mistake at a time is sent again and again.
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::Invalid(self.0)) }
    }
}

/// Why nothing was done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refusal {
    /// What was given cannot be used.
    #[error("{}", lines(.0))]
    Invalid(Vec<FieldError>),
    /// The actor may not do such a thing.
    #[error("{who} may not do this")]
    Forbidden {
        /// Who asked.
        who: String,
    },
    /// What is to be changed is not there, or not in the actor's scope.
    #[error("no {what} {id}")]
    Missing {
        /// The noun.
        what: &'static str,
        /// As it was given.
        id: String,
    },
    /// What is there does not allow it.
    #[error("{message}")]
    Conflict {
        /// For programs.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<BrokenCriteria> for Refusal {
    fn from(broken: BrokenCriteria) -> Self {
        match broken {
            BrokenCriteria::Store(error) => Self::Store(error),
            // Not the sender's mistake: the document was accepted by another version.
            mistaken @ BrokenCriteria::Mistaken { .. } => Self::Store(StoreError::Corrupt(mistaken.to_string())),
        }
    }
}

impl Refusal {
    /// One wrong field.
    pub fn field(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.to_owned(), code, message: message.into() }])
    }

    /// What stands against it.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    /// What whoever gives up a number is told where the person is known by another one by now, or by none (`number_changed`). By its last
    /// digits: contact data stands in no refusal.
    pub fn other_number(known: Option<&Phone>) -> Self {
        let now = known.map_or_else(
            || "there is none by now".to_owned(),
            |phone| {
                let number = phone.number();
                let last = number.get(number.len().saturating_sub(2)..).unwrap_or(number);
                let extension =
                    phone.extension().map(|extension| format!(", extension {extension}")).unwrap_or_default();
                format!("it ends in {last}{extension} by now")
            },
        );
        let words = format!(
            "the number of this person was changed since the lead was opened, and {now}: nothing was saved; say which number was called \
             (phone)"
        );
        Self::conflict("number_changed", words)
    }

    /// What an agent is told who works for other clients alone (`other_client`); `client` is the name.
    pub fn other_client(client: &str) -> Self {
        Self::conflict("other_client", format!("you do not work for {client}: a manager says for whom you do"))
    }

    /// With a wrong field under the name that whoever asks has for it.
    #[must_use]
    pub fn renamed(self, field: &str, to: &str) -> Self {
        let renamed = |error: FieldError| match error.field == field {
            true => FieldError { field: to.to_owned(), ..error },
            false => error,
        };
        match self {
            Self::Invalid(errors) => Self::Invalid(errors.into_iter().map(renamed).collect()),
            other => other,
        }
    }

    /// What is not there.
    pub fn missing(what: &'static str, id: impl fmt::Display) -> Self {
        Self::Missing { what, id: id.to_string() }
    }
}

/// Each wrong field on a line, with its name.
fn lines(errors: &[FieldError]) -> String {
    let line = |error: &FieldError| format!("{}: {}", error.field, error.message);
    errors.iter().map(line).collect::<Vec<_>>().join("\n")
}
