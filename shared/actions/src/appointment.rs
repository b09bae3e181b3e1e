//! Appointments: what a rep has free, and times agreed between a lead's person and a rep.

use jiff::{SignedDuration, tz::TimeZone};
use ripen_domain::{
    actor::{Actor, Permission},
    appointment::{Appointment, AppointmentState, At, Diary, NotFree, Slot, Terms, in_words},
    id::{AppointmentId, LeadId, RepId},
    lead::Grade,
};
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    appointment::{
        book::Wish,
        change::{AppointmentChange, ChangedAppointment, Unbookable},
        list::{AppointmentFilter, AppointmentRecord},
    },
    lead::show::LeadRecord,
    team::rep::RepRecord,
};
use serde_json::{Value, json};

use crate::{
    Action, Actions, FieldErrors, Refusal, Work, client, lead, rep,
    work::{AuditChange, permit},
};

/// A refusal names so many slots that are free.
const OFFERED: usize = 3;
/// Longest note or reason, in bytes.
const LONGEST_NOTE: usize = 2_000;
/// Longest hold, in minutes: a day.
const LONGEST_HOLD: u16 = 1_440;

/// The slot that is wanted for a lead.
#[derive(Debug, Clone)]
pub struct SlotWish {
    /// Whose person.
    pub lead: LeadId,
    /// With whom: name, e-mail address or id.
    pub rep: String,
    /// When, by the rep's clock where no offset is named.
    pub at: At,
}

/// What a wish comes to.
struct Meant {
    lead: LeadRecord,
    rep: RepId,
    slot: Slot,
    diary: Diary,
}

impl SlotWish {
    /// What is meant; none where something is wrong with it.
    async fn read(&self, work: &mut Work<'_>, errors: &mut FieldErrors) -> Result<Option<Meant>, Refusal> {
        let lead = lead::load(work, self.lead).await?;
        // In the same transaction as the change: the client must be the lead's own when the slot is taken.
        let client = client::load(work, &lead.client.slug).await?;
        let reps = work.tx.reps(work.actor.scope(), client.id).await?;
        // The mistake is noted, and the others are looked for as well.
        let Some(rep) = rep::find(&reps, &client, &self.rep, errors) else { return Ok(None) };
        let diary = diary(work, rep).await?;
        let slot = slot(self.at, &diary, work, errors);
        Ok(slot.map(|slot| Meant { lead, rep, slot, diary }))
    }
}

impl Meant {
    fn wish(&self, note: Option<String>) -> Wish {
        Wish { lead: self.lead.id, rep: self.rep, slot: self.slot, note }
    }
}

/// Keeps a slot free for a lead. What the lead held before is let go.
#[derive(Debug, Clone)]
pub struct HoldSlot {
    /// What is wanted.
    pub wish: SlotWish,
    /// For so many minutes; as it is configured where missing.
    pub minutes: Option<u16>,
}

impl Action for HoldSlot {
    type Done = AppointmentRecord;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<AppointmentRecord, Refusal> {
        let mut errors = FieldErrors::default();
        // Everything is checked before anything is written: whoever asked mends all of it at once.
        let sound = self.minutes.is_none_or(|minutes| (1..=LONGEST_HOLD).contains(&minutes));
        errors.require(sound, "minutes", "out_of_range", || format!("hold it for 1 to {LONGEST_HOLD} minutes"));
        let meant = self.wish.read(work, &mut errors).await?;
        errors.finish()?;
        let meant = meant.ok_or_else(|| Refusal::missing("lead", self.wish.lead))?;
        let length = self.minutes.map_or(work.actions.hold, |minutes| SignedDuration::from_mins(i64::from(minutes)));
        let until = work.now.saturating_add(length).unwrap_or(work.now);
        let (scope, change) = (work.actor.scope(), change(work));
        // What is free was read without a lock; under the locks in there it is read again.
        let held = work.tx.appointment_hold(scope, meant.wish(None), until, change).await;
        let held = held.map_err(|why| refusal(why, work, &meant.diary))?;
        changed(work, "appointment.hold", &held).await
    }
}

/// Books a slot that is free or held for this lead.
#[derive(Debug, Clone)]
pub struct BookAppointment {
    /// What is wanted.
    pub wish: SlotWish,
    /// What was agreed beside the time.
    pub note: Option<String>,
}

/// An appointment just made.
#[derive(Debug, Clone)]
pub struct BookedAppointment {
    /// The appointment.
    pub record: AppointmentRecord,
    /// The lead is an A: the rep has it, or will at once. Otherwise the rep hears of both when it is.
    pub is_with_rep: bool,
}

impl Action for BookAppointment {
    type Done = BookedAppointment;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<BookedAppointment, Refusal> {
        let mut errors = FieldErrors::default();
        let note = errors.words("note", self.note.as_deref(), LONGEST_NOTE);
        let meant = self.wish.read(work, &mut errors).await?;
        errors.finish()?;
        let meant = meant.ok_or_else(|| Refusal::missing("lead", self.wish.lead))?;
        let (scope, change) = (work.actor.scope(), change(work));
        let booked = work.tx.appointment_book(scope, meant.wish(note), change).await;
        // By the last decision: the rep of an A lead has it, or gets it with the next routing.
        let is_with_rep = meant.lead.decided.is_some_and(|last| last.grade == Grade::A);
        let record = match booked {
            Ok(booked) => changed(work, "appointment.book", &booked).await?,
            // Nothing changed, and so nothing is audited or told once more.
            Err(Unbookable::AsWished(id)) => read(work, id).await?,
            Err(why) => return Err(refusal(why, work, &meant.diary)),
        };
        Ok(BookedAppointment { record, is_with_rep })
    }
}

/// Moves an appointment to another slot of the same rep.
#[derive(Debug, Clone, Copy)]
pub struct MoveAppointment {
    /// The appointment.
    pub appointment: AppointmentId,
    /// When, by the rep's clock where no offset is named.
    pub at: At,
}

impl Action for MoveAppointment {
    type Done = AppointmentRecord;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<AppointmentRecord, Refusal> {
        let (id, scope) = (self.appointment, work.actor.scope());
        let found = read(work, id).await?;
        // Read without a lock, for the refusal's words; the move itself reads it again under its locks.
        let diary = diary(work, found.appointment.rep).await?;
        let mut errors = FieldErrors::default();
        let slot = slot(self.at, &diary, work, &mut errors);
        errors.finish()?;
        let slot = slot.ok_or_else(|| Refusal::missing("appointment", id))?;
        let change = change(work);
        let moved = work.tx.appointment_move(scope, id, slot, change).await;
        let moved = moved.map_err(|why| refusal(why, work, &diary))?;
        changed(work, "appointment.move", &moved).await
    }
}

/// Cancels an appointment, or lets go of what is held.
#[derive(Debug, Clone)]
pub struct CancelAppointment {
    /// The appointment.
    pub appointment: AppointmentId,
    /// Why, in words; the rep is told.
    pub why: String,
}

impl Action for CancelAppointment {
    type Done = AppointmentRecord;

    const PERMISSION: Permission = Permission::Work;

    async fn act(&self, work: &mut Work<'_>) -> Result<AppointmentRecord, Refusal> {
        let mut errors = FieldErrors::default();
        let why = errors.needed_words("why", &self.why, LONGEST_NOTE, "say it in words");
        errors.finish()?;
        let (scope, change) = (work.actor.scope(), change(work));
        let cancelled = work.tx.appointment_cancel(scope, self.appointment, &why, change).await;
        let cancelled = cancelled.map_err(|why| refuse(why, self.appointment))?;
        changed(work, "appointment.cancel", &cancelled).await
    }
}

fn change<'a>(work: &Work<'a>) -> AppointmentChange<'a> {
    AppointmentChange { actor: work.actor, terms: &work.actions.terms, now: work.now, fresh_id: uuid_v7 }
}

/// Audits what was changed and reads it as people see it.
async fn changed(
    work: &mut Work<'_>,
    action: &'static str,
    changed: &ChangedAppointment,
) -> Result<AppointmentRecord, Refusal> {
    let ChangedAppointment { client, before, after } = changed;
    let change = AuditChange { client: Some(*client), before: before.as_ref().map(shown), after: Some(shown(after)) };
    // Noted here and written with the commit: a change without its row would be a change that nobody made.
    work.changed(action, after.id, change);
    // As it is now, and not as it was asked for.
    read(work, after.id).await
}

async fn read(work: &mut Work<'_>, id: AppointmentId) -> Result<AppointmentRecord, Refusal> {
    let found = work.tx.appointment(work.actor.scope(), id).await?;
    found.ok_or_else(|| Refusal::missing("appointment", id))
}

/// What the audit keeps of an appointment: no words of anybody, which would have to be erased with the person.
fn shown(one: &Appointment) -> Value {
    let state = match one.state {
        AppointmentState::Held { .. } => "held",
        AppointmentState::Booked => "booked",
        AppointmentState::Cancelled { .. } => "cancelled",
    };
    let held_until = match one.state {
        AppointmentState::Held { until } => Some(until),
        _ => None,
    };
    json!({"lead": one.lead, "rep": one.rep, "state": state, "starts_at": one.slot.starts_at, "ends_at": one.slot.ends_at,
           "held_until": held_until, "sequence": one.sequence})
}

async fn diary(work: &mut Work<'_>, rep: RepId) -> Result<Diary, Refusal> {
    let found = work.tx.diary(work.actor.scope(), rep, work.now).await?;
    found.ok_or_else(|| Refusal::missing("rep", rep))
}

/// The slot that begins then by the rep's clock.
fn slot(at: At, diary: &Diary, work: &Work<'_>, errors: &mut FieldErrors) -> Option<Slot> {
    let starts_at = errors.take("at", at.instant(&diary.schedule.zone))?;
    let slot = Slot::new(starts_at, work.actions.terms.length);
    errors.require(slot.is_some(), "at", "out_of_range", || "that time is too far ahead".to_owned());
    slot
}

/// Why not, and where the time is at fault, what is free instead.
fn refusal(why: Unbookable, work: &Work<'_>, diary: &Diary) -> Refusal {
    let Unbookable::NotFree(not_free) = why else { return refuse(why, "of this id") };
    let terms = &work.actions.terms;
    // Said with the refusal, so that whoever asked can choose another without asking again.
    let free = diary.free(terms, work.now);
    let next: Vec<_> = free.iter().map(|slot| in_words(slot.starts_at, &diary.schedule.zone)).take(OFFERED).collect();
    let instead = if next.is_empty() {
        format!("no slot is free on the next {} days", terms.days)
    } else {
        format!("free are: {}", next.join("; "))
    };
    Refusal::field("at", code(not_free), format!("{not_free}; {instead}"))
}

fn refuse(why: Unbookable, appointment: impl ToString) -> Refusal {
    let said = why.to_string();
    match why {
        Unbookable::Store(error) => Refusal::Store(error),
        Unbookable::NoLead => Refusal::missing("lead", "of this id"),
        Unbookable::NoRep => Refusal::field("rep", "unknown", said),
        Unbookable::NoAppointment => Refusal::missing("appointment", appointment.to_string()),
        Unbookable::LeadEnded => Refusal::conflict("closed", said),
        Unbookable::DoNotContact => Refusal::conflict("do_not_contact", said),
        Unbookable::Another(_) | Unbookable::AsWished(_) => Refusal::conflict("has_another", said),
        Unbookable::NotFree(not_free) => Refusal::field("at", code(not_free), said),
        Unbookable::Refused(_) => Refusal::conflict("ended", said),
    }
}

const fn code(not_free: NotFree) -> &'static str {
    match not_free {
        NotFree::Past | NotFree::TooSoon(_) | NotFree::TooFar(_) => "out_of_range",
        NotFree::Away | NotFree::Holiday(_) | NotFree::Closed | NotFree::BetweenSlots => "not_offered",
        NotFree::Taken => "taken",
    }
}

/// Whose free slots are asked for.
#[derive(Debug, Clone)]
pub struct SlotQuery {
    /// For this lead.
    pub lead: LeadId,
    /// Of this rep: name, e-mail address or id; of every rep of the lead's client where missing.
    pub rep: Option<String>,
    /// On so many days, today included; as it is configured where missing.
    pub days: Option<u16>,
}

/// A slot that a rep has free.
#[derive(Debug, Clone)]
pub struct FreeSlot {
    /// Whose.
    pub rep: RepRecord,
    /// When.
    pub slot: Slot,
    /// Where the rep is.
    pub zone: TimeZone,
    /// Where the lead's person is.
    pub person_zone: TimeZone,
}

/// What reps have free for a lead. Nothing is locked: it may be taken the moment after.
///
/// # Errors
/// When there is no such lead or rep, or the actor works no leads.
pub async fn free(actions: &Actions, actor: &Actor, query: &SlotQuery) -> Result<Vec<FreeSlot>, Refusal> {
    permit(actor, Permission::Work)?;
    let (scope, now) = (actor.scope(), actions.clock.now());
    let lead = lead::find(actions, actor, query.lead).await?;
    let client = client::find(actions, actor, &lead.client.slug).await?;
    let reps = actions.store.reps(scope, client.id).await?;
    let mut errors = FieldErrors::default();
    let only = query.rep.as_ref().and_then(|text| rep::find(&reps, &client, text, &mut errors));
    errors.finish()?;
    // Nothing known of the person: the rep's own clock is shown, and UTC here stands for "not known".
    let person_zone = lead.places().into_iter().next().map_or(TimeZone::UTC, |place| place.zone);
    let terms = Terms { days: query.days.unwrap_or(actions.terms.days), ..actions.terms };
    let mut found = Vec::new();
    for rep in reps.into_iter().filter(|rep| only.is_none_or(|only| rep.id == only)) {
        // A rep who was removed since has nothing free.
        let Some(diary) = actions.store.diary(scope, rep.id, now).await? else { continue };
        let zone = &diary.schedule.zone;
        let free = diary.free(&terms, now).into_iter();
        found.extend(free.map(|slot| FreeSlot {
            rep: rep.clone(),
            slot,
            zone: zone.clone(),
            person_zone: person_zone.clone(),
        }));
    }
    Ok(found)
}

/// Which appointments are listed.
#[derive(Debug, Clone, Default)]
pub struct AppointmentQuery {
    /// Of one client: its slug.
    pub client: Option<String>,
    /// With one of that client's reps: name, e-mail address or id.
    pub rep: Option<String>,
    /// Of one lead, and then also those that are over; else those that are not.
    pub lead: Option<LeadId>,
}

/// Appointments in the order in which they begin.
///
/// # Errors
/// When there is no such client or rep.
pub async fn list(
    actions: &Actions,
    actor: &Actor,
    query: &AppointmentQuery,
) -> Result<Vec<AppointmentRecord>, Refusal> {
    permit(actor, Permission::Work)?;
    let mut filter = AppointmentFilter { lead: query.lead, ..AppointmentFilter::default() };
    // Of one lead its past is asked for as well, of all others only what is ahead.
    filter.from = query.lead.is_none().then(|| actions.clock.now());
    let scope = client::scope(actions, actor, query.client.as_deref()).await?;
    if let Some(text) = &query.rep {
        let Some(slug) = &query.client else {
            return Err(Refusal::field("client", "required", "name the rep's client"));
        };
        let client = client::find(actions, actor, slug).await?;
        let mut errors = FieldErrors::default();
        filter.rep = rep::find(&actions.store.reps(scope, client.id).await?, &client, text, &mut errors);
        errors.finish()?;
    }
    Ok(actions.store.appointments(scope, filter).await?)
}
