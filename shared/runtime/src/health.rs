//! Whether this process can do its work: named checks, set by the components that know, read by `/readyz`.
//!
//! A change of state is logged once, here. What a check needs, and which of two is enough, is the components' business.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

/// The checks of one process. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Health {
    checks: Arc<RwLock<BTreeMap<&'static str, Option<String>>>>,
    notes: Arc<RwLock<BTreeMap<&'static str, String>>>,
}

impl Health {
    /// Checks that are known from the start and fail as "not checked yet" until they are set.
    #[must_use]
    pub fn starting(names: &[&'static str]) -> Self {
        let checks = names.iter().map(|name| (*name, Some("not checked yet".to_owned()))).collect();
        Self { checks: Arc::new(RwLock::new(checks)), notes: Arc::default() }
    }

    /// Notes the state of one check: all right, or what is wrong.
    pub fn set(&self, name: &'static str, state: Result<(), String>) {
        let now = state.err();
        // The state before comes back from the same lock: two reports at once would otherwise both log the change.
        let before = self.checks.write().unwrap_or_else(PoisonError::into_inner).insert(name, now.clone());
        match (before.flatten(), now) {
            (None, Some(wrong)) => tracing::warn!(check = name, wrong, "no longer ready"),
            (Some(_), None) => tracing::info!(check = name, "ready"),
            _ => {}
        }
    }

    /// Notes what somebody should know and what does not keep this process from its work; `None` where there is nothing.
    pub fn note(&self, name: &'static str, note: Option<String>) {
        let mut notes = self.notes.write().unwrap_or_else(PoisonError::into_inner);
        let before = notes.remove(name);
        if let Some(note) = note {
            if before.as_ref() != Some(&note) {
                tracing::warn!(note = name, text = note, "ready, but");
            }
            notes.insert(name, note);
        }
    }

    /// Every note by name.
    #[must_use]
    pub fn notes(&self) -> Vec<(&'static str, String)> {
        let notes = self.notes.read().unwrap_or_else(PoisonError::into_inner);
        notes.iter().map(|(name, note)| (*name, note.clone())).collect()
    }

    /// Every check by name, with what is wrong.
    #[must_use]
    pub fn report(&self) -> Vec<(&'static str, Option<String>)> {
        let checks = self.checks.read().unwrap_or_else(PoisonError::into_inner);
        checks.iter().map(|(name, wrong)| (*name, wrong.clone())).collect()
    }

    /// Whether every check is all right.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        // All of them: which of two is enough was decided by whoever set the check.
        self.checks.read().unwrap_or_else(PoisonError::into_inner).values().all(Option::is_none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_means_every_check_is_all_right() {
        let health = Health::starting(&["database", "queue"]);
        let component = health.clone();
        assert!(!health.is_ready());
        component.set("database", Ok(()));
        assert!(!health.is_ready(), "the queue was not checked yet");
        component.set("queue", Ok(()));
        assert!(health.is_ready());
        component.set("clock", Err("12 s behind the database".to_owned()));
        assert!(!health.is_ready());
        let expected = [("clock", Some("12 s behind the database".to_owned())), ("database", None), ("queue", None)];
        assert_eq!(health.report(), expected);
        component.set("clock", Ok(()));
        component.note("arrivals", Some("kept in the database".to_owned()));
        assert!(health.is_ready(), "a note is no failure");
        assert_eq!(health.notes(), [("arrivals", "kept in the database".to_owned())]);
        component.note("arrivals", None);
        assert!(health.notes().is_empty());
    }
}
