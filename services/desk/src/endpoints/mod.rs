//! The desk's addresses, each registered with its description. Who may use them is read by `caller`; what they do is in their
//! own files.

mod caller;
mod deliveries;
mod links;
mod outcomes;
mod reps;
mod style;

use ripen_web::openapi::{OpenApiRouter, routes};

use crate::context::DeskContext;

/// Every address with its description.
pub fn routes() -> OpenApiRouter<DeskContext> {
    OpenApiRouter::default()
        .routes(routes!(deliveries::many))
        .routes(routes!(deliveries::held))
        .routes(routes!(deliveries::one))
        .routes(routes!(outcomes::say))
        .routes(routes!(links::show, links::say))
        .routes(routes!(reps::show))
        .routes(routes!(style::style))
}
