//! Objects of the sender's own making (`answers`, `tracking`, `extra`), bounded and cleaned so that they can be stored,
//! queued and read back: what is nested too deep or goes on for too long stays in the raw body only.

use ripen_domain::flag::FlagCode;
use serde_json::{Map, Value};

use super::{
    bounds::{LONG, SHORT},
    text::{self, Cleaned},
};

/// Deepest nesting. The message that carries it must stay below the 128 levels its reader allows.
const DEPTH: usize = 8;
/// Most values in all.
const VALUES: usize = 500;
/// Most bytes of texts and names in all.
const BYTES: usize = 64 * 1024;

/// What is kept, and what has to be said about it.
pub struct Bounded {
    /// The members.
    pub members: Map<String, Value>,
    /// What was done to them.
    pub flags: Vec<FlagCode>,
}

/// Bounds an object.
pub fn bounded(mut members: Map<String, Value>) -> Bounded {
    let mut budget = Budget { values: VALUES, bytes: BYTES, flags: Vec::new() };
    budget.members(&mut members, DEPTH);
    Bounded { members, flags: budget.flags }
}

struct Budget {
    values: usize,
    bytes: usize,
    flags: Vec<FlagCode>,
}

impl Budget {
    fn members(&mut self, members: &mut Map<String, Value>, depth: usize) {
        if members.keys().any(|name| !is_plain(name)) {
            *members = std::mem::take(members)
                .into_iter()
                .filter_map(|(name, value)| Some((self.name(name)?, value)))
                .collect();
        }
        members.retain(|name, value| self.pay(name.len()) && self.value(value, depth));
    }

    /// A name is cleaned like a short text. One that is empty or too long afterwards names nothing.
    fn name(&mut self, name: String) -> Option<String> {
        let name = self.note(text::line(name, SHORT + 1));
        if name.is_empty() || name.chars().count() > SHORT {
            self.flags.push(FlagCode::FieldUnusable);
            return None;
        }
        Some(name)
    }

    /// Whether the value is kept.
    fn value(&mut self, value: &mut Value, depth: usize) -> bool {
        match value {
            Value::String(text) => {
                *text = self.note(text::lines(std::mem::take(text), LONG));
                self.pay(text.len())
            }
            Value::Array(_) | Value::Object(_) if depth == 0 => {
                self.flags.push(FlagCode::FieldUnusable);
                false
            }
            Value::Array(values) => {
                values.retain_mut(|value| self.pay(0) && self.value(value, depth - 1));
                true
            }
            Value::Object(members) => {
                self.members(members, depth - 1);
                true
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
        }
    }

    fn note(&mut self, cleaned: Cleaned) -> String {
        if cleaned.controls {
            self.flags.push(FlagCode::ControlCharacters);
        }
        if cleaned.cut {
            self.flags.push(FlagCode::TextCut);
        }
        cleaned.text
    }

    /// Takes one value of so many bytes from the budget, while it lasts.
    fn pay(&mut self, bytes: usize) -> bool {
        if self.values == 0 || self.bytes < bytes {
            // Once in a row: a body of thousands of members would make as many flags.
            if self.flags.last() != Some(&FlagCode::TextCut) {
                self.flags.push(FlagCode::TextCut);
            }
            return false;
        }
        self.values -= 1;
        self.bytes -= bytes;
        true
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= SHORT && name.trim() == name && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn bound(value: Value) -> (Value, Vec<FlagCode>) {
        let Value::Object(members) = value else { panic!("an object") };
        let bounded = bounded(members);
        (Value::Object(bounded.members), bounded.flags)
    }

    #[test]
    fn plain_members_stay_as_they_are() {
        let plain = json!({"a": 1, "b": ["x", {"c": null}], "d": {"e": true}, "f": 1.5});
        assert_eq!(bound(plain.clone()), (plain, vec![]));
    }

    #[test]
    fn nul_leaves_names_and_values() {
        let (kept, flags) = bound(json!({"a\0b": "x\0y", "\0": 1}));
        assert_eq!(kept, json!({"ab": "xy"}));
        assert!(flags.contains(&FlagCode::ControlCharacters));
    }

    #[test]
    fn what_is_too_deep_is_left_out() {
        let deep = |levels| (0..levels).fold(json!(1), |inner, _| json!({"x": inner}));
        assert_eq!(bound(deep(DEPTH + 1)).1, []);
        let (kept, flags) = bound(deep(120));
        assert_eq!(flags, [FlagCode::FieldUnusable]);
        assert_eq!(kept.to_string().matches('{').count(), DEPTH + 1);
    }

    #[test]
    fn what_goes_on_for_too_long_is_left_out() {
        let many: Map<String, Value> = (0..10_000).map(|n| (format!("k{n}"), json!(n))).collect();
        let (kept, flags) = bound(Value::Object(many));
        assert!(kept.as_object().unwrap().len() <= VALUES && flags == [FlagCode::TextCut]);
        let (kept, flags) = bound(json!({"a": "x".repeat(20_000), "b": vec!["y".repeat(9_000); 20]}));
        assert!(kept.to_string().len() < BYTES + 1_000 && flags.contains(&FlagCode::TextCut));
    }
}
