//! A checked condition over the facts of one lead at one instant. It ends in yes, no, a missing fact, or a failure of
//! arithmetic, and always within the size of the condition times the length of one list.

use std::cmp::Ordering;

use jiff::Timestamp;

use crate::criteria::{
    expression::{
        arithmetic::{EvaluationError, WRONG_TYPE, calculate, days, negate, order},
        node::{Comparison, Expression, List, Node, Search, Value},
    },
    facts::{
        answer::whole_days,
        inputs::Inputs,
        value::{FactIndex, Held},
    },
};

/// What a condition came to.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::criteria) enum Evaluation<T> {
    /// Decided.
    Known(T),
    /// These facts are absent, in the order they were asked for, each once.
    Missing(Vec<FactIndex>),
    /// It could not be computed.
    Failed(&'static str),
}

/// The evaluation of one condition.
pub(in crate::criteria) struct Run<'a, 'f> {
    inputs: &'a Inputs<'f>,
    missing: Vec<FactIndex>,
    element: Option<Value<'a>>,
}

impl<'a, 'f> Run<'a, 'f> {
    pub(in crate::criteria) const fn new(inputs: &'a Inputs<'f>) -> Self {
        Self { inputs, missing: Vec::new(), element: None }
    }

    /// Whether the condition holds.
    pub(in crate::criteria) fn yes_no(&mut self, condition: &'a Expression) -> Evaluation<bool> {
        let result = self.truth(&condition.root);
        self.outcome(result)
    }

    /// The date that the condition comes to.
    pub(in crate::criteria) fn instant(&mut self, condition: &'a Expression) -> Evaluation<Timestamp> {
        let result = match self.value(&condition.root) {
            Ok(Value::Instant(at)) => Ok(at),
            Ok(_) => Err(WRONG_TYPE),
            Err(fault) => Err(fault),
        };
        self.outcome(result)
    }

    fn outcome<T>(&mut self, result: Result<T, EvaluationError>) -> Evaluation<T> {
        // Taken, so that the next condition of this run starts without those of the last.
        let missing = std::mem::take(&mut self.missing);
        match result {
            Ok(value) => Evaluation::Known(value),
            Err(EvaluationError::Failed(why)) => Evaluation::Failed(why),
            Err(EvaluationError::Missing) => {
                // A list, not a set: the receipt names missing facts in the order in which the condition reads them.
                let mut once: Vec<FactIndex> = Vec::with_capacity(missing.len());
                for slot in missing {
                    if !once.contains(&slot) {
                        once.push(slot);
                    }
                }
                Evaluation::Missing(once)
            }
        }
    }

    fn value(&mut self, node: &'a Node) -> Result<Value<'a>, EvaluationError> {
        Ok(match node {
            Node::YesNo(flag) => Value::YesNo(*flag),
            Node::Whole(number) => Value::Whole(*number),
            Node::Number(number) => Value::Number(*number),
            Node::Text(text) => Value::Text(text),
            Node::Instant(at) => Value::Instant(*at),
            Node::Now => Value::Instant(self.inputs.now()),
            Node::Fact(slot) => single(self.fact(*slot)?)?,
            Node::Has(slot) => Value::YesNo(self.inputs.read(*slot).is_some()),
            Node::DaysSince(slot) => match self.fact(*slot)? {
                Held::Instant(at) => Value::Whole(whole_days(self.inputs.now().duration_since(*at))),
                _ => return Err(WRONG_TYPE),
            },
            Node::Element => self.element.ok_or(WRONG_TYPE)?,
            Node::Not(one) => Value::YesNo(!self.truth(one)?),
            Node::And(sides) => Value::YesNo(self.until(sides, false)?),
            Node::Or(sides) => Value::YesNo(self.until(sides, true)?),
            Node::If(parts) => {
                // Only the chosen side: a fact that the other side misses does not matter.
                let [condition, yes, no] = &**parts;
                return if self.truth(condition)? { self.value(yes) } else { self.value(no) };
            }
            Node::Compare(comparison, sides) => Value::YesNo(self.compare(*comparison, sides)?),
            Node::Calculate(operation, sides) => {
                let (left, right) = self.both(sides)?;
                calculate(*operation, left, right)?
            }
            Node::Negate(one) => negate(self.value(one)?)?,
            Node::In(one, list) => Value::YesNo(self.contained(one, list)?),
            Node::Days(one) => Value::Span(days(self.value(one)?)?),
            Node::Search(search, sides) => Value::YesNo(self.search(*search, sides)?),
            Node::Length(one) => match self.value(one)? {
                Value::Text(text) => Value::Whole(length(text.chars().count())),
                _ => return Err(WRONG_TYPE),
            },
            Node::Count(list) => Value::Whole(length(self.elements(list)?.len())),
            Node::Exists(list, condition) => Value::YesNo(self.each(list, condition, true)?),
            Node::All(list, condition) => Value::YesNo(self.each(list, condition, false)?),
        })
    }

    fn fact(&mut self, slot: FactIndex) -> Result<&'a Held<'f>, EvaluationError> {
        // Noted here, at the only place where facts are read: no caller can forget it.
        self.inputs.read(slot).ok_or_else(|| {
            self.missing.push(slot);
            EvaluationError::Missing
        })
    }

    fn truth(&mut self, node: &'a Node) -> Result<bool, EvaluationError> {
        match self.value(node)? {
            Value::YesNo(flag) => Ok(flag),
            _ => Err(WRONG_TYPE),
        }
    }

    /// `||` looks for a side that is true and `&&` for one that is false; either side decides, whatever the other is.
    fn until(&mut self, sides: &'a [Node; 2], decisive: bool) -> Result<bool, EvaluationError> {
        let mark = self.missing.len();
        let left = self.truth(&sides[0]);
        if left == Ok(decisive) {
            return left;
        }
        // Also where the left is missing or failed: the right may decide alone, whatever the left would be.
        let right = self.truth(&sides[1]);
        match (left, right) {
            (_, Ok(right)) if right == decisive => {
                // Facts missing on the left did not matter after all.
                self.missing.truncate(mark);
                Ok(decisive)
            }
            (Err(left), Err(right)) => Err(left.with(right)),
            (Err(fault), Ok(_)) | (Ok(_), Err(fault)) => Err(fault),
            (Ok(_), Ok(_)) => Ok(!decisive),
        }
    }

    /// Both values; where both are faulty, everything that is missing is noted.
    fn both(&mut self, sides: &'a [Node; 2]) -> Result<(Value<'a>, Value<'a>), EvaluationError> {
        // Both sides always: the receipt names all that is missing at once.
        let left = self.value(&sides[0]);
        let right = self.value(&sides[1]);
        match (left, right) {
            (Ok(left), Ok(right)) => Ok((left, right)),
            (Err(left), Err(right)) => Err(left.with(right)),
            (Err(fault), Ok(_)) | (Ok(_), Err(fault)) => Err(fault),
        }
    }

    fn compare(&mut self, comparison: Comparison, sides: &'a [Node; 2]) -> Result<bool, EvaluationError> {
        let (left, right) = self.both(sides)?;
        let order = order(left, right).ok_or(WRONG_TYPE)?;
        Ok(match comparison {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        })
    }

    fn search(&mut self, search: Search, sides: &'a [Node; 2]) -> Result<bool, EvaluationError> {
        let (Value::Text(text), Value::Text(part)) = self.both(sides)? else { return Err(WRONG_TYPE) };
        Ok(match search {
            Search::StartsWith => text.starts_with(part),
            Search::EndsWith => text.ends_with(part),
            Search::Contains => text.contains(part),
        })
    }

    /// Every element of a list: one that is missing makes the list missing.
    fn elements(&mut self, list: &'a List) -> Result<Vec<Value<'a>>, EvaluationError> {
        match list {
            List::Fact(slot) => match self.fact(*slot)? {
                Held::Texts(texts) => Ok(texts.iter().copied().map(Value::Text).collect()),
                _ => Err(WRONG_TYPE),
            },
            List::Literal(nodes) => {
                let mut values = Vec::with_capacity(nodes.len());
                let mut first: Option<EvaluationError> = None;
                for node in nodes {
                    match self.value(node) {
                        Ok(value) => values.push(value),
                        Err(fault) => first = Some(first.map_or(fault, |before| before.with(fault))),
                    }
                }
                first.map_or(Ok(values), Err)
            }
        }
    }

    fn contained(&mut self, one: &'a Node, list: &'a List) -> Result<bool, EvaluationError> {
        let one = self.value(one);
        let elements = self.elements(list);
        match (one, elements) {
            (Ok(one), Ok(elements)) => {
                Ok(elements.into_iter().any(|element| order(one, element) == Some(Ordering::Equal)))
            }
            (Err(one), Err(other)) => Err(one.with(other)),
            (Err(fault), Ok(_)) | (Ok(_), Err(fault)) => Err(fault),
        }
    }

    /// `exists` looks for an element that is true and `all` for one that is false.
    fn each(&mut self, list: &'a List, condition: &'a Node, decisive: bool) -> Result<bool, EvaluationError> {
        let mark = self.missing.len();
        let mut fault: Option<EvaluationError> = None;
        // Without the list there is nothing to walk: the whole is missing.
        for element in self.elements(list)? {
            // One element is enough, without a stack: a condition holds one `exists` or `all`, as the lexer checks.
            self.element = Some(element);
            match self.truth(condition) {
                Ok(result) if result == decisive => {
                    // What other elements missed no longer matters.
                    self.missing.truncate(mark);
                    return Ok(decisive);
                }
                Ok(_) => {}
                Err(found) => fault = Some(fault.map_or(found, |before| before.with(found))),
            }
        }
        fault.map_or(Ok(!decisive), Err)
    }
}

fn single<'a>(held: &'a Held<'_>) -> Result<Value<'a>, EvaluationError> {
    Ok(match held {
        Held::YesNo(flag) => Value::YesNo(*flag),
        Held::Whole(number) => Value::Whole(*number),
        Held::Number(number) => Value::Number(*number),
        Held::Text(text) => Value::Text(text),
        Held::Instant(at) => Value::Instant(*at),
        Held::Texts(_) => return Err(WRONG_TYPE),
    })
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
