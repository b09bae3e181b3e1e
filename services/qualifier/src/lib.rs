//! Turns arrivals and due promises into leads, decisions and deliveries.
