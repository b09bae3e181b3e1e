//! Endpoints: where clients want A leads, their settings and their health.

pub mod alert;
pub mod circuit;
pub mod fallback;
pub mod record;
pub mod secret;
pub mod settings;
pub mod state;
