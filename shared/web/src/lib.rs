//! HTTP edge shared by the services: problems, bounded reading of bodies, rate limits, request log, serving.
//!
//! Machines that post leads, browsers and operators come in through here. What a request means is each service's.

pub mod address;
pub mod address_rate;
pub mod auth;
pub mod body;
pub mod catalogue;
pub mod edge;
pub mod exact_json;
pub mod extract;
pub mod openapi;
pub mod page;
pub mod problem;
pub mod rate;
mod request_id;
pub mod serve;

pub use problem::{FieldProblem, Problem};
