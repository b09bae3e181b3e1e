//! What the past costs: bytes at rest for each decision, how long a back-test of all of them takes, and how many a second are
//! replayed. Fills a private database with leads of a year, each decided three times, by the store that the qualifier
//! writes with; nothing is served meanwhile.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::{
    criteria::{Answer, Cause, Criteria, Decision, Facts, LeadFacts, Origin, qualify},
    id::{ArrivalId, ClientId, CriteriaId, DecisionId, LeadId, PersonId, ProgramId, SourceId},
    lead::{Channel, Stage as LeadStage},
};
use ripen_store::{
    Store, StoreOptions,
    decision::write::NewDecision,
    lead::lead_row::{LastDecision, LeadRow},
};
use serde_json::json;
use uuid::Uuid;

use crate::{
    Options, lead,
    report::{Aim, Report, median, note},
    stage::{Kind, Services, Stage},
    usage,
};

const BEGINNING: &str = "2025-11-01T00:00:00Z";
const DAYS: i64 = 300;
/// Decisions of one lead: when it comes in, and when its next steps fall due.
const ROUNDS: u64 = 3;
const CHUNK: u64 = 1_000;
const BYTES: f64 = 600.0;
const BACKTEST_OF_A_MILLION: f64 = 30.0;
const REPLAYS_A_SECOND: f64 = 50_000.0;

/// Runs the benchmark over about so many decisions.
pub async fn run(options: &Options, decisions: u64) -> Report {
    let mut report = Report::new("past");
    let services = Services::start(&[Kind::Local]).await;
    let stage = Stage::new(&services, Kind::Local, &options.set).await;
    stage.set_up(None).await;
    let leads = decisions.div_ceil(ROUNDS);
    note(&format!("writing {} decisions about {leads} leads", leads * ROUNDS));
    Past::new(&stage, leads).await.write().await;
    sqlx::query("vacuum analyze").execute(&stage.pool).await.expect("the owner may");
    services.settle().await;

    let made = stage.count("select count(*) from decision").await as f64;
    let bytes =
        "select sum(pg_total_relation_size(inhrelid))::bigint from pg_inherits where inhparent = 'decision'::regclass";
    let of_receipts = "select sum(octet_length(receipt)) from decision";
    let draft = stage.file("draft.toml", &lead::CRITERIA.replace("<= 90", "<= 120").replace("> 90", "> 120"));
    let (mut tested, mut replayed) = (Vec::new(), Vec::new());
    let mut used = [0.0; 4];
    for round in 1..=options.rounds {
        let before = cpu(&services);
        let backtest = stage.json(&["criteria", "backtest", &draft]).await;
        assert_eq!(backtest["decisions"].as_f64(), Some(made), "every decision is made again");
        let between = cpu(&services);
        let replay = stage.json(&["decision", "replay", "--all"]).await;
        assert_eq!((replay["same"].as_f64(), &replay["differ"]), (Some(made), &json!(0)), "the same bytes");
        let after = cpu(&services);
        used = [between.0 - before.0, between.1 - before.1, after.0 - between.0, after.1 - between.1];
        tested.push(backtest["seconds"].as_f64().expect("seconds"));
        replayed.push(made / replay["seconds"].as_f64().expect("seconds"));
        note(&format!(
            "round {round}: {backtest_s} s, {replay_s} s",
            backtest_s = backtest["seconds"],
            replay_s = replay["seconds"]
        ));
    }
    report.add("decisions", made, "");
    report.add("bytes of a receipt at rest", stage.count(of_receipts).await as f64 / made, "");
    report.aimed(
        "bytes of a decision at rest, with its indexes",
        stage.count(bytes).await as f64 / made,
        "",
        Aim::Below(BYTES),
    );
    report.aimed(
        "back-test of a million decisions",
        median(&tested) * 1e6 / made,
        "s",
        Aim::Below(BACKTEST_OF_A_MILLION),
    );
    report.aimed("decisions replayed to the same bytes", median(&replayed), "/s", Aim::AtLeast(REPLAYS_A_SECOND));
    for (name, seconds) in
        ["back-test: Ripen", "back-test: PostgreSQL", "replay: Ripen", "replay: PostgreSQL"].iter().zip(used)
    {
        report.add(format!("{name}, processor time of a million"), seconds * 1e6 / made, "s");
    }
    stage.end().await;
    report
}

/// Processor seconds used so far by what this process started, and by PostgreSQL.
fn cpu(services: &Services) -> (f64, f64) {
    let (postgres, _) = services.cpu();
    (usage::cpu(std::process::id()) - postgres, postgres)
}

/// What is written.
struct Past<'s> {
    stage: &'s Stage,
    store: Store,
    criteria: Criteria,
    client: ClientId,
    program: ProgramId,
    source: SourceId,
    version: CriteriaId,
    leads: u64,
}

/// One lead, when it came in and what was decided.
struct Lived {
    id: LeadId,
    arrival: ArrivalId,
    at: Timestamp,
    facts: Facts,
    decisions: Vec<(DecisionId, Timestamp, Decision)>,
}

impl<'s> Past<'s> {
    async fn new(stage: &'s Stage, leads: u64) -> Self {
        let sql =
            "select c.id, g.id, s.id, k.id from client c, program g, source s, criteria k where k.program_id = g.id";
        let ids: (Uuid, Uuid, Uuid, Uuid) = sqlx::query_as(sql).fetch_one(&stage.pool).await.expect("all are set up");
        let criteria = Criteria::load(lead::CRITERIA).expect("the document is sound").criteria.with_version(1);
        Self {
            stage,
            store: Store::open(&StoreOptions::new(stage.url(), 2)).expect("the address is sound"),
            criteria,
            client: ClientId::from_uuid(ids.0),
            program: ProgramId::from_uuid(ids.1),
            source: SourceId::from_uuid(ids.2),
            version: CriteriaId::from_uuid(ids.3),
            leads,
        }
    }

    async fn write(&self) {
        for month in 0..4 {
            let at = beginning() + SignedDuration::from_hours(24 * 120 * month);
            self.store.partitions_make(at).await.expect("months can be made");
        }
        for first in (0..self.leads).step_by(usize::try_from(CHUNK).expect("small")) {
            let lived: Vec<_> = (first..self.leads.min(first + CHUNK)).map(|number| self.live(number)).collect();
            self.arrivals(&lived).await;
            self.answers(&lived).await;
            let rows: Vec<_> = lived.iter().map(|lived| self.row(lived)).collect();
            let decisions: Vec<_> = lived.iter().flat_map(|lived| self.decisions(lived)).collect();
            let mut batch = self.store.begin().await.expect("the database answers");
            batch.leads_write(&rows, &decisions, &[], beginning()).await.expect("the rows are sound");
            batch.commit().await.expect("the database answers");
        }
    }

    fn live(&self, number: u64) -> Lived {
        let apart = SignedDuration::from_hours(24 * DAYS).as_micros() / i128::from(self.leads);
        let after = i64::try_from(apart * i128::from(number)).expect("less than a year")
            + i64::try_from(mixed(number) % 99_991).expect("small");
        let at = beginning() + SignedDuration::from_micros(after);
        let arrival = ArrivalId::from_uuid(id(at, number, 1));
        let facts = facts(number, at, arrival);
        let decide = |round: u64| {
            let cause = if round == 0 {
                Cause::arrivals(vec![arrival])
            } else {
                Cause::promise(i64::try_from(round).expect("small"))
            };
            let moment = SignedDuration::from_micros(i64::try_from(mixed(number + round) % 90_001).expect("small"));
            let now = at + SignedDuration::from_hours(24 * 29 * i64::try_from(round).expect("small")) + moment;
            (DecisionId::from_uuid(id(now, number, 2 + round)), now, qualify(&facts, &self.criteria, &cause, now))
        };
        let decisions = (0..ROUNDS).map(decide).collect();
        Lived { id: LeadId::from_uuid(id(at, number, 0)), arrival, at, facts, decisions }
    }

    fn row(&self, lived: &Lived) -> LeadRow {
        let last = lived.decisions.last();
        LeadRow {
            id: lived.id,
            client: self.client,
            program: self.program,
            person: PersonId::from_uuid(lived.id.uuid()),
            source: self.source,
            channel: lived.facts.lead.channel,
            in_bulk: false,
            stage: LeadStage::Lead,
            decided: last.map(|(id, _, decision)| LastDecision {
                id: *id,
                criteria: self.version,
                grade: decision.grade,
                score: decision.score,
            }),
            arrivals: 1,
            enquiries: 1,
            touches: 0,
            rounds: 0,
            last_disposition: None,
            last_conversation_at: None,
            returned_at: None,
            first_arrived_at: lived.at,
            last_arrived_at: lived.at,
            last_enquiry_at: lived.at,
            matured_at: None,
            closed: None,
            generation: 0,
        }
    }

    fn decisions(&self, lived: &Lived) -> impl Iterator<Item = NewDecision> {
        lived.decisions.iter().map(|(id, at, decision)| NewDecision {
            id: *id,
            lead: lived.id,
            client: self.client,
            criteria: self.version,
            at: *at,
            grade: decision.grade,
            score: decision.score,
            receipt: decision.receipt.to_json(),
        })
    }

    async fn arrivals(&self, lived: &[Lived]) {
        let submission = |number: usize| {
            json!({"first_name": "Casey", "last_name": "Example", "email": format!("lead{number}@example.com"),
                   "phone": "+14155550100", "country": "US", "postal_code": "60134", "time_zone": "America/Chicago",
                   "channel": "web_form", "answers": {"timeframe_days": number % 400, "budget": 450_000}})
        };
        let texts: Vec<_> = (0..lived.len()).map(|number| submission(number).to_string()).collect();
        let sql = "insert into arrival (id, client_id, source_id, lead_id, person_id, sameness, state, content, received_at, media_type,
                                        raw, submission, flags)
             select a.id, $1, $2, a.lead, a.lead, 'content', 'graded', decode(md5(a.id::text), 'hex'), a.at, 'application/json',
                    a.text, a.text::json, '{}'
             from unnest($3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[]) a (id, lead, at, text)";
        sqlx::query(sql)
            .bind(self.client.uuid())
            .bind(self.source.uuid())
            .bind(lived.iter().map(|lived| lived.arrival.uuid()).collect::<Vec<_>>())
            .bind(lived.iter().map(|lived| lived.id.uuid()).collect::<Vec<_>>())
            .bind(lived.iter().map(|lived| jiff_sqlx::Timestamp::from(lived.at)).collect::<Vec<_>>())
            .bind(texts)
            .execute(&self.stage.pool)
            .await
            .expect("the rows are sound");
    }

    async fn answers(&self, lived: &[Lived]) {
        let all = || lived.iter().flat_map(|lived| lived.facts.answers.iter().map(move |answer| (lived.id, answer)));
        let sql = "insert into answer (lead_id, question, at, origin, value)
             select a.lead, a.question, a.at, a.origin, a.value::json
             from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::text[], $5::text[]) a (lead, question, at, origin, value)";
        sqlx::query(sql)
            .bind(all().map(|(lead, _)| lead.uuid()).collect::<Vec<_>>())
            .bind(all().map(|(_, (question, _))| question.clone()).collect::<Vec<_>>())
            .bind(all().map(|(_, (_, answer))| jiff_sqlx::Timestamp::from(answer.at)).collect::<Vec<_>>())
            .bind(all().map(|(_, (_, answer))| answer.origin.to_string()).collect::<Vec<_>>())
            .bind(all().map(|(_, (_, answer))| answer.value.to_string()).collect::<Vec<_>>())
            .execute(&self.stage.pool)
            .await
            .expect("the rows are sound");
    }
}

/// One lead in four has not answered a question.
fn facts(number: u64, at: Timestamp, arrival: ArrivalId) -> Facts {
    let said = [
        ("timeframe_days", json!(mixed(number) % 400)),
        ("budget", json!(100_000 + mixed(number) % 600 * 1_000)),
        ("preapproved", json!(mixed(number).is_multiple_of(3))),
        ("works_with_agent", json!(mixed(number).is_multiple_of(2))),
    ];
    let given = said.into_iter().zip(number..).filter(|(_, place)| !mixed(*place).is_multiple_of(4));
    let answer = |value| Answer { value, at, origin: Origin::Arrival(arrival) };
    Facts {
        answers: given.map(|((question, value), _)| (question.to_owned(), answer(value))).collect(),
        lead: LeadFacts {
            channel: [Channel::WebForm, Channel::Phone, Channel::Referral][usize::try_from(number % 3).expect("small")],
            arrivals: 1,
            enquiries: 1,
            first_arrived_at: at,
            last_arrived_at: at,
            has_email: true,
            has_phone: true,
            ..LeadFacts::default()
        },
        ..Facts::default()
    }
}

fn beginning() -> Timestamp {
    BEGINNING.parse().expect("an instant")
}

/// Bits that look random and are the same each time (splitmix64).
const fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A UUIDv7 of this instant.
fn id(at: Timestamp, number: u64, kind: u64) -> Uuid {
    let milliseconds = u128::try_from(at.as_millisecond()).expect("after 1970");
    let (high, low) = (mixed(number * 16 + kind) & 0xfff, mixed(number * 16 + kind + 8) >> 2);
    Uuid::from_u128((milliseconds << 80) | (7 << 76) | (u128::from(high) << 64) | (2 << 62) | u128::from(low))
}
