//! Every SQL statement of Ripen, one file per aggregate.
