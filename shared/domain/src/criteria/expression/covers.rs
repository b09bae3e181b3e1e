//! Conditions that hold wherever another one does: `budget > 300000` wherever `budget > 500000`, `startsWith('60')`
//! wherever `startsWith('601')`. Of two rules of which the first that holds counts, the second is then never reached. Only
//! what follows from `&&`, `||` and one fact beside literals is found; nothing that can be reached is ever said not to be.

use crate::criteria::{
    expression::node::{Comparison, Expression, List, Node, Search},
    facts::value::FactIndex,
};

impl Expression {
    /// Whether it is known that this holds for every lead for which the other one holds.
    pub(in crate::criteria) fn covers(&self, other: &Self) -> bool {
        covers(&self.root, &other.root)
    }
}

fn covers(wide: &Node, narrow: &Node) -> bool {
    if wide == narrow || *wide == Node::YesNo(true) {
        return true;
    }
    match (wide, narrow) {
        // In this order: the wide side's `&&` and the narrow side's `||` lose nothing when they are taken apart, the
        // others can.
        (Node::And(sides), narrow) => sides.iter().all(|side| covers(side, narrow)),
        (wide, Node::Or(sides)) => sides.iter().all(|side| covers(wide, side)),
        (Node::Or(sides), narrow) if sides.iter().any(|side| covers(side, narrow)) => true,
        (wide, Node::And(sides)) => sides.iter().any(|side| covers(wide, side)),
        (wide, narrow) => asked(wide).zip(asked(narrow)).is_some_and(|(wide, narrow)| wide.covers(&narrow)),
    }
}

/// What a simple condition lets one fact be.
enum Bound<'a> {
    Least(FactIndex, f64, bool),
    Most(FactIndex, f64, bool),
    Texts(FactIndex, Vec<&'a str>),
    Beginnings(FactIndex, Vec<&'a str>),
}

impl Bound<'_> {
    fn covers(&self, narrow: &Self) -> bool {
        match (self, narrow) {
            (Self::Least(one, wide, open), Self::Least(other, narrow, shut)) => {
                one == other && (narrow > wide || narrow >= wide && (!open || *shut))
            }
            (Self::Most(one, wide, open), Self::Most(other, narrow, shut)) => {
                one == other && (narrow < wide || narrow <= wide && (!open || *shut))
            }
            (Self::Texts(one, wide), Self::Texts(other, narrow)) => {
                one == other && narrow.iter().all(|text| wide.contains(text))
            }
            (Self::Beginnings(one, wide), Self::Texts(other, narrow) | Self::Beginnings(other, narrow)) => {
                one == other && narrow.iter().all(|text| wide.iter().any(|start| text.starts_with(start)))
            }
            _ => false,
        }
    }
}

fn asked(node: &Node) -> Option<Bound<'_>> {
    match node {
        Node::Compare(comparison, sides) => match &**sides {
            [Node::Fact(slot), value] => compared(*slot, *comparison, value),
            _ => None,
        },
        Node::In(one, List::Literal(values)) => match &**one {
            Node::Fact(slot) => Some(Bound::Texts(*slot, texts(values)?)),
            _ => None,
        },
        Node::Search(Search::StartsWith, sides) => match &**sides {
            [Node::Fact(slot), Node::Text(start)] => Some(Bound::Beginnings(*slot, vec![start])),
            _ => None,
        },
        Node::Exists(List::Literal(values), condition) => match &**condition {
            Node::Search(Search::StartsWith, sides) => match &**sides {
                [Node::Fact(slot), Node::Element] => Some(Bound::Beginnings(*slot, texts(values)?)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn texts(values: &[Node]) -> Option<Vec<&str>> {
    values.iter().map(|value| if let Node::Text(text) = value { Some(&**text) } else { None }).collect()
}

fn compared(slot: FactIndex, comparison: Comparison, value: &Node) -> Option<Bound<'_>> {
    if let (Comparison::Equal, Node::Text(text)) = (comparison, value) {
        return Some(Bound::Texts(slot, vec![text]));
    }
    let number = super::never::number(value)?;
    match comparison {
        Comparison::Greater => Some(Bound::Least(slot, number, true)),
        Comparison::GreaterOrEqual => Some(Bound::Least(slot, number, false)),
        Comparison::Less => Some(Bound::Most(slot, number, true)),
        Comparison::LessOrEqual => Some(Bound::Most(slot, number, false)),
        // Not looked into: a rule that is missed costs a warning, one that is named falsely would be deleted.
        Comparison::Equal | Comparison::NotEqual => None,
    }
}
