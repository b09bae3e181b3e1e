//! Conditions: CEL, parsed by the `cel` crate, checked against the types of the facts, and evaluated by Ripen.
//!
//! Three things rest on evaluating the checked tree here and not in the crate: *not answered* is a state of its own all
//! the way up, the receipt knows which facts were read, and nothing that was let through can fail in a way that was not
//! thought of. The crate's own evaluator is the oracle of a test that compares the two.
//!
//! **A missing fact behaves as an error does in CEL**: it makes its whole condition *missing*, unless the rest decides it
//! anyway. `answers.a == 1 || answers.b == 2` is true when `a` is 1 and `b` is absent; `!answers.x` with `x` absent is
//! missing, not true; `has(answers.x)` is always yes or no. Where a missing fact and a failure meet, the condition is
//! missing: with the answer the failure may go away.

mod arithmetic;
mod check;
mod covers;
mod evaluate;
mod foreign_syntax;
mod function;
mod known_facts;
mod lexer;
mod list;
mod never;
mod node;
mod operator;
mod syntax;
mod token;

pub(super) use check::compile;
pub(super) use evaluate::{Evaluation, Run};
pub(super) use known_facts::{ExpectedType, Facing};
pub(super) use node::Expression;
