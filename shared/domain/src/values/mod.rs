//! How people write amounts, dates, yes and no, and nothing at all: read by the conventions of where they are, or found
//! unclear. A guess would make 450 of 450.000, and nobody would ever see it.
//!
//! Pure, and the one place for it: intake, answers to questions and imported lists read by these.

mod amount;
mod conventions;
mod date;
mod locale;
mod nothing;
mod placeholder;
mod script;
mod shown;
mod unusable_id;
mod yes_no;

pub use amount::{UnclearAmount, WrittenAmount, amount};
pub use date::{ReadDate, UnclearDate, date, months_window};
pub use locale::{Conventions, DateOrder, DecimalMark};
pub use nothing::{is_filler, is_nothing, is_nothing_but};
pub use script::{folded, visible};
pub use shown::{digits, shown, unmistakable};
pub use unusable_id::{UnusableId, is_id, unusable_id};
pub use yes_no::{ticked, yes_no};
