//! An import while it runs: the list that is read, how its columns are meant, and what became of the rows so far.

use ripen_domain::list::mapping::{LOOKED_AT, Mapping};

use super::{foresight::AskedQuestion, options::ImportOptions, report::ImportReport, rules};
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

impl ImportJob {
    /// Says of which country the source is. By its rules is decided what the names of columns leave open.
    ///
    /// # Errors
    /// As [`Self::decide_columns`].
    pub async fn set_country(&mut self, country: &str, options: &ImportOptions) -> anyhow::Result<()> {
        let was_open = self.mapping.is_open();
        self.mapping = self.mapping.clone().of_country(country);
        if was_open {
            self.decide_columns(options).await?;
        }
        Ok(())
    }

    /// Looks at what the first rows say of columns whose names leave open what they hold. Then it is known how the list is mapped: that is
    /// written down where it is wanted.
    ///
    /// # Errors
    /// When the list cannot be read on, when the mapping cannot be written, or when no row could be received.
    pub async fn decide_columns(&mut self, options: &ImportOptions) -> anyhow::Result<()> {
        if self.mapping.is_open() {
            self.list.look_ahead(LOOKED_AT).await?;
            self.mapping = self.mapping.clone().by_values(&self.list.ahead());
        }
        if let Some(path) = &options.save_mapping {
            rules::save(&self.mapping, path)?;
        }
        let reaches = |field| self.mapping.shown().iter().any(|shown| shown.field == field);
        anyhow::ensure!(
            options.dry_run || reaches("email") || reaches("phone"),
            "no column of {} fills email or phone, so no row could be received; say which does with --map email=COLUMN; the columns are: {}",
            options.file.display(),
            self.list.header().names.join(", ")
        );
        Ok(())
    }
}
