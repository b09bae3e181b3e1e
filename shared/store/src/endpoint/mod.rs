//! Endpoints: where clients want A leads, their settings and their health.

pub mod alert;
pub mod circuit;
pub mod record;
pub mod settings;
