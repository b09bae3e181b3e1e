//! The command line of what clients say: outcomes by staff or from a file, and the tokens of clients' programs.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ripen_domain::{delivery::OutcomeKind, id::DeliveryId};

/// What can be done with outcomes.
#[derive(Debug, Subcommand)]
pub enum OutcomeAction {
    /// Record what a client says about a delivered lead.
    Add(SaidOptions),
    /// Record what a client's books know, from a CSV file. Running it twice changes nothing.
    Import(OutcomeImport),
}

/// Options of `ripen outcome add`.
#[derive(Debug, Args)]
pub struct SaidOptions {
    /// The delivery (`dlv_…`; `ripen lead show` lists a lead's).
    pub delivery: DeliveryId,
    /// accepted, returned, not_yet, won or lost.
    pub outcome: OutcomeKind,
    /// Why, in the client's words: for returned and lost.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// What it was sold for: for won.
    #[arg(long, value_name = "AMOUNT")]
    pub amount: Option<String>,
    /// Of which money (ISO 4217): for won.
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// When it may be ready: a day, a month (2027-04), a quarter (2027-Q2), days from now (30d): for not_yet.
    #[arg(long, value_name = "WHEN")]
    pub date: Option<String>,
    /// Who says it; you, where missing.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// Options of `ripen outcome import`.
#[derive(Debug, Args)]
pub struct OutcomeImport {
    /// The CSV file: a header row with outcome, then delivery, email or phone, then reason, amount, currency, date.
    #[arg(value_name = "FILE.csv")]
    pub file: PathBuf,
    /// The client whose books these are: its slug.
    #[arg(long)]
    pub client: String,
    /// Say what would become of each row, and record nothing.
    #[arg(long)]
    pub dry_run: bool,
}
