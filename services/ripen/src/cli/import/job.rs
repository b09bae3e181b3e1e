//! An import while it runs: the list that is read, how its columns are meant, and what became of the rows so far.

use ripen_domain::list::mapping::Mapping;

use super::{foresight::AskedQuestion, report::ImportReport};
use crate::cli::list::ListFile;

/// A list on its way in, and what became of it so far.
pub(super) struct ImportJob {
    pub list: ListFile,
    pub mapping: Mapping,
    pub report: ImportReport,
    /// What the script asks, where that is known.
    pub questions: Vec<AskedQuestion>,
    /// There are no criteria yet that could grade what comes in.
    pub is_ungraded: bool,
}
