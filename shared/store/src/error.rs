//! What can go wrong with the database, sorted by what the caller can do about it.

use std::fmt;

/// A database error. Its text names no value that was written: values are contact data.
#[derive(Debug, Clone)]
pub enum StoreError {
    /// The database cannot be reached, is starting or stopping: try again later, nothing was decided.
    Unreachable(String),
    /// Another transaction was in the way (serialization failure, deadlock): run the transaction again.
    Conflict(String),
    /// A unique name is taken already; the constraint's name says which.
    Taken(String),
    /// A guarded statement did not touch the rows it should: somebody else moved them on.
    Moved(&'static str),
    /// A stored value is none that this version knows.
    Corrupt(String),
    /// A statement took longer than its time limit, or an administrator cancelled it: nothing was decided.
    TooSlow,
    /// The work was too much for the database at once: its memory or one of its own limits.
    TooLarge(String),
    /// A value is none that the database takes (SQLSTATE classes 22 and 23).
    Unfit(String),
    /// A secret cannot be sealed or opened: names its place and the key, never the secret.
    Sealed(String),
    /// Anything else: the SQLSTATE and the constraint, or the kind of failure.
    Failed(String),
}

/// What a failure says about the work that met it, and so what to do with that work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Another transaction was in the way: the work runs again.
    Contention,
    /// The connection broke or there was none: nobody's fault, unless it breaks each time at this work.
    Away,
    /// It was too much at once: less of it may pass.
    Excess,
    /// The values are wrong: it fails as often as it is tried.
    Values,
    /// Nothing that the work says: a grant, a table, a disk, a setting, a row of another version. It passes when that is
    /// mended.
    Outside,
    /// The database failed at it and does not say of what: other work tells whether it is the work.
    Unexplained,
}

/// Waiting for a connection is a matter of load.
const NO_CONNECTION: &str = "no connection became free in time";
const POOL_CLOSED: &str = "the pool is closed";
const NO_TLS: &str = "TLS failed";
/// Errors before the work was asked for.
const NEVER_REACHED: [&str; 3] = [NO_CONNECTION, POOL_CLOSED, NO_TLS];
/// Classes of SQLSTATE that no value brings about: what the server cannot do, its state, its users, missing or changed tables and
/// grants, its disk.
const OUTSIDE: [&str; 10] = ["0A", "25", "26", "28", "3D", "3F", "42", "55", "58", "F0"];

impl StoreError {
    /// What this failure says about the work.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::Conflict(_) | Self::Moved(_) => Failure::Contention,
            // Want of a connection, of disk, of memory for one: the work never reached the database, or any other would
            // have met the same.
            Self::Unreachable(why) if why.starts_with("53") || NEVER_REACHED.contains(&why.as_str()) => {
                Failure::Outside
            }
            Self::Unreachable(_) => Failure::Away,
            Self::TooSlow | Self::TooLarge(_) => Failure::Excess,
            Self::Taken(_) | Self::Unfit(_) => Failure::Values,
            // What is stored was written by a newer version: one of its processes may take the work.
            Self::Corrupt(_) => Failure::Outside,
            Self::Failed(code) if OUTSIDE.iter().any(|class| code.starts_with(class)) => Failure::Outside,
            // The right key may come, and with it every message of its kind passes.
            Self::Sealed(_) => Failure::Outside,
            Self::Failed(_) => Failure::Unexplained,
        }
    }

    /// Whether trying again later can help without anything being wrong with the data.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::TooSlow)
    }

    /// Whether it was another transaction's lock that was not to be had in time.
    #[must_use]
    pub fn waited_for_a_lock(&self) -> bool {
        matches!(self, Self::Conflict(why) if why.starts_with("55P03"))
    }

    /// Whether the same transaction may simply run again.
    #[must_use]
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "the database cannot be reached: {why}"),
            Self::Conflict(why) => write!(f, "another transaction was in the way: {why}"),
            Self::Taken(constraint) => write!(f, "already taken ({constraint})"),
            Self::Moved(what) => write!(f, "{what}: another worker moved it on"),
            Self::Corrupt(what) => write!(f, "a stored value is not understood: {what}"),
            Self::Sealed(why) => write!(f, "a secret cannot be used: {why}"),
            Self::TooSlow => {
                write!(f, "the database took longer over this than its time limit allows, or was told to stop")
            }
            Self::TooLarge(why) => write!(f, "too much for the database at once: {why}"),
            Self::Unfit(why) | Self::Failed(why) => write!(f, "the database refused: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            // Only the code and the constraint are kept: the server's message quotes the values of the row, which are
            // contact data.
            sqlx::Error::Database(error) => from_code(error.code().as_deref().unwrap_or(""), error.constraint()),
            // The kind and not the text, which may name hosts and addresses.
            sqlx::Error::Io(error) => Self::Unreachable(error.kind().to_string()),
            sqlx::Error::Tls(_) => Self::Unreachable(NO_TLS.to_owned()),
            // Callers pause and try again, as when the server is away.
            sqlx::Error::PoolTimedOut => Self::Unreachable(NO_CONNECTION.to_owned()),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Self::Unreachable(POOL_CLOSED.to_owned()),
            // After a protocol error the connection is dropped by the pool; the statement may or may not have run,
            // and transactions roll back.
            sqlx::Error::Protocol(_) => Self::Unreachable("the connection broke".to_owned()),
            sqlx::Error::RowNotFound => Self::Moved("row"),
            sqlx::Error::ColumnDecode { index, .. } => Self::Corrupt(format!("column {index}")),
            sqlx::Error::Configuration(error) => Self::Failed(format!("database.url: {error}")),
            other => Self::Failed(kind_of(&other).to_owned()),
        }
    }
}

/// Sorts an SQLSTATE (PostgreSQL manual, appendix A).
fn from_code(code: &str, constraint: Option<&str>) -> StoreError {
    let named = constraint.map_or_else(|| code.to_owned(), |name| format!("{code} {name}"));
    match code {
        // Serialization failure, deadlock, lock not available: nothing is wrong with the data, and running again
        // settles it.
        "40001" | "40P01" | "55P03" => StoreError::Conflict(named),
        // No check of ours, which all have names: a partition was attached between choosing one for the row and writing it.
        "23514" if constraint.is_none() => StoreError::Conflict(named),
        "23505" => StoreError::Taken(constraint.unwrap_or("unique").to_owned()),
        // Before the class 57 below, which it belongs to: a slow query does not mean that the server goes away.
        "57014" => StoreError::TooSlow,
        "53200" => StoreError::TooLarge(named),
        // A transaction that idled too long: this process was stopped, and its connection is gone.
        "25P03" | "25P04" => StoreError::Unreachable(named),
        _ if matches!(code.get(..2), Some("22" | "23")) => StoreError::Unfit(named),
        _ if code.starts_with("54") => StoreError::TooLarge(named),
        // Connection, operator intervention and want of resources pass; everything else would fail again.
        _ if matches!(code.get(..2), Some("08" | "57" | "53")) => StoreError::Unreachable(named),
        _ => StoreError::Failed(named),
    }
}

fn kind_of(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Decode(_) => "a value could not be read",
        sqlx::Error::Encode(_) => "a value could not be written",
        sqlx::Error::Migrate(_) => "a migration failed",
        _ => "the client library failed",
    }
}

/// Reads a stored word; an unknown one was written by a newer version.
pub(crate) fn word<T: std::str::FromStr>(text: &str) -> Result<T, StoreError> {
    // The word is one of ours, never contact data, and may be named.
    text.parse().map_err(|_| StoreError::Corrupt(format!("the word {text:?}")))
}

/// Exactly one row must have been touched.
pub(crate) fn one_row(rows: u64, what: &'static str) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::Moved(what)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_sorted_by_what_can_be_done() {
        assert!(from_code("40P01", None).is_conflict());
        assert!(from_code("23514", None).is_conflict());
        for away in ["57P01", "57P03", "08006", "53300"] {
            assert!(from_code(away, None).is_unreachable(), "{away}");
        }
        assert!(matches!(from_code("57014", None), StoreError::TooSlow) && StoreError::TooSlow.is_unreachable());
        assert!(matches!(from_code("23505", Some("client_slug_is_unique")), StoreError::Taken(_)));
        assert!(matches!(from_code("23514", Some("lead_grade_is_known")), StoreError::Unfit(_)));
    }

    #[test]
    fn every_class_says_whose_fault_it_can_be() {
        for (codes, failure) in [
            (&["40001", "40P01", "55P03"][..], Failure::Contention),
            // Also the last thing that work hears which takes the server down with it.
            (&["08006", "25P03", "57P01", "57P02"], Failure::Away),
            (&["57014", "53200", "54000", "54001", "54023"], Failure::Excess),
            (&["22P05", "22003", "22021", "23502", "23503", "23505"], Failure::Values),
            (&["53100", "53300", "53400"], Failure::Outside),
            (&["0A000", "25006", "26000", "28000", "3D000", "3F000"], Failure::Outside),
            (&["42501", "42P01", "42703", "42883", "42704"], Failure::Outside),
            (&["55000", "55006", "58000", "58030", "F0000"], Failure::Outside),
            (&["XX000", "XX001", "XX002", "P0001", "21000", "38000", "44000", ""], Failure::Unexplained),
        ] {
            for code in codes {
                assert_eq!(from_code(code, None).failure(), failure, "{code}");
            }
        }
        assert_eq!(StoreError::from(sqlx::Error::PoolTimedOut).failure(), Failure::Outside);
        assert_eq!(StoreError::Corrupt("a word".to_owned()).failure(), Failure::Outside);
    }
}
