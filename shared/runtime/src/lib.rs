//! What every process needs once: configuration, telemetry, lifecycle, clock, embedded PostgreSQL.
