//! What whoever read a lead out of a file says of how it was read: only they saw the file.

use ripen_domain::{flag::Flag, list::mapping::READ_FLAGS};
use serde_json::Value;

use crate::formats::Fields;

/// Takes the flags out of the fields. What holds any other flag is no such member, and stays what it is: nobody sets by it what Ripen
/// finds.
pub fn take(fields: &mut Fields) -> Vec<Flag> {
    let Some(Value::Array(given)) = fields.get(READ_FLAGS) else { return Vec::new() };
    let read = given.iter().map(|one| serde_json::from_value::<Flag>(one.clone()).ok());
    let known: Option<Vec<Flag>> = read.map(|flag| flag.filter(|flag| flag.code.is_of_reading())).collect();
    let Some(flags) = known else { return Vec::new() };
    fields.remove(READ_FLAGS);
    // Bounded as all others are.
    let bounded = |flag: &Flag| Flag::new(&flag.field, flag.code).saying(flag.said.as_deref().unwrap_or_default());
    flags.iter().filter(|flag| flag.field.len() <= 200).map(bounded).collect()
}
