//! The ledger of promises: how many that fall due together are fired in a second, how late they are when they fall due
//! steadily, and what an idle look at the ledger costs, with ten thousand and with ten million that wait.

pub mod fill;
mod plan;

use std::time::{Duration, Instant};

use sqlx::Row as _;

use crate::{
    Options,
    process::Process,
    report::{Aim, Report, note, percentile},
    stage::{Kind, Services, Stage},
    usage,
};

const FEW: u64 = 10_000;
const FIRED_A_SECOND: f64 = 5_000.0;
const STEADY: u64 = 1_000;
const LATE_MS: f64 = 2_000.0;
/// How long the last ones may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// People may be called at any time, so that nothing is put off.
const SETTINGS: [&str; 5] = [
    "calling.from=00:00",
    "calling.to=24:00",
    "calling.days=mon,tue,wed,thu,fri,sat,sun",
    "calling.loosen=US hours: nobody is called",
    // One look a second is what an installation does.
    "qualifier.sweep_interval_ms=1000",
];

/// Runs the benchmark with so many promises that wait for another day.
pub async fn run(options: &Options, waiting: u64) -> Report {
    let services = Services::start(&[Kind::Local]).await;
    let mut report = Report::new("promises");
    let settings: Vec<_> = SETTINGS.iter().map(|text| (*text).to_owned()).chain(options.set.iter().cloned()).collect();
    let stage = Stage::new(&services, Kind::Local, &settings).await;
    stage.set_up(None).await;
    let mut subject = Subject { services: &services, stage: &stage, seconds: options.seconds, first: 1 };
    for count in [FEW, waiting] {
        let begun = Instant::now();
        fill::waiting(&stage.pool, count).await;
        services.settle().await;
        note(&format!("{count} promises wait, written in {:.0} s", begun.elapsed().as_secs_f64()));
        subject.measure(count, &mut report).await;
    }
    stage.end().await;
    report
}

struct Subject<'s> {
    services: &'s Services,
    stage: &'s Stage,
    seconds: u64,
    /// The number of the next lead.
    first: u64,
}

impl Subject<'_> {
    async fn measure(&mut self, waiting: u64, report: &mut Report) {
        let name = format!("{waiting} waiting");
        let plan = plan::of_idle_sweep(&self.stage.pool).await;
        note(&plan.text);
        report.add(format!("{name}: pages an idle look reads"), plan.pages, "");
        report.add(format!("{name}: an idle look takes"), plan.milliseconds, "ms");
        let process = self.stage.serve("").await;
        self.idle(&name, &process, report).await;
        self.together(&name, report).await;
        self.steadily(&name, report).await;
        process.stop().await;
    }

    /// What the whole installation uses while nothing is due.
    async fn idle(&self, name: &str, process: &Process, report: &mut Report) {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let used = || process.cpu() + self.services.cpu().0;
        let (before, begun) = (used(), Instant::now());
        tokio::time::sleep(Duration::from_secs(self.seconds)).await;
        let share = (used() - before) / begun.elapsed().as_secs_f64() * 1000.0;
        report.add(format!("{name}: processor time of an idle second"), share, "ms");
    }

    /// Many fall due at one instant.
    async fn together(&mut self, name: &str, report: &mut Report) {
        let count = self.seconds * 5_000;
        let leads = self.leads(count).await;
        self.services.settle().await;
        let begun = Instant::now();
        fill::due(&self.stage.pool, leads, 0.0, 0.0).await;
        let written = begun.elapsed();
        self.fired(leads).await;
        let took = begun.elapsed().saturating_sub(written);
        let rate = count as f64 / took.as_secs_f64();
        report.aimed(format!("{name}: fired when {count} fall due at once"), rate, "/s", Aim::AtLeast(FIRED_A_SECOND));
    }

    /// They fall due one after the other.
    async fn steadily(&mut self, name: &str, report: &mut Report) {
        let leads = self.leads(self.seconds * STEADY).await;
        self.services.settle().await;
        fill::due(&self.stage.pool, leads, 3.0, 1.0 / STEADY as f64).await;
        self.fired(leads).await;
        let sql = "select extract(epoch from d.at - p.due_at)::double precision as late
                   from promise p join decision d on d.lead_id = p.lead_id
                   where p.generation = 1 and p.lead_id between lpad(to_hex($1), 32, '0')::uuid and lpad(to_hex($2), 32, '0')::uuid order by 1";
        let rows = sqlx::query(sql).bind(leads.0).bind(leads.1).fetch_all(&self.stage.pool).await.expect("rows");
        let late: Vec<_> = rows.iter().map(|row| Duration::from_secs_f64(row.get::<f64, _>("late").max(0.0))).collect();
        assert_eq!(late.len() as u64, self.seconds * STEADY, "each was decided once");
        let name = format!("{name}: lateness at {STEADY}/s");
        report.add(format!("{name} p50"), percentile(&late, 0.5).as_secs_f64() * 1000.0, "ms");
        let p99 = percentile(&late, 0.99).as_secs_f64() * 1000.0;
        report.aimed(format!("{name} p99"), p99, "ms", Aim::Below(LATE_MS));
        report.add("load average", usage::load_average().parse().unwrap_or_default(), "");
    }

    /// New leads with answers and without a promise yet: first and last number.
    async fn leads(&mut self, count: u64) -> (i64, i64) {
        let first = self.first;
        self.first += count;
        let range = |number: u64| i64::try_from(number).expect("a number of a lead");
        let leads = (range(first), range(first + count - 1));
        fill::leads(&self.stage.pool, leads).await;
        leads
    }

    async fn fired(&self, (first, last): (i64, i64)) {
        let sql = "select exists (select 1 from promise where state = 'scheduled' and generation = 1
                   and lead_id between lpad(to_hex($1), 32, '0')::uuid and lpad(to_hex($2), 32, '0')::uuid)";
        let limit = Instant::now() + PATIENCE;
        loop {
            let left: bool =
                sqlx::query_scalar(sql).bind(first).bind(last).fetch_one(&self.stage.pool).await.expect("an answer");
            if !left {
                return;
            }
            assert!(Instant::now() < limit, "the promises fire");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
