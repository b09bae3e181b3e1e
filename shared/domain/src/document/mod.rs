//! Documents that people write in TOML, as criteria and routing: a tree in which every value knows its place, and mistakes that
//! say what is wrong where, and what was probably meant.

mod mistake;
mod position;
mod suggestion;
mod toml_error;
mod tree;

pub use mistake::Mistake;
pub(crate) use mistake::Notes;
pub(crate) use position::place_inside;
pub use suggestion::did_you_mean;
pub(crate) use suggestion::{distance, looks_like, nearest, odd_letter, plain, quoted};
pub(crate) use tree::{Located, Section, TreeNode, kind, parse, text};
