//! `ripen serve`: runs the roles and says what to do next.

use std::{path::Path, process::ExitCode};

use ripen_runtime::{
    config::{LogSettings, Role, Settings},
    secrets, telemetry,
};

use crate::{
    app::{App, Plan},
    cli::{Common, ServeOptions},
    configured, demo, first_admin, links, output,
};

/// The document of the first steps, in the tree.
const SHIPPED: &str = "deploy/criteria/web-enquiry.toml";

/// Runs until a signal or the death of a component.
///
/// # Errors
/// What could not be started, or which component died.
pub async fn serve(common: &Common, options: ServeOptions) -> anyhow::Result<ExitCode> {
    // Flags go through the settings, so that they win over file and environment and are checked like them.
    let flags = options.listen.map(|at| ("http.listen".to_owned(), at.to_string()));
    let mut settings = Settings::load(common.config.as_deref(), flags.into_iter().collect())?;
    if options.demo && settings.log.level == LogSettings::default().level {
        // Each request in the log would run through what the demonstration shows.
        settings.log.level = "warn".to_owned();
    }
    telemetry::init(&settings.log)?;
    configured::check(&settings)?;
    let roles = if options.role.is_empty() { Role::ALL.to_vec() } else { options.role };
    let data_dir = secrets::data_dir(common.data_dir.as_deref());
    // Before the start, which makes the folder.
    let is_first = settings.database.url.is_empty() && !data_dir.join("postgres").exists();
    let plan = Plan { settings, roles: roles.clone(), data_dir: data_dir.clone(), demo: options.demo };
    let mut app = App::start(plan).await?;
    // Before anybody is told that it is ready, and stops it the moment after.
    app.hear_signals()?;
    // After the start: an address in the greeting takes requests.
    output::say(&greeting(&app, &roles, &data_dir.display().to_string()));
    let ripen = invocation(common);
    if roles.contains(&Role::Desk) {
        output::say(&first_admin::said(&app, &ripen).await);
        app.demonstration.sign_ins().iter().for_each(|said| output::say(said));
    }
    if options.demo {
        let (store, address) = (app.store.clone(), app.address);
        // Beside the server: a demonstration that fails leaves it running. The task ends with the process.
        tokio::spawn(async move {
            if let Err(error) = demo::run(&store, address, &ripen).await {
                output::say(&format!("the demonstration stopped: {error:#}"));
            }
        });
    } else if is_first {
        output::say(&first_steps(&app.address.to_string(), &ripen, Path::new(SHIPPED).exists()));
    }
    app.run(true).await?;
    Ok(ExitCode::SUCCESS)
}

fn greeting(app: &App, roles: &[Role], data_dir: &str) -> String {
    let settings = &app.settings;
    let notes = links::left_out(settings, Some(roles));
    let notes: String = notes.iter().map(|(what, said)| format!("  {what:<9} {said}\n")).collect();
    let roles: Vec<_> = roles.iter().map(ToString::to_string).collect();
    let embedded = format!("embedded PostgreSQL in {data_dir}");
    let database = if settings.database.url.is_empty() { embedded.as_str() } else { "PostgreSQL (database.url)" };
    let queues = if settings.amqp.url.is_empty() { "in this process" } else { "RabbitMQ (amqp.url)" };
    let filed = format!("filed in {data_dir}/mail; set mail.url to send it");
    let mail = if settings.mail.url.is_empty() { filed.as_str() } else { "SMTP (mail.url)" };
    format!(
        "\nRipen {version} is ready on http://{address}\n\n  roles     {roles}\n  database  {database}\n  queues    {queues}\n  \
         mail      {mail}\n  health    http://{admin}/readyz   metrics http://{admin}/metrics\n{notes}",
        version = env!("CARGO_PKG_VERSION"),
        address = app.address,
        roles = roles.join(", "),
        admin = settings.http.admin_listen.unwrap_or(app.address),
    )
}

/// What to do next. Beside its source the criteria's document is there; a program that was installed brings it along.
fn first_steps(address: &str, ripen: &str, is_beside_source: bool) -> String {
    let activate = if is_beside_source {
        format!("{ripen} criteria activate {SHIPPED}")
    } else {
        format!("{ripen} criteria example > criteria.toml\n  {ripen} criteria activate criteria.toml")
    };
    format!(
        "Next, in another terminal in this folder:\n\n  \
         {ripen} client add \"Acme Homes\" --country US --time-zone America/Chicago\n  \
         {ripen} source add \"Web site\" --client acme-homes --channel web_form     # shows an id, a key, a token and a url, this once\n  \
         export KEY=…                                                # as just shown\n  \
         {activate}\n  \
         {ripen} rep add \"Sam Rep\" --client acme-homes --email sam@acme.example\n  \
         curl http://{address}/v1/leads -H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json' \\\n       \
         -d '{{\"external_id\": \"B-17\", \"first_name\": \"Casey\", \"email\": \"casey@example.com\", \"phone\": \"(415) 555-0100\",\n            \
         \"answers\": {{\"timeframe_days\": 20, \"budget\": 450000, \"preapproved\": true}}}}'\n\n\
         Or see sample leads arrive first: stop this (Ctrl-C), then  {called} serve --demo --data-dir demo-data\n",
        called = called()
    )
}

/// How this program was called, for commands that can be copied.
fn called() -> &'static str {
    let called = std::env::args().next().unwrap_or_default();
    // Only a build from the tree is called like that; an installed program is on the path.
    if called.contains("target/debug") { "cargo run -q --" } else { "ripen" }
}

/// The same with what says which installation is meant.
fn invocation(common: &Common) -> String {
    let mut ripen = called().to_owned();
    // A command without these would work on another folder than the server that it stands beside.
    for (flag, path) in [("--config", &common.config), ("--data-dir", &common.data_dir)] {
        if let Some(path) = path {
            ripen.push_str(&format!(" {flag} '{}'", path.display()));
        }
    }
    ripen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_steps_are_those_of_the_readme() {
        let readme = include_str!("../../../README.md");
        let steps = first_steps("127.0.0.1:8080", "ripen", true);
        let commands: Vec<_> = steps.lines().map(str::trim).filter(|line| line.starts_with("ripen ")).collect();
        assert_eq!(commands.len(), 4, "{steps}");
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let readme = words(readme);
        for line in commands.into_iter().chain(steps.lines().filter(|line| line.contains("timeframe_days"))) {
            let command = words(line.split('#').next().unwrap_or(line));
            assert!(readme.contains(&command), "{command}");
        }
        let elsewhere = first_steps("127.0.0.1:8080", "ripen", false);
        assert!(elsewhere.contains("criteria activate criteria.toml") && !elsewhere.contains("deploy/"), "{elsewhere}");
    }
}
