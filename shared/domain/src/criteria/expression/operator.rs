//! Which operators take which types. CEL's table, with two things made friendlier: whole and decimal numbers mix, and a
//! choice that is compared with a word which is none of its choices is a mistake, not a condition that never holds.

use cel::common::ast::operators;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    criteria::{
        expression::node::{Comparison, Node, Operation},
        facts::{answer::is_calendar_day, value::Type},
    },
    document::{did_you_mean, quoted},
};

/// A checked part of a condition with a single value.
pub(super) struct TypedNode {
    pub node: Node,
    pub kind: Type,
    /// Where it begins, in bytes.
    pub at: usize,
}

/// What is wrong, and where if not at the operator.
type OperatorMistake = (Option<usize>, String);

/// Whether values of these types can be equal.
pub(super) fn comparable(left: &Type, right: &Type) -> bool {
    // Choices of two questions compare as texts: their words need not be the same lists.
    left == right || left.is_numeric() && right.is_numeric() || left.is_textual() && right.is_textual()
}

/// The type that takes all of these, if there is one.
pub(super) fn common<'t>(mut kinds: impl Iterator<Item = &'t Type>) -> Option<Type> {
    let first = kinds.next()?.clone();
    kinds.try_fold(first, |left, right| {
        if left == *right {
            Some(left)
        } else if left.is_numeric() && right.is_numeric() {
            Some(Type::Number)
        } else if left.is_textual() && right.is_textual() {
            Some(Type::Text)
        } else {
            None
        }
    })
}

/// What is wrong with a literal that is compared with a choice, if it is none of the choices.
pub(super) fn not_a_choice(node: &Node, kind: &Type) -> Option<String> {
    let (Node::Text(text), Type::Choice(choices)) = (node, kind) else { return None };
    if choices.iter().any(|choice| **choice == **text) {
        return None;
    }
    let hint = did_you_mean(text, choices.iter().map(|choice| &**choice));
    Some(format!("{} is none of the choices{hint}", quoted(text)))
}

pub(super) fn compare(
    comparison: Comparison,
    left: TypedNode,
    right: TypedNode,
) -> Result<(Node, Type), OperatorMistake> {
    if !comparable(&left.kind, &right.kind) {
        let hint = match (&left.kind, &right.kind) {
            (Type::Instant, Type::Text) | (Type::Text, Type::Instant) => ": write the date as timestamp('2026-11-30')",
            (Type::Instant, kind) | (kind, Type::Instant) if kind.is_numeric() => ": write now + days(…)",
            (Type::Span, kind) | (kind, Type::Span) if kind.is_numeric() => ": write the number as days(…)",
            (Type::Instant, Type::Span) | (Type::Span, Type::Instant) => ": write now + days(…)",
            (Type::YesNo, Type::Text) | (Type::Text, Type::YesNo) => ": write it alone, or with ! before it",
            (Type::YesNo, kind) if kind.is_numeric() && is_order(&left.node) => ": write a < b && b < c",
            (kind, Type::Text) if kind.is_numeric() => number_hint(&right.node),
            (Type::Text, kind) if kind.is_numeric() => number_hint(&left.node),
            _ => "",
        };
        return Err((None, format!("{} cannot be compared with {}{hint}", left.kind, right.kind)));
    }
    // Only `==` and `!=` name a choice: by `<` a word that is none of them may be meant as a bound.
    let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    if ordered && left.kind == Type::YesNo {
        return Err((None, "yes/no has no order: compare with == or !=".into()));
    }
    if !ordered {
        for (one, other) in [(&left, &right), (&right, &left)] {
            if let Some(message) = not_a_choice(&one.node, &other.kind) {
                return Err((Some(one.at), message));
            }
        }
    }
    Ok((Node::Compare(comparison, Box::new([left.node, right.node])), Type::YesNo))
}

/// Whether a part says which of two values is the greater.
fn is_order(node: &Node) -> bool {
    use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
    matches!(node, Node::Compare(Less | LessOrEqual | Greater | GreaterOrEqual, _))
}

/// What to write instead of a text that is compared with a number.
fn number_hint(node: &Node) -> &'static str {
    match node {
        Node::Text(text) if text.is_empty() => ": ask whether it is there with has(answers.…)",
        Node::Text(text) if text.trim().parse::<f64>().is_ok() => ": write the number without quotes",
        Node::Text(_) => "",
        _ => ": put the number in quotes",
    }
}

pub(super) fn calculate(
    operation: Operation,
    left: TypedNode,
    right: TypedNode,
) -> Result<(Node, Type), OperatorMistake> {
    use Operation::{Add, Divide, DivideWhole, Subtract};
    use Type::{Instant, Span, Whole};
    let (operation, kind) = match (operation, &left.kind, &right.kind) {
        // As in CEL, whole numbers divide to a whole number: 7 / 2 is 3.
        (Divide, Whole, Whole) => (DivideWhole, Whole),
        (_, Whole, Whole) => (operation, Whole),
        (_, one, other) if one.is_numeric() && other.is_numeric() => (operation, Type::Number),
        (Add | Subtract, Instant, Span) | (Add, Span, Instant) => (operation, Instant),
        (Subtract, Instant, Instant) | (Add | Subtract, Span, Span) => (operation, Span),
        (_, one, other) => {
            let verb = match operation {
                Add => "added to",
                Subtract => "taken off",
                Operation::Multiply => "multiplied by",
                _ => "divided by",
            };
            // Said the way round in which people read it: the right side is taken off the left.
            let (one, other) = if operation == Subtract { (other, one) } else { (one, other) };
            let hint = match (&left.kind, &right.kind) {
                (Instant, number) | (number, Instant) if number.is_numeric() => ": write the number as days(…)",
                (Instant, Type::Text) => ": write a number of days as days(30)",
                _ => "",
            };
            return Err((None, format!("{one} cannot be {verb} {other}{hint}")));
        }
    };
    Ok((Node::Calculate(operation, Box::new([left.node, right.node])), kind))
}

/// `2026-11-30`, which is its beginning in UTC, or a time with its zone.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    // A day alone begins at midnight UTC: a condition has no place whose clock could count.
    if is_calendar_day(text) {
        let date: Date = text.parse().ok()?;
        return date.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp());
    }
    text.parse().ok()
}

/// The comparison with this name in the parser's tree.
pub(super) fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        operators::EQUALS => Comparison::Equal,
        operators::NOT_EQUALS => Comparison::NotEqual,
        operators::LESS => Comparison::Less,
        operators::LESS_EQUALS => Comparison::LessOrEqual,
        operators::GREATER => Comparison::Greater,
        operators::GREATER_EQUALS => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// The arithmetic with this name in the parser's tree.
pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        operators::ADD => Operation::Add,
        operators::SUBSTRACT => Operation::Subtract,
        operators::MULTIPLY => Operation::Multiply,
        operators::DIVIDE => Operation::Divide,
        operators::MODULO => Operation::Remainder,
        _ => return None,
    })
}
