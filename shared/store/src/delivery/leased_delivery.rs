//! All that is said with a leased delivery, and where it goes.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    contact::Identity,
    criteria::{Reason, Receipt},
    delivery::{AssignedRep, CriteriaName, DeliveryFacts, EventDetail, EventType, LeadNote},
    id::{CriteriaId, DecisionId, DeliveryId, EndpointId, LeadId, RepId},
    masked_address::MaskedAddress,
    person::OtherContacts,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    appointment::list::handover_of,
    arrival::flags::standing_flags,
    criteria::document_cache::Documents,
    decision::receipt::{PackedReceipt, Prepared},
    delivery::name_as_told::name_as_told,
    endpoint::{
        credentials::{EndpointCredentials, StoredHeaders, secret_place},
        endpoint_record::EndpointKind,
    },
    error::word,
    person::known_person::profile_of,
    sealing::{StoreKeys, Stored},
    suppression::flagged_contacts::FlaggedLead,
};

/// Why what is sealed cannot be opened, in words.
#[derive(Debug, Clone)]
pub struct Unopened(pub String);

/// A delivery under lease, with all that is said and where to.
#[derive(Debug, Clone)]
pub struct LeasedDelivery {
    /// What is said.
    pub facts: DeliveryFacts,
    /// Which endpoint.
    pub endpoint: EndpointId,
    /// Webhook or e-mail.
    pub kind: EndpointKind,
    /// The webhook's URL or the e-mail address.
    pub to: MaskedAddress,
    /// Loopback and private addresses may be called.
    pub allow_private: bool,
    /// How long an attempt may take, where the endpoint says so.
    pub timeout: Option<Duration>,
    /// What its webhooks are signed with and carry; in words, why that cannot be opened: the delivery is then held, at no cost to its schedule.
    pub credentials: Result<EndpointCredentials, Unopened>,
    /// The client's name.
    pub client: String,
    /// The client's slug.
    pub slug: String,
    /// The client's country: ISO 3166 alpha-2.
    pub client_country: String,
    /// The criteria of the decision that matured the lead; of an update, of its last one.
    pub criteria: CriteriaId,
    /// It is the client's fallback.
    pub is_fallback: bool,
    /// Of an update, what its endpoint was told of the lead last.
    pub told_before: Option<Vec<u8>>,
    /// By which delivery, where that is kept.
    pub told_by: Option<Uuid>,
    /// That one was taken in.
    pub was_told: bool,
    /// Its endpoint asks for this event.
    pub asks: bool,
    /// The rep it is for.
    pub rep: Option<RepId>,
    /// Links about it that were made before are ended.
    pub links_since: Timestamp,
    /// Attempts begun, this one included.
    pub attempts: i32,
    /// Those of them that do not count against the schedule.
    pub excused: i32,
    /// Those before this one of which nothing is on record: a process that could not read the delivery, or died, leased it.
    pub unrecorded: i32,
    /// The endpoint's last attempt failed.
    pub failing: bool,
    /// It probes an open circuit.
    pub probe: bool,
    /// The frozen body; none before the first lease.
    pub body: Option<Vec<u8>>,
}

/// A delivery to attempt now.
#[derive(Debug, Clone)]
pub struct Leased {
    /// What and where to.
    pub due: LeasedDelivery,
    /// The frozen body.
    pub body: Vec<u8>,
}

struct LeasedColumns {
    id: Uuid,
    event: String,
    said: Option<Value>,
    handed_over: Uuid,
    attempts: i32,
    excused: i32,
    recorded: i64,
    body: Option<Vec<u8>>,
    endpoint_id: Uuid,
    lead_id: Uuid,
    stage: String,
    channel: String,
    arrivals: i32,
    first_arrived_at: jiff_sqlx::Timestamp,
    matured_at: jiff_sqlx::Timestamp,
    grade: String,
    score: i32,
    decision_id: Uuid,
    criteria_id: Uuid,
    receipt: Vec<u8>,
    criteria_name: String,
    version: i32,
    first_name: Option<String>,
    last_name: Option<String>,
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    phone_extension: Option<String>,
    postal_code: Option<String>,
    country: Option<String>,
    time_zone: Option<String>,
    locale: Option<String>,
    source_name: String,
    client_name: String,
    slug: String,
    client_country: String,
    is_fallback: bool,
    told_before: Option<Vec<u8>>,
    told_by: Option<Uuid>,
    was_told: Option<bool>,
    asks: bool,
    kind: String,
    to: String,
    sealed_url: Option<Vec<u8>>,
    allow_private: bool,
    timeout_s: Option<i32>,
    headers: Option<Vec<String>>,
    sealed_headers: Option<Vec<u8>>,
    failing: bool,
    rep_id: Option<Uuid>,
    links_since: jiff_sqlx::Timestamp,
    clock: String,
    rep_name: Option<String>,
    rep_email: Option<String>,
    answers: Option<Value>,
    notes: Option<Value>,
    said_contacts: Option<Value>,
    flagged: Option<Value>,
    secret_ids: Option<Vec<Uuid>>,
    clear_secrets: Option<Vec<Option<String>>>,
    sealed_secrets: Option<Vec<Option<Vec<u8>>>>,
    appointment: Option<Value>,
}

impl LeasedColumns {
    /// The rules that counted. A lead is not kept from its client because its receipt cannot be read any more.
    fn reasons(&self, prepared: &Prepared) -> Vec<Reason> {
        let of = (DecisionId::from_uuid(self.decision_id), CriteriaId::from_uuid(self.criteria_id));
        // The bytes are cloned because the other columns are moved out of the row below.
        reasons_in(PackedReceipt::new(of, self.receipt.clone(), prepared)).unwrap_or_default()
    }

    /// Taken out of the row, whose other columns are read after it.
    fn credentials(&mut self, keys: &StoreKeys) -> Result<EndpointCredentials, StoreError> {
        // Without it nothing is sent, as without what signs it: what is shown of the URL is another address.
        if let Some(sealed) = self.sealed_url.take() {
            self.to = keys.url(self.endpoint_id, &sealed)?;
        }
        let (clear, sealed) = (self.headers.take(), self.sealed_headers.take());
        let headers = keys.headers(StoredHeaders { endpoint: self.endpoint_id, clear, sealed })?;
        let texts = self.clear_secrets.take().unwrap_or_default().into_iter();
        let sealed = self.sealed_secrets.take().unwrap_or_default();
        let stored = texts.zip(sealed).map(|(clear, sealed)| Stored { clear, sealed });
        let ids = self.secret_ids.take().unwrap_or_default().into_iter();
        let secrets = ids.zip(stored).map(|(id, stored)| keys.text(&secret_place(self.endpoint_id, id), stored));
        Ok(EndpointCredentials { secrets: secrets.collect::<Result<_, _>>()?, headers })
    }

    fn due(
        mut self,
        prepared: &Prepared,
        probes: &BTreeSet<Uuid>,
        keys: &StoreKeys,
    ) -> Result<LeasedDelivery, StoreError> {
        let reasons = self.reasons(prepared);
        // Of this delivery alone: others of its lease go out.
        let credentials = self.credentials(keys).map_err(|error| Unopened(error.to_string()));
        let mut profile = profile_of!(self);
        let event: EventType = word(&self.event)?;
        // An update names whom the lead is of now: that is what it tells.
        let is_update = event == EventType::LeadUpdated;
        if let Some(told) = self.told_before.as_deref().filter(|_| !is_update) {
            name_as_told(&mut profile, told);
        }
        let facts = DeliveryFacts {
            delivery: DeliveryId::from_uuid(self.id),
            detail: EventDetail::read(event, self.said),
            handed_over: DeliveryId::from_uuid(self.handed_over),
            lead: LeadId::from_uuid(self.lead_id),
            stage: word(&self.stage)?,
            others: OtherContacts::beside(&profile, contacts(self.said_contacts)?),
            profile,
            flags: self.flagged.map(standing_flags).transpose()?.unwrap_or_default(),
            grade: word(&self.grade)?,
            score: self.score,
            criteria: CriteriaName {
                name: self.criteria_name.into(),
                version: self.version.into(),
                ..CriteriaName::default()
            },
            reasons,
            answers: object(self.answers),
            notes: self.notes.map(notes).transpose()?.unwrap_or_default(),
            source: self.source_name,
            channel: word(&self.channel)?,
            arrivals: self.arrivals,
            first_arrived_at: self.first_arrived_at.to_jiff(),
            matured_at: self.matured_at.to_jiff(),
            assigned_to: self.rep_name.zip(self.rep_email).map(|(name, email)| AssignedRep {
                name: name.into(),
                email: email.into(),
                ..AssignedRep::default()
            }),
            time_zone: self.clock,
            appointment: self.appointment.map(handover_of).transpose()?,
        };
        Ok(LeasedDelivery {
            facts,
            endpoint: EndpointId::from_uuid(self.endpoint_id),
            kind: EndpointKind::read(&self.kind)?,
            to: self.to.into(),
            allow_private: self.allow_private,
            // A negative number cannot be stored, and if it were, the general limit is the safe reading.
            timeout: self.timeout_s.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs),
            credentials,
            client: self.client_name,
            slug: self.slug,
            client_country: self.client_country,
            criteria: CriteriaId::from_uuid(self.criteria_id),
            is_fallback: self.is_fallback,
            told_before: self.told_before.filter(|_| is_update),
            told_by: self.told_by.filter(|_| is_update),
            was_told: self.was_told == Some(true),
            asks: self.asks,
            rep: self.rep_id.map(RepId::from_uuid),
            links_since: self.links_since.to_jiff(),
            attempts: self.attempts,
            excused: self.excused,
            unrecorded: i32::try_from(i64::from(self.attempts.saturating_sub(1)) - self.recorded).unwrap_or(0).max(0),
            failing: self.failing,
            probe: probes.contains(&self.id),
            body: self.body,
        })
    }
}

/// The rules that counted; none where the receipt cannot be read any more.
pub(super) fn reasons_in(receipt: PackedReceipt) -> Option<Vec<Reason>> {
    // Reasons are a help to the rep; waiting for a receipt to be mended would cost the client the lead.
    let read = receipt.open().inspect_err(|error| tracing::error!(%error, "a lead is told of without its reasons"));
    let receipt: Option<Receipt> = read.ok().and_then(|text| serde_json::from_str(&text).ok());
    receipt.map(|receipt| receipt.reasons())
}

pub(super) fn notes(value: Value) -> Result<Vec<LeadNote>, StoreError> {
    serde_json::from_value(value).map_err(|_| StoreError::Corrupt("a note".to_owned()))
}

/// A way to a person, as the statement gives it.
#[derive(serde::Deserialize)]
struct SaidContact {
    kind: String,
    value: String,
}

pub(super) fn contacts(value: Option<Value>) -> Result<Vec<Identity>, StoreError> {
    let corrupt = || StoreError::Corrupt("an identity".to_owned());
    let said: Vec<SaidContact> = value.map_or_else(|| Ok(Vec::new()), serde_json::from_value).map_err(|_| corrupt())?;
    said.into_iter().map(|one| Identity::stored(&one.kind, &one.value).ok_or_else(corrupt)).collect()
}

pub(super) fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// A statement that gives what is told of a lead `l` and its person `p`, beside columns of its own: how it begins, up to a comma, and how
/// it goes on from its `from`. Ways that lead to somebody else are none of the person's any more: neither the number in the profile nor one
/// that they said. A macro because a checked statement is known whole when it is compiled.
macro_rules! query_lead_told {
    ($columns:ident, $begins:tt, $from:tt $(, $arguments:expr)+ $(,)?) => {
        sqlx::query_as!(
            $columns,
            $begins + r#"
                   p.first_name, p.last_name, p.name, p.email, p.phone, p.phone_extension, p.postal_code, p.country, p.time_zone, p.locale,
                   (select json_object_agg(question, value) from
                     (select distinct on (question) question, value from answer where lead_id = l.id
                      order by question, at desc, origin desc) newest) as answers,
                   (select json_agg(json_build_object('at', at, 'by', by, 'text', text) order by at) from note where lead_id = l.id) as notes,
                   (select json_agg(json_build_object('kind', i.kind, 'value', i.value) order by i.said_at desc, i.value)
                    from (select * from person_identity where person_id = p.id and said_at is not null and void_at is null
                          order by said_at desc, value limit 20) i) as said_contacts
            "# + $from
            $(, $arguments)+
        )
    };
}
pub(super) use query_lead_told;

impl Store {
    /// Loads all that is said about leased deliveries, and why some cannot be: those keep no other from going out. A decision
    /// that is moved into its month in this moment is found by the second look: the first may have taken its snapshot before
    /// the move and its list of months after it.
    pub(crate) async fn load_all(&self, taken: &Taken, now: Timestamp) -> Result<LoadedDeliveries, StoreError> {
        let mut loaded = self.load_readable(taken, now).await?;
        // Fewer than leased: see above. What is still missing then keeps its lease until it runs out, and is tried
        // again.
        if loaded.due.len() + loaded.failed.len() < taken.leased.len() {
            let mut found: BTreeSet<_> = loaded.due.iter().map(|due| due.facts.delivery.uuid()).collect();
            found.extend(loaded.failed.keys());
            let leased = taken.leased.iter().copied().filter(|id| !found.contains(id)).collect();
            let left = Taken { leased, probes: taken.probes.clone() };
            loaded.add(self.load_readable(&left, now).await?);
        }
        Ok(loaded)
    }

    /// Loads them together, and one by one where that fails: a column that cannot be decoded fails the whole statement.
    async fn load_readable(&self, taken: &Taken, now: Timestamp) -> Result<LoadedDeliveries, StoreError> {
        match self.load(taken, now).await {
            Err(error) if !passes(&error) => {}
            done => return done,
        }
        let mut loaded = LoadedDeliveries::default();
        for id in &taken.leased {
            let alone = Taken { leased: vec![*id], probes: taken.probes.clone() };
            match self.load(&alone, now).await {
                Ok(one) => loaded.add(one),
                Err(error) if passes(&error) => return Err(error),
                Err(error) => drop(loaded.failed.insert(*id, error.to_string())),
            }
        }
        Ok(loaded)
    }

    async fn load(&self, taken: &Taken, now: Timestamp) -> Result<LoadedDeliveries, StoreError> {
        // Sub-selects, and joins that give one row at most, for what may be absent or several: one delivery is one row, whatever a
        // lead has of answers and notes.
        let rows = query_lead_told!(
            LeasedColumns,
            r#"-- delivery.load
            select d.id, d.event, d.said, coalesce((select h.id from delivery h where d.event <> 'lead.matured' and h.maturation_id = d.maturation_id
                     and h.endpoint_id = d.endpoint_id and h.event = case d.event when 'lead.taken' then 'lead.offered' else 'lead.matured' end
                     and (d.event <> 'lead.taken' or h.rep_id is not distinct from d.rep_id) order by h.id desc limit 1), d.id) as "handed_over!",
                   d.attempts, d.excused, case when d.attempts > 1 then (select count(*) from attempt t where t.delivery_id = d.id) else 0 end as "recorded!",
                   (select body from delivery_body b where b.delivery_id = d.id) as body, d.endpoint_id as "endpoint_id!", l.id as lead_id, l.stage,
                   l.channel, l.arrivals, l.first_arrived_at, m.at as matured_at, x.grade, x.score, x.id as decision_id,
                   x.criteria_id, x.receipt,
                   g.name as criteria_name, k.version, s.name as source_name, c.name as client_name, c.slug, c.country as client_country,
                   e.is_fallback, e.kind,
                   coalesce(case when d.state = 'leased' then d.mailed_to end, e.url, e.address, e.shown_url) as "to!", e.sealed_url, e.allow_private, e.timeout_s, e.headers, e.sealed_headers,
                   told.body as "told_before?", told.id as "told_by?", told.was_taken as "was_told?",
                   d.event = any(e.events) as "asks!",
                   e.failures > 0 as "failing!",
                   coalesce(d.rep_id, e.rep_id) as rep_id, greatest(d.links_since, (select r.links_since from rep r where r.id = coalesce(d.rep_id, e.rep_id))) as "links_since!",
                   coalesce((select r.time_zone from rep r where r.id = coalesce(d.rep_id, e.rep_id)), c.time_zone) as "clock!",
                   (select r.name from rep r where r.id = coalesce(d.rep_id, e.rep_id)) as rep_name,
                   (select r.email from rep r where r.id = coalesce(d.rep_id, e.rep_id)) as rep_email,
                   (select json_agg(json_build_object('flags', f.submission -> 'flags', 'answered_since',
                       array(select w.question from answer w where w.lead_id = f.lead_id and w.at > f.received_at))
                     order by f.received_at desc, f.id desc)
                    from arrival f where f.lead_id = l.id and f.submission -> 'flags' is not null) as flagged,
                   z.ids as "secret_ids?", z.texts as "clear_secrets?: Vec<Option<String>>", z.sealed as "sealed_secrets?: Vec<Option<Vec<u8>>>",
                   (select json_build_object('id', a.id, 'starts_at', a.starts_at, 'ends_at', a.ends_at, 'note', a.note,
                             'sequence', a.sequence, 'time_zone', coalesce(r.time_zone, c.time_zone))
                    from appointment a join rep r on r.id = a.rep_id
                    where a.lead_id = d.lead_id and a.state = 'booked' and a.ends_at > $2
                      and a.rep_id = coalesce(d.rep_id, e.rep_id, a.rep_id)
                    order by a.starts_at limit 1) as appointment,"#,
            "
            from delivery d
            join maturation m on m.id = d.maturation_id join lead l on l.id = d.lead_id
            join decision x on x.id = case when d.event = 'lead.updated' then coalesce(l.decision_id, m.decision_id) else m.decision_id end
            join criteria k on k.id = x.criteria_id join program g on g.id = k.program_id
            join person p on p.id = l.person_id join source s on s.id = l.source_id
            join client c on c.id = d.client_id join endpoint e on e.id = d.endpoint_id
            cross join lateral (
                select array_agg(id order by created_at desc, id) as ids, array_agg(secret order by created_at desc, id) as texts,
                       array_agg(sealed order by created_at desc, id) as sealed
                from endpoint_secret where endpoint_id = e.id and (expires_at is null or expires_at > clock_timestamp())) z
            left join lateral (
                select b.body, h.id, h.first_delivered_at is not null as was_taken from delivery h join delivery_body b on b.delivery_id = h.id
                where d.event in ('lead.updated', 'lead.recalled', 'lead.suppressed', 'lead.outcome')
                  and h.maturation_id = d.maturation_id and h.endpoint_id = d.endpoint_id and h.id <> d.id
                  and (d.event <> 'lead.updated' or h.state not in ('dead', 'withdrawn') or h.first_delivered_at is not null)
                  and h.event in ('lead.matured', 'lead.updated')
                order by h.state in ('dead', 'withdrawn') and h.first_delivered_at is null, b.at desc, h.id desc limit 1) told on true
            where d.id = any($1)",
            &taken.leased,
            now.to_sqlx()
        )
        .fetch_all(&self.pool)
        .await?;
        self.read_leased(rows, taken).await
    }

    async fn read_leased(&self, rows: Vec<LeasedColumns>, taken: &Taken) -> Result<LoadedDeliveries, StoreError> {
        let prepared = self.dictionaries(rows.iter().map(|row| row.criteria_id)).await?;
        let mut loaded = LoadedDeliveries::default();
        for row in rows {
            let id = row.id;
            match row.due(&prepared, &taken.probes, &self.keys) {
                Ok(due) => loaded.due.push(due),
                Err(error) => drop(loaded.failed.insert(id, error.to_string())),
            }
        }
        self.type_answers(&mut loaded.due).await?;
        let facts = loaded.due.iter_mut().map(|due| &mut due.facts);
        self.withhold_suppressed(facts.map(|of| FlaggedLead { lead: of.lead, flags: &mut of.flags }).collect()).await?;
        self.withhold_in_words(loaded.due.iter_mut().map(|due| &mut due.facts).collect()).await?;
        Ok(loaded)
    }
}

impl Store {
    /// Puts the answers of what is to be frozen into the types of their questions: an earlier version kept them as they were typed. A
    /// document that cannot be read keeps no lead from its client.
    async fn type_answers(&self, due: &mut [LeasedDelivery]) -> Result<(), StoreError> {
        let wanted: BTreeSet<_> = due.iter().filter(|due| due.body.is_none()).map(|due| due.criteria).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let wanted: Vec<_> = wanted.into_iter().collect();
        let documents = Documents::new(self.clone()).usable(&wanted).await?;
        for due in due.iter_mut().filter(|due| due.body.is_none()) {
            if let Some(criteria) = documents.found.get(&due.criteria) {
                criteria.type_answers(&mut due.facts.answers);
            }
        }
        Ok(())
    }
}

/// Whether it is no fault of the rows: the database is away or busy, and the same works later.
const fn passes(error: &StoreError) -> bool {
    error.is_unreachable() || error.is_conflict()
}

/// What could be loaded of a lease.
#[derive(Default)]
pub(crate) struct LoadedDeliveries {
    pub(crate) due: Vec<LeasedDelivery>,
    /// What cannot be, and why.
    pub(crate) failed: BTreeMap<Uuid, String>,
}

impl LoadedDeliveries {
    fn add(&mut self, mut more: Self) {
        self.due.append(&mut more.due);
        self.failed.append(&mut more.failed);
    }
}

/// What a lease statement gave.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) leased: Vec<Uuid>,
    /// Those of them that probe an open circuit.
    pub(crate) probes: BTreeSet<Uuid>,
}
