//! `[desk]`: what the desk's pages show, not who may open them.

use serde::{Deserialize, Serialize};

/// `[desk]`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeskSettings {
    /// Agents read the grade that a lead has or would have, and no points: what an answer is worth shows once their disposition is
    /// saved.
    pub hide_points: bool,
}
