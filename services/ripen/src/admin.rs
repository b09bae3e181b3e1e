//! For operators: is it alive, is it ready, what has it counted.

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use ripen_runtime::{health::Health, telemetry::MetricsHandle};
use serde_json::{Map, Value, json};

#[derive(Clone)]
struct Admin {
    health: Health,
    metrics: MetricsHandle,
}

/// `GET /healthz`, `/readyz` and `/metrics`.
pub fn router(health: Health, metrics: MetricsHandle) -> Router {
    Router::new()
        // Asks nothing: a database that is away must not have an orchestrator restart processes that only wait for it.
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics_text))
        .with_state(Admin { health, metrics })
}

/// Each dependency with its state; 503 while a needed one is away.
async fn ready(State(admin): State<Admin>) -> Response {
    let checks: Map<String, Value> = admin
        .health
        .report()
        .into_iter()
        .map(|(name, trouble)| (name.to_owned(), trouble.map_or_else(|| json!("ok"), Value::String)))
        .collect();
    let ready = admin.health.is_ready();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let notes: Map<String, Value> =
        admin.health.notes().into_iter().map(|(name, note)| (name.to_owned(), Value::String(note))).collect();
    (status, Json(json!({"ready": ready, "checks": checks, "notes": notes}))).into_response()
}

async fn metrics_text(State(admin): State<Admin>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], admin.metrics.render()).into_response()
}
