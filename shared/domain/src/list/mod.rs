//! Lists: files of rows under a header, as spreadsheets, vendors and other programs write them. From bytes to rows with
//! their lines, from names of columns to fields of a lead. Opening files, and what a row is then used for, is the caller's.

pub mod cell;
pub mod dial_code;
pub mod dialect;
pub mod encoding;
mod guess;
pub mod header;
mod letters;
pub mod mapping;
pub mod open_name;
pub mod reader;
pub mod row;
pub mod row_reader;
mod separated;
mod two_parts;
pub mod wish;
mod words;
