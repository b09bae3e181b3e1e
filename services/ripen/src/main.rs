//! `ripen`: runs the services, and the commands that staff set things up with. It composes the crates and nothing else.
//!
//! Results go to standard output, everything else to standard error. Exit 0: done; 1: it fell short or refused; 2: wrong
//! usage.

mod admin;
mod app;
mod cli;
mod configured;
mod database;
mod demo;
mod first_admin;
mod links;
mod output;
mod serve;
mod single_process;
mod unlock;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser};

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Refusals name flags as clap knows them; the actions only know fields.
    cli::know(Cli::command());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output::failed(&error.into()),
    };
    let result = runtime.block_on(run(cli));
    // A component that ignored the hard stop must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match result {
        Ok(code) => code,
        Err(error) => output::failed(&error),
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { common, command } = cli;
    match command.unwrap_or_default() {
        Command::Serve(options) => serve::serve(&common, options).await,
        Command::Migrate => cli::migrate::run(&common).await,
        Command::Import(options) => Box::pin(cli::import::run(&common, *options)).await,
        Command::Client { action } => cli::client::run(&common, action).await,
        Command::Source { action } => cli::source::run(&common, action).await,
        Command::Endpoint { action } => cli::endpoint::run(&common, action).await,
        Command::Delivery { action } => cli::delivery::run(&common, action).await,
        Command::Rep { action } => cli::rep::run(&common, action).await,
        Command::Route { action } => cli::route::run(&common, action).await,
        Command::Appointment { action } => cli::appointment::run(&common, action).await,
        Command::Program { action } => cli::program::run(&common, action).await,
        Command::Lead { action } => cli::lead::run(&common, action).await,
        Command::Outcome { action } => cli::outcome::run(&common, action).await,
        Command::Person { action } => cli::person::run(&common, action).await,
        Command::Suppress { action } => cli::suppress::run(&common, action).await,
        Command::User { action } => cli::user::run(&common, action).await,
        Command::Promise { action } => cli::promise::run(&common, action).await,
        Command::Criteria { action } => Box::pin(cli::criteria::run(&common, action)).await,
        Command::Decision { action } => cli::decision::run(&common, action).await,
        Command::Quarantine { action } => cli::quarantine::run(&common, action).await,
        Command::Dead { action } => cli::dead::run(&common, action).await,
        Command::Audit { action } => cli::audit::run(&common, action).await,
        Command::Link { action } => cli::link::run(&common, action).await,
        Command::Secrets { action } => cli::secrets::run(&common, action).await,
        Command::Calling { action } => cli::calling::run(&common, &action),
        Command::Doctor => cli::doctor::run(&common).await,
    }
}
