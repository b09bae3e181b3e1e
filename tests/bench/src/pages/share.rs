//! Two clients share the desk: how long leads of one wait for their first touch, before and after a list of the other's is imported.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use super::{
    fill::{self, Account},
    settings,
    visitor::{Visitor, hidden},
};
use crate::{
    Options,
    load_generator::{self, Plan, Target, Until},
    report::{Aim, Report, note},
    stage::{Kind, Services, Stage},
};

/// Rows of the import.
const IMPORTED: u64 = 3_000;
/// Leads of the other client in a second. The agents could touch more than twice as many.
const ARRIVING: u64 = 8;
/// How long a call lasts.
const CALL: Duration = Duration::from_millis(500);
const P90_BESIDE_BEFORE: f64 = 1.2;
/// The other client's touches, by its leads' arrival.
const FIRST_TOUCH: &str = "select coalesce(percentile_cont(0.9) within group (order by extract(epoch from t.at - a.received_at) * 1000), 0)::bigint
    from arrival a join source s on s.id = a.source_id and s.channel = 'web_form'
    join lateral (select min(at) as at from touch where lead_id = a.lead_id) t on t.at is not null
    where a.external_id >= $1 and a.external_id < $2";

/// Measures on a fresh installation.
pub async fn measure(report: &mut Report, services: &Services, options: &Options) {
    let stage = Stage::new(services, Kind::Local, &settings(options)).await;
    let key = stage.set_up(None).await;
    stage.json(&["client", "add", "importer", "--country", "US"]).await;
    stage.json(&["source", "add", "A list", "--client", "importer", "--channel", "list"]).await;
    let list = stage.file("list.csv", &rows());
    let accounts = fill::accounts(&stage).await;
    let process = stage.serve("").await;
    let seconds = options.seconds * 2;
    let mut calling = JoinSet::new();
    for Account { email, password, .. } in accounts.into_iter().filter(|account| account.role == "agent") {
        calling.spawn(call(process.address, (email, password), Duration::from_secs(2 * seconds + 60)));
    }
    let plan = |target: Target, first, until| Plan {
        target,
        connections: 2,
        until,
        first,
        a_in: u64::MAX,
        stamps: None,
        wait_for_arrival: false,
    };
    let mut waits = Vec::new();
    for (round, first) in [(0, 100_000), (1, 200_000)] {
        if round == 1 {
            let imported = stage.json(&["import", &list, "--source", "A list", "--client", "importer"]).await;
            assert_eq!(imported["received"].as_u64(), Some(IMPORTED), "the list is taken: {imported}");
            while stage
                .count("select count(*) from lead l join source s on s.id = l.source_id where s.channel = 'list'")
                .await
                < IMPORTED
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let target = Stage::target(&process, &key);
        let posted =
            load_generator::open(plan(target, first, Until::Passed(Duration::from_secs(seconds))), ARRIVING).await;
        // The last ones are touched within a call or two.
        tokio::time::sleep(4 * CALL).await;
        let id = |number: u64| format!("B-{number:07}");
        let touched = sqlx::query_scalar::<_, i64>(FIRST_TOUCH).bind(id(first)).bind(id(posted.end));
        let wait = touched.fetch_one(&stage.pool).await.expect("a time") as f64;
        let untouched = sqlx::query_scalar::<_, i64>(
            "select count(*) from arrival a left join lead l on l.id = a.lead_id where a.external_id >= $1 and a.external_id < $2 and l.touches = 0",
        );
        let untouched = untouched.bind(id(first)).bind(id(posted.end)).fetch_one(&stage.pool).await.expect("a count");
        note(&format!("{} leads of the other client, {untouched} not touched yet", posted.accepted));
        waits.push((wait, untouched));
    }
    calling.abort_all();
    while calling.join_next().await.is_some() {}
    let [(before, _), (beside, untouched)] = waits[..] else { panic!("two measurements") };
    report.add("first touch p90, of one client alone", before, "ms");
    report.add(format!("first touch p90, beside {IMPORTED} imported for another"), beside, "ms");
    report.add("not touched after two calls, beside the import", untouched as f64, "");
    report.aimed(
        "first touch p90, beside the import to alone",
        beside / before.max(1.0),
        "",
        Aim::Below(P90_BESIDE_BEFORE),
    );
    process.stop().await;
    stage.end().await;
}

/// The list that is imported.
fn rows() -> String {
    let row = |number: u64| format!("Casey {number},row{number}@example.com,+1212{:07}\n", 2_000_000 + number * 2_333);
    "Name,Email,Phone\n".to_owned() + &(0..IMPORTED).map(row).collect::<String>()
}

/// Calls whoever comes next until the time is over.
async fn call(address: SocketAddr, (email, password): (String, String), time: Duration) {
    let mut agent = Visitor::sign_in(address, &email, &password).await;
    let begun = Instant::now();
    while begun.elapsed() < time {
        let taken = agent.post("/work/next", &[]).await;
        let page = agent.follow(taken).await.answer.body;
        let Some(lead) = hidden(&page, "lease").and_then(|_| hidden(&page, "lead")) else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        tokio::time::sleep(CALL).await;
        let [lease, touch] = ["lease", "touch"].map(|name| hidden(&page, name).unwrap_or_default());
        let form = [("lead", lead.as_str()), ("lease", &lease), ("touch", &touch), ("disposition", "no_answer")];
        agent.post("/work/dispose", &form).await;
    }
}
