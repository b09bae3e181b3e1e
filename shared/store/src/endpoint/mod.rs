//! Endpoints: where clients want A leads, their settings and their health.

pub mod alert;
mod bounces;
pub mod circuit;
pub mod credentials;
pub mod endpoint_record;
pub mod fallback_address;
pub mod secret;
pub mod settings;
pub mod state;
