//! One process: the roles it runs, composed over one database, one transport and one listener.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::Router;
use ripen_actions::{Actions, calling::NoteLoosening};
use ripen_domain::{
    actor::{Actor, System},
    link::{LinkKeys, Links},
};
use ripen_outbound::{
    mail::Mailer,
    trust::Trust,
    webhook::{Limits, WebhookSender},
};
use ripen_queue::{Transport, TransportOptions};
use ripen_runtime::{
    clock::Clock,
    config::{DatabaseSettings, ForwardedHeaderName, Role, Settings},
    embedded::{Embedded, EmbeddedOptions},
    every::{NextTick, every},
    health::Health,
    lifecycle::{Stop, Tasks},
    random, telemetry,
};
use ripen_store::{Store, StoreOptions, TimeLimits, process::Company};
use ripen_web::{
    address::{ForwardedHeader, TrustedProxies},
    serve::{ServeLimits, serve},
};
use tokio::net::TcpListener;

use crate::{
    admin,
    database::{check_schema, migrate_embedded},
    demo::{self, DemoPlace, Demonstration},
    links::{keep_link_keys, links},
    single_process::KeptPlace,
    unlock,
};

/// What a process is to run.
pub struct Plan {
    /// The configuration.
    pub settings: Settings,
    /// The roles.
    pub roles: Vec<Role>,
    /// Folder of the embedded database and of filed mail.
    pub data_dir: PathBuf,
    /// The demonstration runs beside the roles: where it may not, nothing is started.
    pub demo: bool,
}

/// A process at work.
pub struct App {
    /// Its database.
    pub store: Store,
    /// Where it takes requests.
    pub address: SocketAddr,
    /// Its configuration.
    pub settings: Arc<Settings>,
    /// Ends it.
    pub stop: Stop,
    /// What runs beside the roles, where one was asked for.
    pub demonstration: Demonstration,
    tasks: Tasks,
    transport: Transport,
    embedded: Option<Embedded>,
}

/// What the roles share.
struct Parts {
    store: Store,
    transport: Transport,
    settings: Arc<Settings>,
    health: Health,
    clock: Clock,
    /// What links are signed with, and how the outside names this installation where that is known.
    links: (LinkKeys, Option<Links>),
}

impl App {
    /// Starts everything and returns when requests are taken.
    ///
    /// # Errors
    /// Says what is missing and what to do; what was started is stopped.
    pub async fn start(plan: Plan) -> anyhow::Result<Self> {
        plan.settings.check_roles(&plan.roles)?;
        // Before anything is started: a port that is taken, the most common mistake, must not start and stop a
        // PostgreSQL first.
        let listener = listen(plan.settings.http.listen, "--listen (http.listen)").await?;
        let address = listener.local_addr()?;
        let embedded = match plan.settings.database.url.is_empty() {
            // Held here, so that whatever fails from here on stops it again.
            true => Some(Embedded::start(&plan.data_dir, EmbeddedOptions::default()).await?),
            false => None,
        };
        // A clone stays here: the components inside are dropped with the error, and the child process would outlive
        // them.
        match Self::compose(plan, listener, address, embedded.clone()).await {
            Ok(app) => Ok(app),
            Err(error) => {
                if let Some(embedded) = embedded {
                    embedded.stop().await;
                }
                Err(error)
            }
        }
    }

    async fn compose(
        plan: Plan,
        listener: TcpListener,
        address: SocketAddr,
        embedded: Option<Embedded>,
    ) -> anyhow::Result<Self> {
        let settings = Arc::new(plan.settings);
        // The schema is right before any role starts: an old one would fail in the middle of a batch.
        let store = open_store(&settings, embedded.as_ref(), &plan.data_dir).await?;
        // Before anything is done: a start ends every lease of a process that is alone. Of an embedded database too, which others on
        // this machine reach by its socket.
        let place = KeptPlace::take(&store, company(&settings)).await?;
        // After the bind: with port 0 only the bound address is known.
        let links = links(&settings, &store, &plan.roles, address).await?;
        // Before any role starts: the sample client would stand among those of a firm for good, and its past is lived through by
        // another clock than theirs.
        let data_dir = plan.data_dir.as_path();
        let stage = DemoPlace { store: &store, settings: &settings, data_dir, address, links: links.1.clone() };
        let mut demonstration = if plan.demo { demo::prepare(stage).await? } else { Demonstration::default() };
        let extra = std::mem::take(&mut demonstration.routes);
        let transport = transport(&settings)?;
        let metrics = telemetry::metrics_recorder()?;
        let health = Health::default();
        let (mut tasks, stop) = Tasks::new();
        // Spawned first: the roles meet a server that is started again when it dies.
        if let Some(embedded) = &embedded {
            tasks.spawn("the embedded PostgreSQL", embedded.supervise(stop.clone()));
        }
        tasks.spawn("the place on the database", place.keep(health.clone(), stop.clone()));
        tasks.spawn("the upkeep of metrics", metrics.clone().upkeep(stop.clone()));
        let clock = Clock::system();
        tasks.spawn("the keys of links", keep_link_keys(store.clone(), links.0.clone(), stop.clone()));
        note_loosening(&store, &settings, &plan.roles, clock.clone()).await?;
        let parts = Parts {
            store: store.clone(),
            transport: transport.clone(),
            settings: Arc::clone(&settings),
            health: health.clone(),
            clock,
            links,
        };
        // Intake says itself when it is ready: it needs only one of the two.
        if plan.roles != [Role::Intake] {
            tasks.spawn(
                "the health check",
                check_health(parts.store.clone(), parts.transport.clone(), health.clone(), stop.clone()),
            );
        }
        let routes = spawn_roles(&mut tasks, &stop, &plan.roles, parts, &plan.data_dir)?.merge(extra);
        // With an address of their own, metrics and health cannot be read where the world posts leads.
        let admin = admin::router(health, metrics);
        let routes = match settings.http.admin_listen {
            Some(at) => {
                tasks.spawn(
                    "the admin listener",
                    serving(listen(at, "http.admin_listen").await?, admin, &settings, &stop),
                );
                routes
            }
            None => routes.merge(admin),
        };
        tasks.spawn("the listener", serving(listener, surrounded(routes, &plan.roles), &settings, &stop));
        // Last: a command that reads this address finds a listener that answers.
        if let Some(embedded) = &embedded {
            embedded.announce(&format!("http://{address}"))?;
        }
        Ok(Self { store, address, settings, stop, demonstration, tasks, transport, embedded })
    }

    /// Listens to signals from now on.
    ///
    /// # Errors
    /// They cannot be heard.
    pub fn hear_signals(&mut self) -> anyhow::Result<()> {
        Ok(self.tasks.hear_signals()?)
    }

    /// Runs until stopped, then stops in order: work, transport, connections, database.
    ///
    /// # Errors
    /// The component that died.
    pub async fn run(self, signals: bool) -> anyhow::Result<()> {
        let timeout = Duration::from_secs(self.settings.lifecycle.stop_timeout_s);
        let result = self.tasks.run_until_stopped(signals, timeout).await;
        // After the roles, which still publish and acknowledge while they stop.
        self.transport.close().await;
        // Before the server: its stop would break off what still uses a connection.
        self.store.close().await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await;
        }
        result.map_err(Into::into)
    }
}

/// Binds an address that stands under this setting, saying what to do where that cannot be.
async fn listen(at: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(at).await.map_err(|error| {
        let why = not_bound(error.kind(), at);
        anyhow::Error::new(error).context(format!("cannot listen on {at}: {why}choose another address with {setting}"))
    })
}

/// Why an address cannot be listened on, as far as the system says it in a way that leads on.
fn not_bound(kind: std::io::ErrorKind, at: SocketAddr) -> String {
    match kind {
        std::io::ErrorKind::AddrInUse => "another program uses it (a Ripen?): stop that, or ".to_owned(),
        std::io::ErrorKind::PermissionDenied => {
            format!("this user may not use port {}, only those from 1024 on: ", at.port())
        }
        std::io::ErrorKind::AddrNotAvailable => format!("this machine has no address {}: ", at.ip()),
        _ => String::new(),
    }
}

/// A rule of calling that does not count is in the audit before anybody is called by it.
async fn note_loosening(store: &Store, settings: &Settings, roles: &[Role], clock: Clock) -> anyhow::Result<()> {
    if !roles.iter().any(|role| matches!(role, Role::Qualifier | Role::Desk)) {
        return Ok(());
    }
    let by = if roles.contains(&Role::Qualifier) { System::Qualifier } else { System::Desk };
    let actions = Actions::new(store.clone(), clock, settings)?;
    let request = NoteLoosening { loosened: settings.calling.loosen.clone() };
    actions
        .run(&Actor::system(by), &request)
        .await
        .context("noting in the audit which rules of calling do not count")?;
    Ok(())
}

async fn open_store(
    settings: &Settings,
    embedded: Option<&Embedded>,
    data_dir: &std::path::Path,
) -> anyhow::Result<Store> {
    let url = embedded.map_or_else(|| settings.database.url.reveal().to_owned(), Embedded::url);
    let options = store_options(settings, url);
    let store = Store::open(&options)?;
    match embedded {
        // An embedded database has no operator who migrates it; nobody else uses its folder.
        Some(_) => {
            migrate_embedded(&store, data_dir).await?;
        }
        // A shared database is migrated by `ripen migrate` alone: a rolling start must not change the schema under
        // older processes.
        None => {
            store.reach(&options).await.context("database.url")?;
            check_schema(&store).await?;
        }
    }
    let store = unlock::unlocked(store, settings, data_dir).await?;
    // After an upgrade what an earlier version wrote lies in clear; its processes are stopped by then.
    unlock::seal_what_is_clear(&store).await.context("sealing secrets that lie in clear")?;
    Ok(store)
}

/// The pools of a server. Lists have a part of the connections that the process may open.
fn store_options(settings: &Settings, url: String) -> StoreOptions {
    let DatabaseSettings { max_connections, list_connections, list_timeout_s, acquire_timeout_s, .. } =
        settings.database;
    let limits = TimeLimits {
        lock: Duration::from_millis(settings.database.lock_timeout_ms),
        statement: Duration::from_secs(settings.database.statement_timeout_s),
        idle_in_transaction: Duration::from_secs(settings.database.idle_in_transaction_timeout_s),
        tcp: Duration::from_secs(settings.database.tcp_timeout_s),
    };
    // A process that may open few keeps at least half of them for what cannot wait.
    let list_connections = list_connections.min(max_connections / 2).max(1);
    StoreOptions {
        url,
        // What lists have is taken from the total, so that `max_connections` holds for the whole process.
        connections: max_connections.saturating_sub(list_connections).max(1),
        list_connections,
        list_timeout: Duration::from_secs(list_timeout_s),
        acquire_timeout: Duration::from_secs(acquire_timeout_s),
        limits,
    }
}

/// Queues inside the process reach no other.
fn company(settings: &Settings) -> Company {
    if settings.amqp.url.is_empty() { Company::Alone } else { Company::Others }
}

/// The clock by which messages wait that go round through a queue.
fn unix_millis() -> u64 {
    u64::try_from(Clock::system().now().as_millisecond()).unwrap_or(0)
}

fn transport(settings: &Settings) -> anyhow::Result<Transport> {
    let options = TransportOptions {
        confirm_timeout: Duration::from_millis(settings.intake.publish_timeout_ms),
        heartbeat: Duration::from_secs(settings.amqp.heartbeat_s),
        offers_max: settings.amqp.offers_waiting,
        jitter: random::fraction,
        clock: unix_millis,
        ..TransportOptions::default()
    };
    // Without RabbitMQ the queues live in this process and are lost with it: arrivals rest in the spool and are offered
    // again.
    if settings.amqp.url.is_empty() {
        return Ok(Transport::local(options));
    }
    Ok(Transport::amqp(settings.amqp.url.reveal(), options)?)
}

/// Starts the roles; returns the routes of those that take requests.
fn spawn_roles(
    tasks: &mut Tasks,
    stop: &Stop,
    roles: &[Role],
    parts: Parts,
    data_dir: &std::path::Path,
) -> anyhow::Result<Router> {
    let Parts { store, transport, settings, health, clock, links: (keys, links) } = parts;
    // Merged into one listener: the roles' addresses do not overlap.
    let mut routes = Router::new();
    if roles.contains(&Role::Intake) {
        let ctx = ripen_intake::IntakeContext::new(
            store.clone(),
            transport.clone(),
            clock.clone(),
            &settings,
            health.clone(),
        );
        // A clone of the context: routes and background work share its caches and spool budget.
        routes = routes.merge(ripen_intake::router(ctx.clone()));
        tasks.spawn("intake", ripen_intake::service(ctx, stop.clone()));
    }
    if roles.contains(&Role::Qualifier) {
        let ctx = ripen_qualifier::QualifierContext {
            store: store.clone(),
            transport: transport.clone(),
            clock: clock.clone(),
            settings: Arc::clone(&settings),
            health: health.clone(),
            documents: ripen_store::criteria::document_cache::Documents::new(store.clone()),
        };
        tasks.spawn("qualifier", ripen_qualifier::service(ctx, stop.clone()));
    }
    if roles.contains(&Role::Desk) {
        let takes_leads = roles.contains(&Role::Intake);
        let has_links_in_mails = settings.has_links_in_mails(Some(roles));
        let opened =
            ripen_desk::DeskLinks { keys: keys.clone(), bodies: links.clone(), takes_leads, has_links_in_mails };
        let ctx = ripen_desk::DeskContext::new(store.clone(), clock.clone(), &settings, health.clone(), opened)?;
        let described = ripen_web::openapi::router([ripen_intake::openapi(), ripen_desk::openapi()])?;
        routes = routes.merge(ripen_desk::router(ctx.clone())).merge(described);
        tasks.spawn("desk", ripen_desk::service(ctx, stop.clone()));
    }
    if roles.contains(&Role::Dispatcher) {
        let limits = Limits {
            // Each attempt brings its own limit, within its lease.
            timeout: Duration::from_secs(settings.dispatcher.lease_s),
            max_answer_bytes: settings.dispatcher.response_bytes,
            ..Limits::default()
        };
        // A certificate authority of the firm's own network counts for webhooks and mail alike.
        let trust = Trust::with_file(&settings.tls.ca_file)?;
        let mailer = Mailer::new(settings.mail.url.reveal(), &settings.mail.from, data_dir, &trust)?
            .with_conversations(settings.mail.conversations)
            .with_return_path(&settings.mail.return_path, keys.clone())?;
        let webhooks = Arc::new(WebhookSender::new(limits, &trust)?);
        let mailer = Arc::new(mailer);
        let actions = Actions::new(store.clone(), clock.clone(), &settings)?;
        let ctx = ripen_dispatcher::DispatcherContext {
            store,
            actions,
            transport,
            clock,
            settings,
            health,
            webhooks,
            mailer,
            links,
        };
        tasks.spawn("dispatcher", ripen_dispatcher::service(ctx, stop.clone()));
    }
    Ok(routes)
}

/// Serves these routes until the soft stop.
fn serving(
    listener: TcpListener,
    routes: Router,
    settings: &Settings,
    stop: &Stop,
) -> impl Future<Output = std::io::Result<()>> + Send + 'static {
    let networks = settings.http.trusted_proxies.clone();
    let header = match settings.http.forwarded_header {
        ForwardedHeaderName::XForwardedFor => ForwardedHeader::XForwardedFor,
        ForwardedHeaderName::Forwarded => ForwardedHeader::Forwarded,
    };
    let proxies = TrustedProxies::new(move |address| networks.iter().any(|network| network.contains(address)));
    // The timeouts and the bounds on connections protect against clients that open many, say little, or read nothing.
    let limits = ServeLimits {
        header_timeout: Duration::from_secs(settings.limits.header_read_timeout_s),
        write_timeout: Duration::from_secs(settings.limits.write_timeout_s),
        connections: settings.limits.connections,
        connections_per_address: settings.limits.connections_per_address,
        proxies: proxies.writing(header),
        drain: Duration::from_secs(settings.lifecycle.stop_timeout_s),
    };
    serve(listener, routes, limits, stop.soft().clone().cancelled_owned())
}

/// How long the database has to answer the health check.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Checks what the qualifier and the dispatcher cannot work without, until the soft stop.
async fn check_health(
    store: Store,
    transport: Transport,
    health: Health,
    stop: Stop,
) -> Result<(), std::convert::Infallible> {
    // A load balancer leaves a process out soon after its database is away, and takes it back as soon.
    every("the health check", Duration::from_secs(1), stop.soft(), || async {
        // Without the limit, a database that hangs would leave the last state standing.
        let answer = tokio::time::timeout(ANSWER_WITHIN, store.ping()).await;
        let silent = || format!("no answer within {} s", ANSWER_WITHIN.as_secs());
        health
            .set("database", answer.map_or_else(|_| Err(silent()), |answer| answer.map_err(|error| error.to_string())));
        let unfit = transport.unfit();
        health.set(
            "queues",
            match transport.is_ready() {
                true if unfit.is_empty() => Ok(()),
                true => Err(format!("{}: delete it, and it is declared as it should be", unfit.join("; "))),
                false => Err("RabbitMQ is away".to_owned()),
            },
        );
        Ok::<_, std::convert::Infallible>(NextTick::InAPeriod)
    })
    .await;
    Ok(())
}

/// The edge around all routes; where the desk is among them, browsers read refusals as pages.
fn surrounded(routes: Router, roles: &[Role]) -> Router {
    let routes = ripen_web::edge::around(routes, random::spoken_id);
    if roles.contains(&Role::Desk) { ripen_desk::people::errors::around(routes) } else { routes }
}
