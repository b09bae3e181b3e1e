//! Sending into the database of the configuration or the data folder: through the server that runs there, or with all roles
//! for as long as it takes.

use std::time::Duration;

use anyhow::Context as _;
use indicatif::ProgressBar;
use jiff::SignedDuration;
use ripen_actions::{Actions, source::AddSourceKey};
use ripen_domain::{id::SourceId, secret::Secret};
use ripen_outbound::intake::IntakeClient;
use ripen_runtime::{
    clock::Clock,
    config::{LogSettings, Role, Settings},
    secrets, telemetry,
};
use ripen_store::Store;

use super::{
    foresight::Foresight,
    job::ImportJob,
    options::ImportOptions,
    renewing_key::{IntakeWay, KEY_LASTS, Mint},
    running_server::{ended, living},
    send::Sender,
};
use crate::{
    app::{App, Plan},
    cli::{Common, refused},
    database::{Database, operator},
};

/// Sends everything of a list.
///
/// # Errors
/// When it cannot be sent, or the server beside this ends.
pub async fn send(
    common: &Common,
    options: &ImportOptions,
    mut job: ImportJob,
    progress: &ProgressBar,
) -> anyhow::Result<ImportJob> {
    let settings =
        Settings::load(common.config.as_deref(), vec![("http.listen".to_owned(), "127.0.0.1:0".to_owned())])?;
    let data_dir = secrets::data_dir(common.data_dir.as_deref());
    let beside = if settings.database.url.is_empty() { living(&data_dir).await? } else { None };
    if let Some((pid, url)) = beside {
        let database = Database::open(common).await?;
        let sent = async {
            let ready = ready(&database.store, &settings, options).await?;
            job.set_country(&ready.foresight.source.country, options).await?;
            let intake = IntakeClient::new(&url, ready.key.reveal())?;
            ready.send(intake, job, progress).await
        };
        let sent = tokio::select! {
            sent = sent => sent,
            () = ended(&data_dir, pid) => Err(anyhow::anyhow!(
                "the Ripen server beside this import has ended: run the import again, rows that were received are not doubled"
            )),
        };
        database.close().await;
        return sent;
    }
    telemetry::init(&LogSettings { level: "warn".to_owned(), ..settings.log.clone() })?;
    let app = App::start(Plan { settings: settings.clone(), roles: Role::ALL.to_vec(), data_dir, demo: false }).await?;
    let (store, address, stop) = (app.store.clone(), app.address, app.stop.clone());
    let running = tokio::spawn(app.run(false));
    let sent = Box::pin(async {
        let ready = ready(&store, &settings, options).await?;
        job.set_country(&ready.foresight.source.country, options).await?;
        let intake = IntakeClient::new(&format!("http://{address}"), ready.key.reveal())?;
        let sent = ready.send(intake, job, progress).await?;
        settle_deliveries(&store).await;
        Ok(sent)
    })
    .await;
    stop.stop();
    running.await.context("the services broke off")??;
    sent
}

/// What has to be there before the first row is sent.
struct ReadyImport {
    key: Secret,
    actions: Actions,
    foresight: Foresight,
}

impl ReadyImport {
    async fn send(self, intake: IntakeClient, job: ImportJob, progress: &ProgressBar) -> anyhow::Result<ImportJob> {
        let ImportJob { mut list, mapping, report, .. } = job;
        let (questions, is_ungraded) = (self.foresight.questions.clone(), !self.foresight.has_criteria());
        let (actions, source) = (self.actions, self.foresight.source.id);
        let again: Mint = Box::new(move || {
            let actions = actions.clone();
            Box::pin(async move { mint(&actions, source).await })
        });
        let sender = Sender::new(IntakeWay::renewing(intake, again), &mapping, Some(self.foresight), report);
        let report = sender.all(&mut list, progress).await?;
        Ok(ImportJob { list, mapping, report, questions, is_ungraded })
    }
}

async fn ready(store: &Store, settings: &Settings, options: &ImportOptions) -> anyhow::Result<ReadyImport> {
    let actions = Actions::new(store.clone(), Clock::system(), settings)?;
    let source = options.source.as_deref().context("name the source with --source")?;
    let foresight = Foresight::new(actions.clone(), source, options.client.as_deref()).await?;
    let key = mint(&actions, foresight.source.id).await?;
    Ok(ReadyImport { key, actions, foresight })
}

/// A key for this import, good for an hour.
async fn mint(actions: &Actions, source: SourceId) -> anyhow::Result<Secret> {
    let valid_for = SignedDuration::try_from(KEY_LASTS).context("how long a key lasts")?;
    let request = AddSourceKey { source, valid_for };
    actions.run(&operator(), &request).await.map_err(refused("import"))
}

/// Gives deliveries that are due a moment to go out; what is left goes out when Ripen serves.
async fn settle_deliveries(store: &Store) {
    for _ in 0..100 {
        match store.deliveries_under_way(Clock::system().now()).await {
            Ok(0) | Err(_) => return,
            Ok(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
