//! Leads: found by anything typed, listed by filters, each on its page with everything that happened to it, entered by hand. The same
//! under `/api/v1/leads`.

pub mod api;
mod asked;
pub mod beside_api;
pub(crate) mod changes;
pub(crate) mod choices;
pub mod choices_api;
pub mod csv;
mod filter_chips;
pub mod forms;
pub mod list;
mod listed_row;
pub mod new;
mod next_step;
pub mod own_work;
pub mod page;
mod page_mark;
mod panels;
pub(crate) mod query;
pub(super) mod shown;
mod side_facts;
mod standing;
pub(super) mod stop_whom;
pub(crate) mod timeline;
mod timeline_words;
pub mod views;
pub mod views_api;
