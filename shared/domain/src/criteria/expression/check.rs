//! From the parser's tree to a checked one. Everything that is not known to be harmless and of the right type is a
//! mistake, and all of a condition's mistakes are found in one walk.
//!
//! The parser keeps its places to itself, so the walk goes through the tokens in step with the tree: both hold the names,
//! literals and operators in the same order.

use cel::{
    IdedExpr,
    common::ast::{CallExpr, Expr, LiteralValue, SelectExpr, operators},
    parser::PrattParser,
};

use crate::criteria::expression::operator;
use crate::{
    criteria::{
        expression::{
            Expression,
            known_facts::{ExpectedType, Facing, ROOTS},
            lexer::cut,
            node::{List, Node},
            operator::TypedNode,
            syntax::syntax,
            token::{Fault, LexemeKind, Token},
        },
        facts::{
            field::{AGE, FIELDS, FIRST_ARRIVED_AT, find},
            value::{Fact, Type},
        },
    },
    document::{did_you_mean, quoted},
};

/// The condition, checked; and whether it reads anything at all.
pub(in crate::criteria) fn compile(
    text: &str,
    wanted: ExpectedType,
    facing: &mut Facing<'_>,
) -> Result<(Expression, bool), Vec<Fault>> {
    // Before the parser: it bounds length and depth, and the parser is recursive.
    let tokens = cut(text).map_err(|fault| vec![fault])?;
    // One error: after the first, the parser's further ones are guesses.
    let tree = PrattParser::new().error_recovery_limit(1).parse(text).map_err(|errors| vec![syntax(text, &errors)])?;
    let mut checker = Checker { facing, tokens, next: 0, faults: Vec::new(), element: None, reads: false };
    let root = checker.one(&tree);
    if let Some(root) = &root {
        let right = match wanted {
            ExpectedType::YesNo => root.kind == Type::YesNo,
            ExpectedType::Instant => root.kind == Type::Instant,
        };
        if !right {
            let needed = if wanted == ExpectedType::YesNo { "yes or no" } else { "a date" };
            checker.fault(root.at, format!("this comes to {}: it must come to {needed}", root.kind));
        }
    }
    match root {
        // With any fault nothing comes out: a condition read in part would decide otherwise than it was written.
        Some(root) if checker.faults.is_empty() => Ok((Expression { root: root.node }, checker.reads)),
        _ => Err(checker.faults),
    }
}

/// What may be meant by a name that stands alone and is none.
fn unknown_name(name: &str) -> String {
    let hint = did_you_mean(name, ROOTS.into_iter().chain(["now", "true", "false"]));
    if hint.is_empty() { ": a text stands in quotes, an answer is answers.…".into() } else { hint }
}

pub(super) struct Checker<'c, 'q, 't> {
    facing: &'c mut Facing<'q>,
    tokens: Vec<Token<'t>>,
    next: usize,
    pub(super) faults: Vec<Fault>,
    /// The name and type of the element inside `exists` and `all`.
    pub(super) element: Option<Element>,
    reads: bool,
}

/// The element at hand inside `exists` and `all`.
pub(super) struct Element {
    pub(super) name: String,
    pub(super) kind: Type,
}

/// A checked part: one value, or several of one type.
pub(super) enum Checked {
    One(TypedNode),
    Many { list: List, element: Type, at: usize, places: Vec<usize> },
}

impl Checker<'_, '_, '_> {
    pub(super) fn fault(&mut self, at: usize, message: impl Into<String>) {
        self.faults.push((at, message.into()));
    }

    /// Where the part at hand begins.
    pub(super) fn here(&self) -> usize {
        self.tokens.get(self.next).or(self.tokens.last()).map_or(0, |token| token.at)
    }

    /// Goes past the next token that reads so, and says where it stands.
    pub(super) fn pass(&mut self, text: &str) -> usize {
        self.pass_if(|token| token.text == text)
    }

    fn pass_if(&mut self, wanted: impl Fn(&Token<'_>) -> bool) -> usize {
        let here = self.here();
        let found = self.tokens.iter().enumerate().skip(self.next).find(|(_, token)| wanted(token));
        // A place that is not found leaves the walk where it is: later places stay roughly right, and the mistake is
        // reported all the same.
        let Some((place, at)) = found.map(|(place, token)| (place, token.at)) else { return here };
        self.next = place + 1;
        at
    }

    pub(super) fn one(&mut self, tree: &IdedExpr) -> Option<TypedNode> {
        match self.any(tree)? {
            Checked::One(part) => Some(part),
            Checked::Many { at, .. } => {
                self.fault(at, "this comes to a list: use 'in', 'exists', 'all' or 'size'");
                None
            }
        }
    }

    pub(super) fn any(&mut self, tree: &IdedExpr) -> Option<Checked> {
        match &tree.expr {
            Expr::Literal(literal) => self.literal(literal).map(Checked::One),
            Expr::Ident(name) => self.name(name).map(Checked::One),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call).map(Checked::One),
            Expr::Comprehension(comprehension) => self.each(comprehension).map(Checked::One),
            Expr::List(list) => self.list(&list.elements),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                let here = self.here();
                self.fault(here, "not understood");
                None
            }
        }
    }

    fn literal(&mut self, literal: &LiteralValue) -> Option<TypedNode> {
        let at = self.pass_if(|token| match literal {
            LiteralValue::Boolean(_) | LiteralValue::Null => matches!(token.text, "true" | "false" | "null"),
            LiteralValue::String(_) | LiteralValue::Bytes(_) => token.kind == LexemeKind::Text,
            LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => token.kind == LexemeKind::Number,
        });
        let (node, kind) = match literal {
            LiteralValue::Boolean(flag) => (Node::YesNo(*flag.inner()), Type::YesNo),
            LiteralValue::Int(number) => (Node::Whole(*number.inner()), Type::Whole),
            LiteralValue::Double(number) => (Node::Number(*number.inner()), Type::Number),
            LiteralValue::String(text) => (Node::Text(text.inner().into()), Type::Text),
            // Null would make "missing" a value, and missing facts have rules of their own.
            LiteralValue::Null => {
                self.fault(at, "'null' is not used here: ask whether a fact is there with has(answers.…)");
                return None;
            }
            LiteralValue::Bytes(_) | LiteralValue::UInt(_) => {
                self.fault(at, "this literal is not used here");
                return None;
            }
        };
        Some(TypedNode { node, kind, at })
    }

    fn name(&mut self, name: &str) -> Option<TypedNode> {
        let at = self.pass(name);
        if let Some(Element { name: element, kind }) = &self.element
            && element == name
        {
            return Some(TypedNode { node: Node::Element, kind: kind.clone(), at });
        }
        if name == "now" {
            self.reads = true;
            return Some(TypedNode { node: Node::Now, kind: Type::Instant, at });
        }
        if ROOTS.contains(&name) {
            self.fault(at, format!("'{name}' alone is no fact: write '{name}.…'"));
            return None;
        }
        let root = ROOTS.iter().find(|root| self.facing.names(root).contains(&name));
        let hint = root.map_or_else(|| unknown_name(name), |root| format!(", did you mean '{root}.{name}'?"));
        self.fault(at, format!("unknown name {}{hint}", quoted(name)));
        None
    }

    fn select(&mut self, select: &SelectExpr) -> Option<Checked> {
        let Expr::Ident(root) = &select.operand.expr else {
            // Walked for its own mistakes too, and to keep the tokens in step.
            let _ = self.any(&select.operand);
            let at = self.pass(&select.field);
            self.fault(
                at,
                format!(
                    "only answers, lead, client and source have fields, not what {} stands on",
                    quoted(&select.field)
                ),
            );
            return None;
        };
        let start = self.pass(root);
        let at = self.pass(&select.field);
        if !ROOTS.contains(&root.as_str()) {
            let hint = did_you_mean(root, ROOTS);
            self.fault(start, format!("unknown name {}{hint}", quoted(root)));
            return None;
        }
        let name = format!("{root}.{}", select.field);
        self.reads = true;
        if name == AGE {
            let slot = self.facing.field(FIRST_ARRIVED_AT);
            let (node, kind) =
                if select.test { (Node::Has(slot), Type::YesNo) } else { (Node::DaysSince(slot), Type::Whole) };
            return Some(Checked::One(TypedNode { node, kind, at: start }));
        }
        let known = if root == "answers" {
            self.facing.answer(&select.field)
        } else {
            find(&name).map(|place| (Fact::Field(place), FIELDS[place].kind()))
        };
        let Some((fact, kind)) = known else {
            // Its question has a mistake that was reported already; a second one here would only repeat it.
            if self.facing.is_unusable(root, &select.field) {
                return None;
            }
            let elsewhere = ROOTS.iter().find(|other| self.facing.names(other).contains(&select.field.as_str()));
            let hint = elsewhere.map_or_else(
                || did_you_mean(&select.field, self.facing.names(root)),
                |other| format!(", did you mean '{other}.{}'?", select.field),
            );
            let what = if root == "answers" { "no question has the id" } else { "unknown field" };
            self.fault(at, format!("{what} {}{hint}", quoted(&select.field)));
            return None;
        };
        let slot = self.facing.slot(fact);
        Some(match kind {
            _ if select.test => Checked::One(TypedNode { node: Node::Has(slot), kind: Type::YesNo, at: start }),
            Type::List(element) => {
                Checked::Many { list: List::Fact(slot), element: *element, at: start, places: Vec::new() }
            }
            kind => Checked::One(TypedNode { node: Node::Fact(slot), kind, at: start }),
        })
    }

    pub(super) fn yes_no(&mut self, part: TypedNode) -> Option<Node> {
        if part.kind == Type::YesNo {
            return Some(part.node);
        }
        self.fault(part.at, format!("this is {}: yes/no is needed", part.kind));
        None
    }

    fn call(&mut self, call: &CallExpr) -> Option<TypedNode> {
        let here = self.here();
        let args = call.args.as_slice();
        let node = match (call.func_name.as_str(), args) {
            (operators::LOGICAL_AND, [left, right]) => self.both(left, right).map(|sides| Node::And(Box::new(sides))),
            (operators::LOGICAL_OR, [left, right]) => self.both(left, right).map(|sides| Node::Or(Box::new(sides))),
            (operators::LOGICAL_NOT, [one]) => {
                let one = self.one(one)?;
                self.yes_no(one).map(|node| Node::Not(Box::new(node)))
            }
            (operators::CONDITIONAL, [condition, yes, no]) => return self.choose(condition, yes, no),
            (operators::NEGATE, [one]) => return self.negate(one),
            (operators::IN, [one, list]) => self.contained(one, list),
            (operators::INDEX, _) => {
                let at = self.pass("[");
                self.fault(at, "elements are not taken out of lists: use 'in', 'exists' or 'all'");
                return None;
            }
            (name, [left, right]) if operator::comparison(name).is_some() || operator::operation(name).is_some() => {
                return self.binary(name, left, right);
            }
            _ => return self.function(call),
        };
        Some(TypedNode { node: node?, kind: Type::YesNo, at: here })
    }

    fn both(&mut self, left: &IdedExpr, right: &IdedExpr) -> Option<[Node; 2]> {
        // Both sides before the question mark: mistakes of both are reported.
        let left = self.one(left).and_then(|part| self.yes_no(part));
        let right = self.one(right).and_then(|part| self.yes_no(part));
        Some([left?, right?])
    }

    fn choose(&mut self, condition: &IdedExpr, yes: &IdedExpr, no: &IdedExpr) -> Option<TypedNode> {
        let condition = self.one(condition).and_then(|part| self.yes_no(part));
        let (yes, no) = (self.one(yes), self.one(no));
        let (condition, yes, no) = (condition?, yes?, no?);
        let Some(kind) = operator::common([&yes.kind, &no.kind].into_iter()) else {
            self.fault(no.at, format!("one side of '?:' is {}, the other {}", yes.kind, no.kind));
            return None;
        };
        Some(TypedNode { node: Node::If(Box::new([condition, yes.node, no.node])), kind, at: yes.at })
    }

    fn negate(&mut self, one: &IdedExpr) -> Option<TypedNode> {
        let at = self.pass("-");
        let part = self.one(one)?;
        if !(part.kind.is_numeric() || part.kind == Type::Span) {
            self.fault(at, format!("{} has no opposite", part.kind));
            return None;
        }
        Some(TypedNode { node: Node::Negate(Box::new(part.node)), kind: part.kind, at })
    }

    fn binary(&mut self, name: &str, left: &IdedExpr, right: &IdedExpr) -> Option<TypedNode> {
        let left = self.one(left);
        let sign = name.trim_matches('_');
        // Between the sides, as it stands in the text: tokens are passed in their order.
        let at = self.pass(sign);
        let right = self.one(right);
        let (left, right) = (left?, right?);
        let begin = left.at;
        let checked = match (operator::comparison(name), operator::operation(name)) {
            (Some(comparison), _) => operator::compare(comparison, left, right),
            (_, Some(operation)) => operator::calculate(operation, left, right),
            _ => return None,
        };
        match checked {
            Ok((node, kind)) => Some(TypedNode { node, kind, at: begin }),
            Err((place, message)) => {
                self.fault(place.unwrap_or(at), message);
                None
            }
        }
    }
}
