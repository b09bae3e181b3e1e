//! Lists in conditions: literals, `in`, and the one `exists` or `all`.

use cel::{
    IdedExpr,
    common::ast::{ComprehensionExpr, Expr, operators},
};

use crate::criteria::expression::operator;
use crate::criteria::{
    expression::{
        check::{Checked, Checker, Element},
        known_facts::ROOTS,
        node::{List, Node},
        operator::TypedNode,
    },
    facts::value::Type,
};

impl Checker<'_, '_, '_> {
    pub(super) fn list(&mut self, elements: &[IdedExpr]) -> Option<Checked> {
        let at = self.pass("[");
        let parts: Vec<_> = elements.iter().map(|element| self.one(element)).collect();
        let parts: Vec<_> = parts.into_iter().collect::<Option<_>>()?;
        let Some(first) = parts.first() else {
            self.fault(at, "an empty list holds nothing to compare with");
            return None;
        };
        let element = operator::common(parts.iter().map(|part| &part.kind)).unwrap_or_else(|| first.kind.clone());
        for part in &parts {
            if !operator::comparable(&part.kind, &element) {
                self.faults.push((part.at, format!("{} among others that are {element}", part.kind)));
                return None;
            }
        }
        let places = parts.iter().map(|part| part.at).collect();
        let list = List::Literal(parts.into_iter().map(|part| part.node).collect());
        Some(Checked::Many { list, element, at, places })
    }

    fn many(&mut self, tree: &IdedExpr) -> Option<(List, Type, Vec<usize>)> {
        match self.any(tree)? {
            Checked::Many { list, element, places, .. } => Some((list, element, places)),
            Checked::One(part) => {
                let hint = if part.kind == Type::Text { ": write ['…']" } else { "" };
                self.fault(part.at, format!("this is {}: a list is needed{hint}", part.kind));
                None
            }
        }
    }

    /// `list.exists(name, condition)` and `list.all(name, condition)`, as the parser writes them out.
    pub(super) fn each(&mut self, comprehension: &ComprehensionExpr) -> Option<TypedNode> {
        let here = self.here();
        let list = self.many(&comprehension.iter_range);
        let Expr::Call(step) = &comprehension.loop_step.expr else { return None };
        let name = &comprehension.iter_var;
        let at = self.pass(name);
        if ROOTS.contains(&name.as_str()) || name == "now" {
            self.fault(at, format!("'{name}' is taken: give the element another name"));
        }
        let (list, element, _) = list?;
        let outer = self.element.replace(Element { name: name.clone(), kind: element });
        let condition = step.args.last().and_then(|condition| self.one(condition));
        self.element = outer;
        let condition = self.yes_no(condition?)?;
        let node = match step.func_name.as_str() {
            operators::LOGICAL_OR => Node::Exists(list, Box::new(condition)),
            operators::LOGICAL_AND => Node::All(list, Box::new(condition)),
            _ => return None,
        };
        Some(TypedNode { node, kind: Type::YesNo, at: here })
    }

    pub(super) fn contained(&mut self, one: &IdedExpr, list: &IdedExpr) -> Option<Node> {
        let one = self.one(one);
        let at = self.pass("in");
        let list = self.many(list);
        let (one, (list, element, places)) = (one?, list?);
        if !operator::comparable(&one.kind, &element) {
            self.fault(at, format!("{} is never in a list of which each is {element}", one.kind));
            return None;
        }
        if let List::Literal(nodes) = &list {
            for (node, place) in nodes.iter().zip(places) {
                self.faults.extend(operator::not_a_choice(node, &one.kind).map(|message| (place, message)));
            }
        } else if let Some(message) = operator::not_a_choice(&one.node, &element) {
            self.fault(one.at, message);
        }
        Some(Node::In(Box::new(one.node), list))
    }
}
