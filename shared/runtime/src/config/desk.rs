//! `[desk]`: what the desk's pages show, not who may open them.

use serde::{Deserialize, Serialize};

/// `[desk]`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeskSettings {
    /// While somebody works a lead they read the grade that it would have, and no points: what an answer is worth shows once the
    /// disposition is saved.
    pub hide_points: bool,
}
