//! The functions a condition may call: `days`, `size`, `timestamp`, `startsWith`, `endsWith`, `contains`. (`has`, `exists`
//! and `all` are written out by the parser and are no calls any more.)

use cel::common::ast::CallExpr;

use crate::criteria::expression::operator;
use crate::{
    criteria::{
        expression::{
            check::{Checked, Checker},
            node::{Node, Search},
            operator::TypedNode,
        },
        facts::value::Type,
    },
    document::{did_you_mean, quoted},
};

const FUNCTIONS: [&str; 9] =
    ["days", "size", "timestamp", "has", "startsWith", "endsWith", "contains", "exists", "all"];

impl Checker<'_, '_, '_> {
    pub(super) fn function(&mut self, call: &CallExpr) -> Option<TypedNode> {
        // Apart: it takes a list, which every other function refuses.
        if call.func_name == "size" {
            return self.size(call);
        }
        // Target, name, arguments: the order in which their words stand in the text.
        let target = call.target.as_ref().map(|target| self.one(target));
        let at = self.pass(&call.func_name);
        let args: Vec<_> = call.args.iter().map(|argument| self.one(argument)).collect();
        let known = target.as_ref().is_none_or(Option::is_some) && args.iter().all(Option::is_some);
        let name = call.func_name.as_str();
        let is_search = matches!(name, "startsWith" | "endsWith" | "contains");
        if !(is_search && call.target.is_some() || matches!(name, "days" | "timestamp") && call.target.is_none()) {
            self.unknown_function(name, at);
            return None;
        }
        if args.len() != 1 {
            self.fault(at, format!("'{name}' takes one value"));
            return None;
        }
        // The mistake inside was reported; a second one about its type would be a guess.
        if !known {
            return None;
        }
        let argument = args.into_iter().next()??;
        let (node, kind) = match name {
            "days" if argument.kind.is_numeric() => (Node::Days(Box::new(argument.node)), Type::Span),
            "timestamp" => (self.timestamp(&argument)?, Type::Instant),
            "days" => {
                self.fault(argument.at, format!("'days' takes a number, not {}", argument.kind));
                return None;
            }
            _ => (self.search(name, target??, argument)?, Type::YesNo),
        };
        Some(TypedNode { node, kind, at })
    }

    fn unknown_function(&mut self, name: &str, at: usize) {
        let message = if FUNCTIONS.contains(&name) {
            format!("'{name}' is not used like this: write {}", usage(name))
        } else {
            format!("unknown function {}{}", quoted(name), instead(name))
        };
        self.fault(at, message);
    }

    fn search(&mut self, name: &str, target: TypedNode, argument: TypedNode) -> Option<Node> {
        for part in [&target, &argument] {
            if !part.kind.is_textual() {
                let message = format!("'{name}' looks for a text in a text, and this is {}", part.kind);
                self.fault(part.at, message);
                return None;
            }
        }
        let search = match name {
            "startsWith" => Search::StartsWith,
            "endsWith" => Search::EndsWith,
            _ => Search::Contains,
        };
        Some(Node::Search(search, Box::new([target.node, argument.node])))
    }

    fn size(&mut self, call: &CallExpr) -> Option<TypedNode> {
        let here = self.here();
        let measured = match (&call.target, call.args.as_slice()) {
            (Some(target), []) => &**target,
            (None, [argument]) => argument,
            _ => {
                let at = self.pass("size");
                self.fault(at, "'size' takes one value");
                return None;
            }
        };
        let node = match self.any(measured)? {
            Checked::Many { list, .. } => Node::Count(list),
            Checked::One(part) if part.kind.is_textual() => Node::Length(Box::new(part.node)),
            Checked::One(part) => {
                self.fault(part.at, format!("'size' counts a text or a list, and this is {}", part.kind));
                return None;
            }
        };
        // Written after its target, its name comes after it in the text too.
        if call.target.is_some() {
            self.pass("size");
        }
        Some(TypedNode { node, kind: Type::Whole, at: here })
    }

    fn timestamp(&mut self, argument: &TypedNode) -> Option<Node> {
        // Only a literal: a text that is computed could fail for one lead and not for another.
        let instant = match &argument.node {
            Node::Text(text) => operator::instant(text),
            _ => None,
        };
        if instant.is_none() {
            self.fault(
                argument.at,
                "'timestamp' takes a date in quotes such as '2026-11-30' or '2026-11-30T10:00:00Z'",
            );
        }
        instant.map(Node::Instant)
    }
}

/// What to write instead of a function that is none.
fn instead(name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "now" => ": write now, without brackets".into(),
        "date" => ": write timestamp('2026-11-30')".into(),
        "duration" | "weeks" | "months" | "years" | "hours" => ": write a length of time as days(…)".into(),
        "len" | "length" | "count" => ": write size(…)".into(),
        "lower" | "lowerascii" | "tolower" | "upper" | "toupper" => ": texts are compared as they are written".into(),
        "exists_one" | "any" | "some" => ": write […].exists(x, …)".into(),
        _ => did_you_mean(name, FUNCTIONS),
    }
}

fn usage(name: &str) -> &'static str {
    match name {
        "days" => "days(30)",
        "timestamp" => "timestamp('2026-11-30')",
        "has" => "has(answers.…)",
        "exists" => "[…].exists(x, …)",
        "all" => "[…].all(x, …)",
        "startsWith" => "answers.….startsWith('…')",
        "endsWith" => "answers.….endsWith('…')",
        _ => "answers.….contains('…')",
    }
}
