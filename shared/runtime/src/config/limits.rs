//! Bounds of what is taken from outside: read by the listener, by intake and by the desk.

use serde::{Deserialize, Serialize};

/// `[limits]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// The largest body, CSV excepted.
    pub body_bytes: usize,
    /// The most leads in one JSON array.
    pub array_leads: usize,
    /// How many leads one source may send on average; by forms and otherwise each.
    pub requests_per_second: u32,
    /// How many leads one source may send at once; by forms and otherwise each.
    pub burst: u32,
    /// How many forms one visitor's address (of IPv6 a /64) may post on average.
    pub visitor_forms_per_minute: u32,
    /// How many forms one visitor's address may post at once.
    pub visitor_forms_burst: u32,
    /// How many wrong tokens of clients' programs one address may try on average, and at once.
    pub wrong_tokens_per_minute: u32,
    /// How many addresses are told apart by these limits; those beyond share one with the network around them.
    pub addresses: usize,
    /// How many connections are held open at once.
    pub connections: usize,
    /// How many connections one address (of IPv6 a /64) holds open at once; trusted proxies as many as there are.
    pub connections_per_address: usize,
    /// How long an answer may make no progress because its reader does not read.
    pub write_timeout_s: u64,
    /// How long a caller has to send a request's head.
    pub header_read_timeout_s: u64,
    /// How long a caller has to send a body that is not CSV.
    pub body_timeout_s: u64,
    /// The longest `Prefer: wait` that is granted.
    pub wait_s: u64,
    /// How long it may take until an arrival is kept; then its sender hears 503, although it may be kept after all.
    pub durable_timeout_s: u64,
    /// How many arrivals may wait for the database while RabbitMQ is away.
    pub spool_queue: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            // A lead is a few kilobytes; more is a mistake or an attack.
            body_bytes: 256 * 1024,
            array_leads: 1000,
            // Above what a vendor's campaign sends, below what would keep others waiting.
            requests_per_second: 200,
            burst: 1000,
            // A company or a mobile network can stand behind one address; a person posts a form or two.
            visitor_forms_per_minute: 60,
            visitor_forms_burst: 120,
            wrong_tokens_per_minute: 60,
            // About 100 bytes each.
            addresses: 65_536,
            connections: 4096,
            // A quarter: several vendors' programs, or a proxy that nobody named, and not everything.
            connections_per_address: 1024,
            write_timeout_s: 30,
            // A caller that sends its head slowly holds a connection: the bound on those makes this an attack.
            header_read_timeout_s: 10,
            body_timeout_s: 30,
            wait_s: 10,
            // Senders that are programs give up after a few seconds, and a person before a form soon after.
            durable_timeout_s: 3,
            spool_queue: 4096,
        }
    }
}
