//! Whole stories: a lead goes in by HTTP and comes out at the client.

mod api_description;
mod appointments;
mod claims;
mod commands;
mod criteria;
mod deliveries;
mod desk;
mod embedded;
mod endpoints;
mod import;
mod keys;
mod looks;
mod main_path;
mod news;
mod outcomes;
mod persons;
mod quarantine;
mod requalify;
mod routing;
mod together;
mod upgrade;
mod verifiers;
mod watch;
