//! The first admin: made at the first start of a desk that nobody can sign in to, and shown once.

use anyhow::Context as _;
use ripen_actions::{Actions, Refusal, user::AddUser};
use ripen_domain::{
    actor::{Actor, System, UserRole},
    user::Password,
};
use ripen_runtime::{clock::Clock, random::password};

use crate::app::App;

/// Where no address for alerts is set: it receives no mail, and is what is typed to sign in.
const ADDRESS: &str = "admin@ripen.localhost";

/// What is shown of the first admin.
struct FirstAdmin {
    /// What they sign in with.
    email: String,
    /// Kept nowhere in clear.
    password: Password,
}

/// Where people sign in, with the first admin where there was none until now. `ripen` is how the command is called here.
pub async fn said(app: &App, ripen: &str) -> String {
    let page = format!("http://{}/login", app.address);
    match make(app).await {
        Ok(Some(admin)) => format!(
            "\n  sign in   {page}\n  mail      {}\n  password  {}     # shown this once; change it under Account\n",
            admin.email,
            admin.password.reveal()
        ),
        Ok(None) => format!("\n  sign in   {page}\n"),
        // Everything else works without: said, with the command that helps.
        Err(error) => format!(
            "\n  nobody can sign in yet: {error:#}\n  make an admin: {ripen} user add you@example.com --role admin\n"
        ),
    }
}

/// Makes the first admin; none where there is one.
async fn make(app: &App) -> anyhow::Result<Option<FirstAdmin>> {
    if app.store.user_has_admin().await.context("the users could not be read")? {
        return Ok(None);
    }
    let alerts = app.settings.mail.alerts.trim();
    let email = if alerts.is_empty() { ADDRESS } else { alerts }.to_lowercase();
    let password = Password::typed(&password());
    let actions = Actions::new(app.store.clone(), Clock::system(), &app.settings)?;
    let request = AddUser {
        email: email.clone(),
        name: Some("Admin".to_owned()),
        role: UserRole::Admin,
        client: None,
        password: Some(password.clone()),
        time_zone: None,
    };
    match actions.run(&Actor::system(System::Desk), &request).await {
        Ok(_) => Ok(Some(FirstAdmin { email, password })),
        // Another process that starts at the same time was first, and has shown it.
        Err(Refusal::Invalid(errors)) if errors.iter().any(|error| error.code == "taken") => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}
