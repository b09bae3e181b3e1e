//! `ripen serve`: runs the roles and says what to do next.

use std::process::ExitCode;

use axum::Router;
use ripen_runtime::{
    config::{Role, Settings},
    secrets, telemetry,
};

use crate::{
    app::{App, Plan},
    cli::{Common, ServeOptions},
    demo, output,
};

/// Runs until a signal or the death of a component.
///
/// # Errors
/// What could not be started, or which component died.
pub async fn serve(common: &Common, options: ServeOptions) -> anyhow::Result<ExitCode> {
    // Flags go through the settings, so that they win over file and environment and are checked like them.
    let flags = options.listen.map(|at| ("http.listen".to_owned(), at.to_string()));
    let settings = Settings::load(common.config.as_deref(), flags.into_iter().collect())?;
    telemetry::init(&settings.log)?;
    let roles = if options.role.is_empty() { Role::ALL.to_vec() } else { options.role };
    let data_dir = secrets::data_dir(common.data_dir.as_deref());
    // Before the start, which makes the folder.
    let is_first = settings.database.url.is_empty() && !data_dir.join("postgres").exists();
    // Only with the flag: the receiver takes posts from anybody and prints them.
    let extra = if options.demo { demo::routes() } else { Router::new() };
    let app = App::start(Plan { settings, roles: roles.clone(), data_dir: data_dir.clone(), extra }).await?;
    // After the start: an address in the greeting takes requests.
    output::say(&greeting(&app, &roles, &data_dir.display().to_string()));
    if options.demo {
        let (store, address) = (app.store.clone(), app.address);
        // Beside the server: a demonstration that fails leaves it running. The task ends with the process.
        tokio::spawn(async move {
            if let Err(error) = demo::run(&store, address).await {
                output::say(&format!("the demonstration stopped: {error:#}"));
            }
        });
    } else if is_first {
        output::say(&first_steps(&app.address.to_string()));
    }
    app.run(true).await?;
    Ok(ExitCode::SUCCESS)
}

fn greeting(app: &App, roles: &[Role], data_dir: &str) -> String {
    let settings = &app.settings;
    let roles: Vec<_> = roles.iter().map(ToString::to_string).collect();
    let embedded = format!("embedded PostgreSQL in {data_dir}");
    let database = if settings.database.url.is_empty() { embedded.as_str() } else { "PostgreSQL (database.url)" };
    let queues = if settings.amqp.url.is_empty() { "in this process" } else { "RabbitMQ (amqp.url)" };
    let filed = format!("filed in {data_dir}/mail; set mail.url to send it");
    let mail = if settings.mail.url.is_empty() { filed.as_str() } else { "SMTP (mail.url)" };
    format!(
        "\nRipen {version} is ready on http://{address}\n\n  roles     {roles}\n  database  {database}\n  queues    {queues}\n  \
         mail      {mail}\n  health    http://{admin}/readyz   metrics http://{admin}/metrics\n",
        version = env!("CARGO_PKG_VERSION"),
        address = app.address,
        roles = roles.join(", "),
        admin = settings.http.admin_listen.unwrap_or(app.address),
    )
}

fn first_steps(address: &str) -> String {
    let ripen = invocation();
    format!(
        "Next, in another terminal in this folder:\n\n  \
         {ripen} client add \"Acme Homes\"\n  \
         {ripen} source add \"Web site\" --client acme-homes --channel web_form     # shows a key, once\n  \
         {ripen} criteria activate deploy/criteria/web-enquiry.toml\n  \
         {ripen} endpoint add --client acme-homes --email sales@example.com\n  \
         curl http://{address}/v1/leads -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' \\\n       \
         -d '{{\"email\": \"casey@example.com\", \"first_name\": \"Casey\"}}'\n\n\
         Or see leads arrive first:  {ripen} serve --demo\n"
    )
}

/// How this program was called, for commands that can be copied.
fn invocation() -> &'static str {
    let called = std::env::args().next().unwrap_or_default();
    // Only a build from the tree is called like that; an installed program is on the path.
    if called.contains("target/debug") { "cargo run -q --" } else { "ripen" }
}
