//! What became of each row, for the person who imports a file. It counts and prints; sending and asking is `send.rs`.

use serde_json::json;

use crate::output;

/// The most refused rows that are shown one by one.
const SHOWN: usize = 50;

/// Counts, and the refused rows.
#[derive(Debug, Default)]
pub struct Report {
    /// Rows read.
    pub rows: u64,
    /// New arrivals.
    pub received: u64,
    /// Rows that were there already, word for word.
    pub repeated: u64,
    /// Rows that corrected an earlier one.
    pub amended: u64,
    /// New arrivals that are kept and not worked.
    pub quarantined: u64,
    /// Line and reason of refused rows.
    pub refused: Vec<(u64, String)>,
}

impl Report {
    /// Notes a refused row.
    pub fn refuse(&mut self, line: u64, why: String) {
        self.refused.push((line, why));
    }

    /// Prints the report.
    pub fn print(&self, as_json: bool) -> std::io::Result<()> {
        let refused: Vec<_> = self.refused.iter().map(|(line, why)| json!({"line": line, "problem": why})).collect();
        let mut counts = json!({"rows": self.rows, "received": self.received, "repeated": self.repeated, "amended": self.amended,
                                "quarantined": self.quarantined, "refused": self.refused.len()});
        if as_json {
            counts["refused_rows"] = json!(refused);
            return output::record(true, &counts);
        }
        output::record(false, &counts)?;
        for (line, why) in self.refused.iter().take(SHOWN) {
            output::text(&format!("line {line}: {why}\n"))?;
        }
        if self.refused.len() > SHOWN {
            output::text(&format!("… and {} more; --json lists all\n", self.refused.len() - SHOWN))?;
        }
        Ok(())
    }
}
