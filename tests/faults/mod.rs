//! Things are killed under load. Each story ends with the same audit: nothing lost, nothing doubled.

mod broken;
mod clock;
mod grants;
mod held;
mod notices;
mod peers;
mod poison;
mod postgres;
mod promises;
mod rabbit;
mod restart;
mod stuck;
mod sweep;
