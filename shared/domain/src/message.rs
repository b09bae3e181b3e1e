//! What travels through the queues: versioned, so that binaries of two releases can run side by side.

use serde::{Deserialize, Serialize};

use crate::{
    arrival::Arrival,
    id::{DeliveryId, EndpointId, LeadId},
};

/// Body of a message in `ripen.arrivals`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "v")]
pub enum ArrivalMessage {
    /// First version: the whole submission.
    #[serde(rename = "1")]
    V1(Box<Arrival>),
}

/// Body of a message in `ripen.requalify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "v")]
pub enum RequalifyMessage {
    /// First version.
    #[serde(rename = "1")]
    V1 {
        /// The lead to decide again.
        lead: LeadId,
        /// The promise that fell due; `None` when a fact or the criteria changed. A generation that is no longer
        /// the lead's means that the work is done.
        generation: Option<i64>,
    },
}

/// Body of a message in `ripen.deliveries`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "v")]
pub enum DeliverMessage {
    /// First version.
    #[serde(rename = "1")]
    V1 {
        /// The delivery to attempt.
        delivery: DeliveryId,
        /// Where to, as far as the offer knows: whoever takes it need not ask the database to see that it must wait.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        endpoint: Option<EndpointId>,
    },
}
