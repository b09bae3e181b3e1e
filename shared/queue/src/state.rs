//! How a transport is: what health checks and publishers ask before they rely on it.

/// How one direction of a transport is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Works.
    Ready,
    /// No connection now; one is being made.
    Connecting,
    /// Connected, but RabbitMQ is short of memory or disk and takes nothing.
    Blocked,
    /// Connected, but RabbitMQ owes confirms and sends none.
    Silent,
    /// Nothing has consumed yet, so there is no connection for it.
    Unused,
    /// Closed by its owner.
    Closed,
}

/// How a transport is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransportState {
    /// The way in.
    pub publishing: LinkState,
    /// The way out.
    pub consuming: LinkState,
}
