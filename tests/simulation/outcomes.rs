//! What the client says became of leads that it got, and the programs that it changes between.

use jiff::SignedDuration;
use ripen_domain::{
    actor::Actor,
    calling::Hours,
    id::{CriteriaId, DeliveryId, LeadId, ProgramId},
    outcome::{FollowUp, How, Outcome as ClientOutcome, Sale},
    promise::When,
    said_by::SaidBy,
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    criteria::activate::Activation,
    outcome::record_outcome::{NewOutcome, Recorded},
};
use uuid::Uuid;

use super::{
    documents::document,
    model::GivenBack,
    operation::Said,
    posting::name_of,
    world::{Outcome, World, firm},
};

/// What the person's lead was handed over by last.
const LAST: &str =
    "select d.id from delivery d join delivery_body b on b.delivery_id = d.id join lead l on l.id = d.lead_id
    join person p on p.id = l.person_id
    where p.name = $1 and d.event = 'lead.matured' order by d.id desc limit 1";

/// The places of the person's open leads among all of theirs, in the order they were made.
const OPEN: &str = "select place from (
    select row_number() over (order by l.created_at, l.id) as place, l.stage in ('lead', 'contact', 'opportunity') as open
    from lead l join person p on p.id = l.person_id where p.name = $1) l where open";

impl World {
    /// The client says what became of the lead of this person that it got last.
    pub async fn say(&mut self, person: u8, what: Said) -> Outcome {
        let last = sqlx::query_scalar::<_, Uuid>(LAST).bind(name_of(person));
        let Some(delivery) = last.fetch_optional(&self.pool).await.unwrap() else { return Ok(()) };
        let reason = || "so it is".to_owned();
        let outcome = match what {
            Said::Accepted => ClientOutcome::Accepted { reason: None },
            Said::Returned => ClientOutcome::Returned { reason: reason() },
            Said::NotYet(days) => ClientOutcome::NotYet { when: When::Ahead(i64::from(days)), reason: None },
            Said::Won => ClientOutcome::Won {
                sale: Some(Sale { amount: 9_000.into(), currency: "USD".parse().unwrap() }),
                reason: None,
                happened: None,
            },
            Said::Lost => ClientOutcome::Lost { reason: Some(reason()), happened: None },
        };
        let delivery = DeliveryId::from_uuid(delivery);
        let actor = Actor::operator("Kim");
        // Confirmed: so that sales are taken back too.
        let new = NewOutcome {
            delivery,
            outcome: &outcome,
            how: How::Api,
            by: SaidBy::Actor(&actor),
            actor: &actor,
            fresh_id: uuid_v7,
            confirmed: true,
            seen: None,
            answered_at: None,
        };
        let mut tx = self.qualifier.store.begin().await.map_err(|error| error.to_string())?;
        let done = tx.outcome_record(firm(), &new, &Hours::default(), self.now()).await;
        tx.commit().await.map_err(|error| error.to_string())?;
        if !matches!(done, Ok(Recorded::Done(_) | Recorded::Again | Recorded::Refused(_))) {
            return Err(format!("an outcome came to {done:?}"));
        }
        if let Ok(Recorded::Done(change)) = &done
            && let Some(is_back) = change.follows.given_back
        {
            let at = self.now();
            self.model.note_given_back(change.lead, GivenBack { at, is_back });
        }
        if let (Ok(Recorded::Done(change)), Said::NotYet(days)) = (&done, what)
            && change.follows.next == FollowUp::OnDate
        {
            self.waits_for_its_date(change.lead, days).await?;
        }
        self.know_open(person).await;
        Ok(())
    }

    /// Who is not ready yet is called on the day that was named, or on the first after it on which people are called.
    async fn waits_for_its_date(&self, lead: LeadId, days: u16) -> Outcome {
        let sql = "select count(*) from promise
                   where lead_id = $1 and state = 'scheduled' and due_at between $2::timestamptz + make_interval(days => $3 - 1)
                     and $2::timestamptz + make_interval(days => $3 + 4)";
        let query = sqlx::query_scalar::<_, i64>(sql).bind(lead.uuid()).bind(self.now().to_string());
        match query.bind(i32::from(days)).fetch_one(&self.pool).await.unwrap() {
            0 => Err(format!("{lead} is not ready for {days} days, and has no step for then")),
            _ => Ok(()),
        }
    }

    /// An outcome closes leads, and opens them again: the model is told which is open.
    async fn know_open(&mut self, person: u8) {
        let open = sqlx::query_scalar::<_, i64>(OPEN).bind(name_of(person));
        let open = open.fetch_all(&self.pool).await.unwrap().last().copied();
        let theirs: Vec<_> = (0..self.model.leads.len()).filter(|at| self.model.leads[*at].person == person).collect();
        match open.and_then(|place| theirs.get(usize::try_from(place - 1).unwrap())) {
            Some(at) => self.model.open.insert(person, *at),
            None => self.model.open.remove(&person),
        };
    }

    /// The client's leads are graded by the other program's criteria from now on, or by the first one's.
    pub async fn use_program(&self, other: bool) {
        let mut tx = self.qualifier.store.begin().await.unwrap();
        let now = self.now();
        if other {
            let id = Uuid::from_u128(0x200);
            let document = document(0).replacen("name = \"simulation\"", "name = \"other\"", 1);
            let new = Activation {
                program: "other",
                document: &document,
                version_id: CriteriaId::from_uuid(id),
                program_id: ProgramId::from_uuid(id),
                by: &Actor::operator("the simulation"),
                backtest: None,
                spread: SignedDuration::ZERO,
            };
            tx.criteria_activate(&new, now).await.unwrap();
        }
        let wanted = if other { "other" } else { "simulation" };
        let programs = tx.program_names().await.unwrap();
        // Before any criteria the first program is the firm's default under another name.
        let found = programs.iter().find(|program| program.name == wanted);
        if let Some(program) = found.or_else(|| programs.iter().find(|program| program.name != "other")) {
            tx.leads_set_program(firm(), (self.client(), program.id), now).await.unwrap();
            tx.client_set_program(firm(), self.client(), program.id).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}
