//! What must never be found: the invariants of the architecture, asked of the database and compared with the model. It
//! looks from beside and changes nothing.

use std::{collections::BTreeMap, sync::Arc};

use ripen_domain::{
    criteria::{Cause, Criteria, Receipt, replay_decision},
    id::{ArrivalId, LeadId},
};
use uuid::Uuid;

use super::{
    model::{Course, End, Lead},
    world::{Outcome, World, firm},
};

/// Each must find nothing, between any two operations.
const NEVER: [(&str, &str); 19] = [
    (
        "a person has two open leads under a program",
        "select count(*) from (select 1 from lead where stage in ('lead', 'contact', 'opportunity')
           group by person_id, program_id having count(*) > 1) doubled",
    ),
    (
        "a person has two open leads in two programs",
        "select count(*) from (select 1 from lead where stage in ('lead', 'contact', 'opportunity')
           group by person_id having count(*) > 1) doubled",
    ),
    (
        "a lead that is held as perhaps another's is nobody's work, or is work and not held",
        "select count(*) from (select d.lead_id from delivery d where d.same_as is not null and d.state = 'held') held
           full join (select lead_id from promise where kind = 'same_person' and state = 'work') work using (lead_id)
           where (held is null) <> (work is null)",
    ),
    (
        "an open lead has neither a promise nor a delivery under way",
        "select count(*) from lead l where l.stage in ('lead', 'contact', 'opportunity')
           and not exists (select from promise p where p.lead_id = l.id and p.state in ('scheduled', 'work'))
           and not exists (select from delivery d where d.lead_id = l.id and d.state in ('pending', 'held', 'leased'))",
    ),
    (
        "a closed lead has an open promise",
        "select count(*) from promise p join lead l on l.id = p.lead_id
           where l.stage = 'closed' and p.state in ('scheduled', 'work')",
    ),
    (
        "a lead's promises do not count from one without a gap, in the order of time",
        "select count(*) from (
           select p.generation, row_number() over w as place, p.created_at, lag(p.created_at) over w as before,
                  count(*) over (partition by p.lead_id) as made, l.generation as highest
           from promise p join lead l on l.id = p.lead_id
           window w as (partition by p.lead_id order by p.generation)) counted
         where generation <> place or created_at < before or made <> highest",
    ),
    (
        "a date agreed with a person was moved by nobody",
        "select count(*) from promise p join lead l on l.id = p.lead_id
           where p.agreed and p.ended_by is null and (p.state = 'moved' or (p.state = 'dropped' and l.stage <> 'closed'))",
    ),
    (
        "a lead went cold before what was agreed with the person",
        "select count(*) from promise p join lead l on l.id = p.lead_id
           where l.closed_reason = 'went cold' and p.agreed and p.worked_at is null and p.ended_at = l.closed_at",
    ),
    (
        "a lead's touches and rounds are not those that were recorded",
        "select count(*) from lead l where l.touches <> (select count(*) from touch t where t.lead_id = l.id)
           or l.rounds > (select count(*) from touch t where t.lead_id = l.id and t.round)",
    ),
    (
        "a maturation is owed twice to one endpoint, or to nobody",
        "select count(*) from maturation m where not exists (select from delivery d where d.maturation_id = m.id)
           or exists (select from delivery d where d.maturation_id = m.id group by d.endpoint_id, d.event, d.cause having count(*) > 1)",
    ),
    (
        "something that is no A is to be delivered",
        "select count(*) from delivery d join maturation m on m.id = d.maturation_id
           join decision x on x.id = m.decision_id where x.grade <> 'A' or x.lead_id <> d.lead_id",
    ),
    (
        "what was never attempted is still owed of a lead that is no longer A",
        "select count(*) from delivery d join lead l on l.id = d.lead_id
           where d.state in ('pending', 'held') and d.attempts = 0 and l.grade <> 'A'
             and (d.event in ('lead.matured', 'lead.offered')
               or (d.event = 'lead.updated' and not (select e.is_fallback from endpoint e where e.id = d.endpoint_id) and not exists (select from delivery x
                 where x.lead_id = d.lead_id and x.endpoint_id = d.endpoint_id and x.event = 'lead.matured' and x.attempts > 0)))",
    ),
    (
        "what hung on a lead that is closed, or was given or taken back, is still owed",
        "select count(*) from delivery d join lead l on l.id = d.lead_id join maturation m on m.id = d.maturation_id
           where d.state in ('pending', 'held') and d.event in ('lead.matured', 'lead.offered', 'lead.updated')
             and (l.stage = 'closed' or l.returned_at >= m.at)",
    ),
    (
        // Where who took it could not be reached it goes on, and a webhook of the team beside a mail that died reaches nobody.
        "a lead that somebody accepted went to somebody else",
        "select count(*) from claim k where k.taken_by is not null and (
           select count(distinct coalesce(d.rep_id, e.rep_id, d.endpoint_id)) from delivery d join endpoint e on e.id = d.endpoint_id
           where d.maturation_id = k.maturation_id and d.event = 'lead.matured' and d.state not in ('dead', 'withdrawn')
             and not (e.kind = 'webhook' and exists (select from delivery x join endpoint y on y.id = x.endpoint_id
                        where x.maturation_id = d.maturation_id and x.event = 'lead.matured' and y.kind = 'email'))) > 1",
    ),
    (
        "a mailbox that refused its last three mails is still on",
        "select count(*) from endpoint e where e.kind = 'email' and e.state = 'enabled' and exists (
           select from (select count(*) as n, bool_and(last.status = 550) as refused, min(last.id::text) as first
                        from (select a.status, d.id from attempt a join delivery d on d.id = a.delivery_id
                              where d.endpoint_id = e.id and a.at >= coalesce(e.bounces_from, '-infinity')
                              order by a.at desc, d.id desc limit 3) last) three
           where n = 3 and refused and not exists (
             select from delivery o where o.endpoint_id = e.id and o.state = 'delivered' and o.bounced_at is null
                and o.id::text > three.first))",
    ),
    (
        "a mailbox is off for its answers that refused fewer than three mails",
        "select count(*) from endpoint e where e.kind = 'email' and e.state = 'disabled' and e.disabled_by = 'answers'
           and (select count(*) from delivery d where d.endpoint_id = e.id and d.bounced_at is not null) < 3",
    ),
    (
        "somebody of another client was told",
        "select (select count(*) from delivery d join endpoint e on e.id = d.endpoint_id join lead l on l.id = d.lead_id
                 where e.client_id <> d.client_id or l.client_id <> d.client_id)
           + (select count(*) from notice n join client c on c.id = n.client_id where c.slug = 'other' or n.to_address like '%@other.example')",
    ),
    (
        // The fallback has a copy of what the endpoint of a lead did not take.
        "a client was told of a lead that it never had",
        "select count(*) from delivery d where not (select e.is_fallback from endpoint e where e.id = d.endpoint_id) and d.event not in ('lead.matured', 'lead.offered', 'delivery.dead', 'endpoint.disabled')
           and not exists (select from delivery h where h.maturation_id = d.maturation_id and h.endpoint_id = d.endpoint_id
                             and h.event in ('lead.matured', 'lead.offered') and h.attempts > 0)",
    ),
    (
        "an arrival that ended is not where it ended",
        "select count(*) from arrival_seen s left join arrival a on a.id = s.arrival_id
           where s.ended <> 'dead' and (a.id is null or (s.ended <> 'same' and a.id <> s.id)
                 or (s.ended = 'quarantined') <> (a.state = 'quarantined') or a.content <> s.content)",
    ),
];

/// Each must find nothing once everything that waited is done.
const NEVER_AT_REST: [(&str, &str); 7] = [
    ("an arrival rests in the spool", "select count(*) from spool"),
    ("a changed fact was not decided", "select count(*) from regrade"),
    (
        "a lead is open of somebody who must not be contacted",
        "select count(distinct l.id) from lead l join person_identity i on i.person_id = l.person_id and i.void_at is null
           cross join suppression_key k join suppression s on s.hash = any(identity_hashes(k.inner_pad, k.outer_pad, i.kind, i.value))
             and (s.client_id is null or s.client_id = i.client_id)
           where l.stage in ('lead', 'contact', 'opportunity')",
    ),
    ("a promise is overdue", "select count(*) from promise where state = 'scheduled' and due_at <= $1::timestamptz"),
    (
        "an open lead was not decided by the active criteria",
        "select count(*) from lead l join program g on g.id = l.program_id
           where l.stage in ('lead', 'contact', 'opportunity') and l.criteria_id is distinct from g.criteria_id",
    ),
    (
        // What could be delivered to nobody waits for a person.
        "a delivery is not over that waits for nobody to say whose it is, or to add somebody who can be given it",
        "select count(*) from delivery w where w.state in ('pending', 'held', 'leased') and w.same_as is null
           and not (w.endpoint_id is null and w.state = 'held' and exists (
             select from delivery d where d.maturation_id = w.maturation_id and d.event = 'lead.matured' and d.state = 'dead'))",
    ),
    (
        "a place in the day is taken by what could not be delivered",
        "select count(*) from (select g.recipient_id, sum(g.leads) as taken from given g where g.recipient_id not in (select id from client)
                               group by g.recipient_id) g
           where g.taken > (select count(distinct d.maturation_id) from delivery d join endpoint e on e.id = d.endpoint_id
             where d.event = 'lead.matured' and coalesce(d.rep_id, e.rep_id, d.endpoint_id) = g.recipient_id
               and (d.state <> 'dead' or d.followed_up_at is null
                    or exists (select from outcome s where s.delivery_id = d.id)))",
    ),
];

impl World {
    /// What holds between any two operations.
    pub async fn check(&self) -> Outcome {
        refuse(NEVER.iter().map(|(what, _)| *what).zip(self.count(&NEVER).await))?;
        let doctor = self.qualifier.store.findings().await.unwrap();
        refuse(doctor.iter().map(|finding| (finding.invariant, finding.broken)))?;
        self.compare_arrivals().await?;
        self.compare_leads().await
    }

    /// What holds when nothing waits any more.
    pub async fn check_at_rest(&self) -> Outcome {
        self.check().await?;
        refuse(NEVER_AT_REST.iter().map(|(what, _)| *what).zip(self.count(&NEVER_AT_REST).await))?;
        if let Some(lost) = self.model.lost().first() {
            return Err(format!("{lost} was acknowledged and is lost"));
        }
        self.check_deliveries().await?;
        self.check_undelivered().await?;
        self.check_decisions().await
    }

    /// Whether nothing waits any more; dates far ahead are no waiting.
    pub async fn is_at_rest(&self) -> bool {
        self.count(&NEVER_AT_REST).await.iter().all(|count| *count == 0)
    }

    /// One number for each; `$1` is the present instant.
    async fn count(&self, asked: &[(&str, &str)]) -> Vec<i64> {
        let counts = asked.iter().map(|(_, sql)| format!("({sql})")).collect::<Vec<_>>().join(", ");
        let sql = format!("select array[{counts}] where $1::timestamptz is not null");
        let query = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(self.now().to_string());
        query.fetch_one(&self.pool).await.unwrap()
    }

    /// Every arrival ended exactly as the model says, and nothing else did.
    async fn compare_arrivals(&self) -> Outcome {
        let sql = "select s.id, case when a.corrects_ended then 'corrected' else s.ended end, case when a.id = s.id then a.amends end
                   from arrival_seen s
                   left join arrival a on a.id = s.arrival_id order by s.id";
        let rows: Vec<(Uuid, String, Option<Uuid>)> = sqlx::query_as(sql).fetch_all(&self.pool).await.unwrap();
        let found: BTreeMap<_, _> = rows.into_iter().map(|(id, ended, amends)| (id, (ended, amends))).collect();
        let expected = self.model.seen.iter().map(|(id, (_, end))| {
            let (word, amends) = match end {
                End::Lead { amends, .. } => ("lead", amends.map(ArrivalId::uuid)),
                End::Corrected { amends, .. } => ("corrected", Some(amends.uuid())),
                End::Same => ("same", None),
                End::Quarantined => ("quarantined", None),
            };
            (id.uuid(), (word.to_owned(), amends))
        });
        let expected: BTreeMap<_, _> = expected.collect();
        let ids: std::collections::BTreeSet<_> = expected.keys().chain(found.keys()).collect();
        match ids.into_iter().find(|id| expected.get(id) != found.get(id)) {
            None => Ok(()),
            Some(id) => Err(format!(
                "arrival {id} ended as {:?}, not {:?}; all: {found:?}, not {expected:?}",
                found.get(id),
                expected.get(id)
            )),
        }
    }

    /// Every person has exactly the leads that the model says, with their counts.
    async fn compare_leads(&self) -> Outcome {
        let sql = "select p.name, l.arrivals, l.enquiries,
                     (select count(*) from arrival a where a.lead_id = l.id and a.amends is null) from lead l
                   join person p on p.id = l.person_id order by p.name, l.created_at";
        let found: Vec<(String, i32, i32, i64)> = sqlx::query_as(sql).fetch_all(&self.pool).await.unwrap();
        let mut expected: Vec<&Lead> = self.model.leads.iter().collect();
        expected.sort_by_key(|lead| lead.person);
        let expected: Vec<_> = expected
            .iter()
            .map(|l| (super::posting::name_of(l.person), l.arrivals, l.enquiries, i64::from(l.arrivals)))
            .collect();
        if found != expected {
            return Err(format!("leads (person, arrivals, enquiries, rows) are {found:?}, not {expected:?}"));
        }
        let persons: i64 = sqlx::query_scalar("select count(*) from person").fetch_one(&self.pool).await.unwrap();
        let expected = expected.iter().map(|(name, ..)| name).collect::<std::collections::BTreeSet<_>>().len();
        refuse([("there are more or fewer persons than there should be", persons - i64::try_from(expected).unwrap())])
    }

    /// What is delivered was sent, and is kept as it was sent.
    async fn check_deliveries(&self) -> Outcome {
        let sql = "select d.id, d.state, b.body from delivery d left join delivery_body b on b.delivery_id = d.id";
        let rows: Vec<(Uuid, String, Option<Vec<u8>>)> = sqlx::query_as(sql).fetch_all(&self.pool).await.unwrap();
        for (id, state, body) in rows {
            let sent = self.model.sent.iter().find(|(sent, _)| sent.uuid() == id).map(|(_, body)| body);
            if state == "delivered" && sent.is_none() {
                return Err(format!("delivery {id} counts as delivered and was never sent"));
            }
            if sent.is_some() && sent != body.as_ref() {
                return Err(format!("delivery {id} is kept otherwise than it was sent"));
            }
        }
        Ok(())
    }

    /// Every decision replays to the same bytes; a lead matured where it became A, and nowhere else; a promise fired once,
    /// not before it was due.
    async fn check_decisions(&self) -> Outcome {
        let sql = "select x.id, x.lead_id, x.criteria_id,
                     exists (select from maturation m where m.decision_id = x.id)
                   from decision x order by x.lead_id, x.at";
        let rows: Vec<(Uuid, Uuid, Uuid, bool)> = sqlx::query_as(sql).fetch_all(&self.pool).await.unwrap();
        let (documents, receipts) = (self.documents().await, self.receipts().await?);
        let mut courses: BTreeMap<Uuid, (Course, usize)> = BTreeMap::new();
        let attempted = self.first_attempts().await;
        let mut fired = Vec::new();
        for (id, lead, criteria, matured) in rows {
            let kept = receipts.get(&id).ok_or_else(|| format!("decision {id} is not read"))?;
            let again =
                replay_decision(kept, &documents[&criteria]).map_err(|error| format!("decision {id}: {error}"))?;
            if again != *kept {
                return Err(format!("decision {id} replays to other bytes:\n{kept}\n{again}"));
            }
            let receipt: Receipt = serde_json::from_str(kept).unwrap();
            // What was said of it until then and since its last decision: a lead that came back and is A again went to its
            // client anew, whether or not it was decided in between.
            let said = self.model.given_back.get(&LeadId::from_uuid(lead)).map_or(&[][..], Vec::as_slice);
            let (course, heard) = courses.entry(lead).or_default();
            let until = said.partition_point(|one| one.at <= receipt.at);
            let became = course.decided(&said[*heard..until], receipt.grade, receipt.closed.is_none(), receipt.at);
            *heard = until;
            let Cause { arrivals, promise, regrade, .. } = &receipt.cause;
            if became && promise.is_some() && arrivals.is_empty() && !regrade {
                return Err(format!("decision {id}: time alone made an A"));
            }
            // Whoever had it all the time, while its grade fell and rose, is not given it a second time.
            let is_handed_over = attempted.get(&lead).is_some_and(|first| *first <= receipt.at);
            if became != matured && !(became && is_handed_over) {
                return Err(format!("decision {id}: matured is {matured}, became A is {became}"));
            }
            fired.extend(receipt.cause.promise.map(|generation| (lead, generation, receipt.at)));
        }
        self.check_fired(fired).await
    }

    /// When somebody first tried to hand over each lead.
    async fn first_attempts(&self) -> BTreeMap<Uuid, jiff::Timestamp> {
        let sql = "select d.lead_id, min(a.at)::text from delivery d join attempt a on a.delivery_id = d.id
                   where d.event = 'lead.matured' group by d.lead_id";
        let rows: Vec<(Uuid, String)> = sqlx::query_as(sql).fetch_all(&self.pool).await.unwrap();
        rows.into_iter().map(|(lead, at)| (lead, at.replacen(' ', "T", 1).parse().unwrap())).collect()
    }

    async fn receipts(&self) -> Result<BTreeMap<Uuid, String>, String> {
        let mut receipts = BTreeMap::new();
        for mut reader in self.qualifier.store.decisions_all(firm(), 1).await.unwrap() {
            while let Some(decisions) = reader.next_decisions(1_000).await.unwrap() {
                for decision in decisions {
                    let text = decision.receipt.open().map_err(|error| error.to_string())?;
                    receipts.insert(decision.id.uuid(), text);
                }
            }
        }
        Ok(receipts)
    }

    async fn check_fired(&self, mut fired: Vec<(Uuid, i64, jiff::Timestamp)>) -> Outcome {
        // Nobody is anywhere but where it is New York's or Los Angeles' time.
        let sql = "select due_at <= $3::timestamptz and state in ('kept', 'work', 'moved', 'dropped') and (kind <> 'requalify'
                     or exists (select from unnest(array['America/New_York', 'America/Los_Angeles']) zone
                                where ($3::timestamptz at time zone zone)::time between '09:00' and '20:00'
                                  and extract(dow from $3::timestamptz at time zone zone) <> 0))
                   from promise where lead_id = $1 and generation = $2";
        for (lead, generation, at) in &fired {
            let query = sqlx::query_scalar::<_, bool>(sql).bind(lead).bind(generation).bind(at.to_string());
            if query.fetch_optional(&self.pool).await.unwrap() != Some(true) {
                return Err(format!(
                    "promise {generation} of lead {lead} fired at {at}, too early, at night, or without an end"
                ));
            }
        }
        let count = fired.len();
        fired.sort_unstable();
        fired.dedup_by_key(|(lead, generation, _)| (*lead, *generation));
        if fired.len() == count { Ok(()) } else { Err("a promise fired twice".to_owned()) }
    }

    async fn documents(&self) -> BTreeMap<Uuid, Arc<Criteria>> {
        let sql = "select id, version, document from criteria";
        let rows: Vec<(Uuid, i32, String)> = sqlx::query_as(sql).fetch_all(&self.pool).await.unwrap();
        let load = |(id, version, document): (Uuid, i32, String)| {
            let criteria = Criteria::load(&document).unwrap().criteria;
            (id, Arc::new(criteria.with_version(u32::try_from(version).unwrap())))
        };
        rows.into_iter().map(load).collect()
    }
}

fn refuse<'w>(found: impl IntoIterator<Item = (&'w str, i64)>) -> Outcome {
    let broken: Vec<_> = found.into_iter().filter(|(_, count)| *count != 0).collect();
    if broken.is_empty() {
        return Ok(());
    }
    Err(broken.iter().map(|(what, count)| format!("{what} ({count} times)")).collect::<Vec<_>>().join("; "))
}
