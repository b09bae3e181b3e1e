//! `/work`: one lead at a time, from the reason why it is called now to the next one.
//!
//! The page is a form. What is typed is a draft that every request saves; the disposition commits it. Without a script it is
//! posted whole and shown again; `work.js` posts the same form in the background. Nothing here decides, grades or picks a
//! lead: the engine in `ripen_actions::desk` does, and this shows what it says.

pub(super) mod after;
mod became;
pub mod book;
pub(super) mod callback;
pub mod date_refused;
pub mod dispose;
pub(super) mod dispositions;
pub mod draft;
pub(super) mod form;
pub(super) mod grade;
pub(super) mod head;
pub(super) mod history;
pub(super) mod idle;
pub(super) mod lost;
pub(super) mod next;
pub(super) mod page;
pub(super) mod question;
pub mod ready;
pub mod rings;
pub mod saved;
pub(super) mod script;
pub mod show;
pub(super) mod shown_number;
pub(super) mod shown_rings;
pub mod take;
