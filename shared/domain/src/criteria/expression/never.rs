//! Conditions that never hold, whatever is known of a lead: `answers.days > 90 && answers.days < 30`, or a number beyond
//! what its question lets through. Only what follows from numbers, texts, `&&` and `||` is found; nothing that can hold is
//! ever said not to.

use std::collections::BTreeMap;

use crate::criteria::{
    expression::{
        known_facts::Facing,
        node::{Comparison, Expression, List, Node},
    },
    facts::value::FactIndex,
};

impl Expression {
    /// Whether it is known that this holds for no lead.
    pub(in crate::criteria) fn never_holds(&self, facing: &Facing<'_>) -> bool {
        never(&self.root, facing)
    }

    /// Whether it is known that no lead has both this and the other one of the same document.
    pub(in crate::criteria) fn excludes(&self, other: &Self) -> bool {
        let facing = Facing::new(&[], &[], false);
        let mut left = BTreeMap::new();
        excludes(&self.root, &facing, &mut left)
            || excludes(&other.root, &facing, &mut left)
            || left.values().any(Left::is_empty)
    }
}

/// What is left of a fact when everything that was asked of it holds.
#[derive(Debug)]
struct Left<'a> {
    least: f64,
    most: f64,
    /// The limit itself is excluded.
    open: [bool; 2],
    texts: Option<Vec<&'a str>>,
}

impl Left<'_> {
    fn is_empty(&self) -> bool {
        // An open end excludes the value itself: `> 30 && < 30` and `> 30 && <= 30` are both empty.
        let between = self.least > self.most || self.least >= self.most && (self.open[0] || self.open[1]);
        between || self.texts.as_ref().is_some_and(Vec::is_empty)
    }
}

fn never(node: &Node, facing: &Facing<'_>) -> bool {
    match node {
        Node::YesNo(flag) => !flag,
        Node::Or(sides) => sides.iter().all(|side| never(side, facing)),
        Node::And(_) | Node::Compare(..) | Node::In(..) => {
            let mut left = BTreeMap::new();
            excludes(node, facing, &mut left) || left.values().any(Left::is_empty)
        }
        _ => false,
    }
}

/// Narrows the facts by everything that must hold; true where one part can never hold by itself.
fn excludes<'a>(node: &'a Node, facing: &Facing<'_>, left: &mut BTreeMap<FactIndex, Left<'a>>) -> bool {
    match node {
        Node::And(sides) => sides.iter().any(|side| excludes(side, facing, left)),
        Node::Compare(comparison, sides) => {
            let [one, other] = &**sides;
            match (one, other) {
                (Node::Fact(slot), value) => narrow(*slot, *comparison, value, facing, left),
                (value, Node::Fact(slot)) => narrow(*slot, turned(*comparison), value, facing, left),
                _ => {}
            }
            false
        }
        Node::In(one, list) => {
            // Only where all are texts: with one unknown, the list could hold anything.
            if let (Node::Fact(slot), List::Literal(values)) = (&**one, list)
                && let Some(texts) = values.iter().map(text).collect::<Option<Vec<_>>>()
            {
                keep(entry(*slot, facing, left), &texts);
            }
            false
        }
        // Anything else counts only if it never holds by itself.
        other => never(other, facing),
    }
}

fn entry<'m, 'a>(
    slot: FactIndex,
    facing: &Facing<'_>,
    left: &'m mut BTreeMap<FactIndex, Left<'a>>,
) -> &'m mut Left<'a> {
    left.entry(slot).or_insert_with(|| {
        // The question's own bounds first: an answer outside of them is never taken in.
        let (least, most) = facing.limits(slot);
        Left { least, most, open: [false, false], texts: None }
    })
}

fn narrow<'a>(
    slot: FactIndex,
    comparison: Comparison,
    value: &'a Node,
    facing: &Facing<'_>,
    left: &mut BTreeMap<FactIndex, Left<'a>>,
) {
    if let (Comparison::Equal, Some(text)) = (comparison, text(value)) {
        keep(entry(slot, facing, left), &[text]);
    }
    let Some(number) = number(value) else { return };
    let left = entry(slot, facing, left);
    let is_open = matches!(comparison, Comparison::Greater | Comparison::Less);
    if matches!(comparison, Comparison::Greater | Comparison::GreaterOrEqual | Comparison::Equal) {
        left.open[0] = if number > left.least { is_open } else { left.open[0] || is_open && number >= left.least };
        left.least = left.least.max(number);
    }
    if matches!(comparison, Comparison::Less | Comparison::LessOrEqual | Comparison::Equal) {
        left.open[1] = if number < left.most { is_open } else { left.open[1] || is_open && number <= left.most };
        left.most = left.most.min(number);
    }
}

fn keep<'a>(left: &mut Left<'a>, texts: &[&'a str]) {
    match &mut left.texts {
        Some(known) => known.retain(|known| texts.contains(known)),
        None => left.texts = Some(texts.to_vec()),
    }
}

const fn turned(comparison: Comparison) -> Comparison {
    match comparison {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

fn text(node: &Node) -> Option<&str> {
    if let Node::Text(text) = node { Some(text) } else { None }
}

/// A number that is written out. Whole numbers that a decimal does not keep exactly are left alone.
#[allow(clippy::cast_precision_loss, reason = "the range was checked")]
pub(super) fn number(node: &Node) -> Option<f64> {
    // Beyond this two whole numbers are the same float, and a condition that holds could look empty.
    const EXACT: i64 = 1 << 53;
    match node {
        Node::Whole(number) if (-EXACT..=EXACT).contains(number) => Some(*number as f64),
        Node::Number(number) => Some(*number),
        Node::Negate(one) => number(one).map(std::ops::Neg::neg),
        _ => None,
    }
}
