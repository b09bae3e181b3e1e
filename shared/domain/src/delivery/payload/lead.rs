//! What is told of a lead: the whole of it where it is handed over, its name where something is said of it later.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{member::Member, payload};
use crate::{
    appointment::Handover,
    calling::CallWindow,
    criteria::Reason,
    flag::{Flag, FlagCode},
    id::{AppointmentId, ArrivalId, DeliveryId, LeadId},
    lead::{Channel, Grade, Stage, words},
    person::{OtherContacts, Profile},
};

words! {
    /// What is new of a lead that a client has.
    UpdateKind "kind of update" {
        /// They enquired again.
        Arrival = "arrival",
        /// What was told was put right: it is somebody else's than was told, two persons were told apart again, or the firm wrote down
        /// another number or address.
        Corrected = "corrected",
        /// The desk spoke with them.
        Conversation = "conversation",
        /// The desk noted something.
        Note = "note",
        /// A time was agreed with a rep.
        AppointmentBooked = "appointment_booked",
        /// Another time was agreed.
        AppointmentMoved = "appointment_moved",
        /// The time is off.
        AppointmentCancelled = "appointment_cancelled",
        /// It is no A any more, or an A again; `grade` says what it is.
        Grade = "grade",
        /// Somebody else of the client has it now, because it could not be delivered to who had it; `assigned_to` says who.
        Assigned = "assigned",
    }
}

words! {
    /// How a lead comes to the client's sales team.
    HandoverKind "kind of handover" {
        /// By this message alone.
        Message = "message",
        /// With a time that is agreed.
        Appointment = "appointment",
    }
}

payload! {
    /// `data` of `lead.matured`, `lead.updated` and `lead.offered`: everything about the lead; of an offer what it names.
    LeadData {
        /// The delivery that handed the lead over.
        delivery: DeliveryId,
        /// The grade of the decision that matured it.
        grade: Grade,
        /// Its points.
        score: i32,
        /// The criteria that decided.
        criteria: CriteriaName,
        /// The rules that counted.
        reasons: Vec<LeadReason>,
        /// Who it is. An offer says neither who nor how to reach them.
        lead: LeadContact,
        /// The newest answers by question.
        answers: Map<String, Value>,
        /// Notes, oldest first. An offer has none: contact data may stand in them.
        notes: Vec<LeadNote>,
        /// Where the lead came from.
        source: LeadSource,
        /// Arrivals on the lead.
        arrivals: i32,
        /// The first of them.
        first_arrived_at: Timestamp,
        /// How it comes to the client.
        handover: LeadHandover,
        /// The rep it is for.
        assigned_to: AssignedRep,
        /// When it became A.
        matured_at: Timestamp,
        /// Where those are who get it, by whose clock they read times: an IANA name. The person's own is in `lead` and `call`.
        time_zone: String,
        /// When the person may be called, as known when the body was frozen; not in offers.
        call: LeadCall,
        /// What is new; updates only.
        update: LeadUpdate,
        /// Before when it can be taken; offers only.
        offered_until: Timestamp,
        /// The rep it is offered to; offers only.
        offered_to: AssignedRep,
        /// Where a person can say what became of it.
        outcome_url: String,
        /// The rep's own page; mails only.
        open_leads_url: String,
    }
}

payload! {
    /// When the person may be called: the window that is open, or the next one.
    LeadCall {
        /// The clocks that may be the person's, by their IANA names; the first is the likeliest.
        zones: Vec<String>,
        /// From when; null where no hours are known.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
    }
}

impl From<CallWindow> for LeadCall {
    fn from(window: CallWindow) -> Self {
        let CallWindow { zones, from, until } = window;
        Self { zones: zones.into(), from: Member::or_null(from), until: Member::or_null(until), more: Map::new() }
    }
}

payload! {
    /// The lead and its person.
    LeadContact {
        /// The lead.
        id: LeadId,
        /// How far it has come.
        stage: Stage,
        /// Given name.
        first_name: String,
        /// Family name.
        last_name: String,
        /// Whole name, where the parts are not known.
        name: String,
        /// E-mail address.
        email: String,
        /// E.164 phone number.
        phone: String,
        /// The extension behind the phone number; where there is one.
        phone_extension: String,
        /// Further E.164 phone numbers that they gave, the newest first, `;ext=` before an extension; where there are any.
        other_phones: Vec<String>,
        /// Further e-mail addresses that they gave, the newest first; where there are any.
        other_emails: Vec<String>,
        /// What could not be understood of what they sent; where there is any.
        flags: Vec<LeadFlag>,
        /// Postal code as given.
        postal_code: String,
        /// ISO 3166 alpha-2.
        country: String,
        /// IANA time zone.
        time_zone: String,
        /// BCP 47 tag.
        locale: String,
    }
}

payload! {
    /// Something that could not be understood.
    LeadFlag {
        /// The field, or the id of the question.
        field: String,
        /// Why.
        code: FlagCode,
        /// The words.
        said: String,
        /// What may have been meant.
        meant: String,
    }
}

payload! {
    /// A lead by its name: what is told of a lead that was handed over before.
    LeadNamed {
        /// The lead.
        id: LeadId,
        /// The person's whole name.
        name: String,
    }
}

payload! {
    /// Name and version of criteria.
    CriteriaName {
        /// The program's name.
        name: String,
        /// The version.
        version: i32,
    }
}

payload! {
    /// A rule that counted.
    LeadReason {
        /// The rule's id.
        rule: String,
        /// The points it gave.
        points: i32,
        /// The manager's words.
        because: String,
    }
}

payload! {
    /// What somebody wrote down about the lead.
    LeadNote {
        /// RFC 3339 as PostgreSQL writes it, with an offset.
        at: String,
        /// Who wrote it.
        by: String,
        /// The words.
        text: String,
    }
}

payload! {
    /// Where a lead came from.
    LeadSource {
        /// The source's name.
        name: String,
        /// The lead's channel.
        channel: Channel,
    }
}

payload! {
    /// The rep a lead is for.
    AssignedRep {
        /// Name.
        name: String,
        /// E-mail address.
        email: String,
    }
}

payload! {
    /// How the lead comes to the client; all but `kind` only with an appointment.
    LeadHandover {
        /// A message, or an appointment too.
        kind: HandoverKind,
        /// The appointment.
        appointment: AppointmentId,
        /// Its first instant.
        starts_at: Timestamp,
        /// The first instant after it.
        ends_at: Timestamp,
        /// Where the rep is: an IANA name.
        time_zone: String,
        /// What was agreed beside the time.
        note: String,
        /// Counts its changes.
        sequence: i32,
    }
}

payload! {
    /// What is new of a lead that a client has.
    LeadUpdate {
        /// What kind of news.
        kind: UpdateKind,
        /// The arrival, where they enquired again.
        arrival: ArrivalId,
        /// Who spoke with them or wrote it down.
        by: String,
        /// The appointment that was made or changed.
        appointment: AppointmentId,
        /// Why it was cancelled.
        reason: String,
        /// Who has it now, where that is no rep: the client's fallback, by its name or else its address.
        with: String,
        /// What is otherwise than the client was told last; where there is any.
        changes: Vec<LeadChange>,
    }
}

payload! {
    /// One thing that changed.
    LeadChange {
        /// A field of the lead, or `answers.` and the id of a question.
        field: String,
        /// What it was.
        before: Value,
        /// What it is.
        after: Value,
    }
}

impl LeadContact {
    pub(in crate::delivery) fn new(
        id: LeadId,
        stage: Stage,
        (profile, others): (&Profile, &OtherContacts),
        flags: &[Flag],
    ) -> Self {
        let text = |text: &Option<String>| Member::or_null(text.clone());
        let some = |all: &[String]| Member::if_some(Some(all.to_vec()).filter(|all| !all.is_empty()));
        Self {
            id: id.into(),
            stage: stage.into(),
            first_name: text(&profile.first_name),
            last_name: text(&profile.last_name),
            name: text(&profile.name),
            email: text(&profile.email),
            phone: text(&profile.phone),
            // Left out where there is none: the bodies of most leads stay what they were.
            phone_extension: Member::if_some(profile.phone_extension.clone()),
            other_phones: some(&others.phones),
            other_emails: some(&others.emails),
            flags: Member::if_some(
                Some(flags.iter().map(LeadFlag::from).collect::<Vec<_>>()).filter(|all| !all.is_empty()),
            ),
            postal_code: text(&profile.postal_code),
            country: text(&profile.country),
            time_zone: text(&profile.time_zone),
            locale: text(&profile.locale),
            more: Map::new(),
        }
    }

    /// Takes out who it is and how to reach them.
    pub(in crate::delivery) fn anonymise(&mut self) {
        for told in [&mut self.first_name, &mut self.last_name, &mut self.name] {
            *told = Member::Null;
        }
        self.forget_ways();
    }

    /// Takes out how to reach them.
    pub(in crate::delivery) fn forget_ways(&mut self) {
        (self.email, self.phone, self.phone_extension) = (Member::Null, Member::Null, Member::Absent);
        (self.other_phones, self.other_emails) = (Member::Absent, Member::Absent);
        // Words that were not understood may hold a number or a name.
        self.flags = Member::Absent;
    }

    /// Keeps where they are, as far as it is a place and not something else that was typed there; or takes it out.
    pub(in crate::delivery) fn keep_place(&mut self, is_named: bool) {
        if !self.postal_code.get().is_some_and(|code| is_named && is_postal_code(code)) {
            self.postal_code = Member::Null;
        }
        if !is_named {
            (self.country, self.time_zone) = (Member::Null, Member::Null);
        }
    }
}

/// Whether it has the form of a postal code: senders post anything under that name, a phone number among it.
fn is_postal_code(text: &str) -> bool {
    // Nine digits are a ZIP+4; a number that can be called from abroad has more.
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_plain = |one: char| one.is_ascii_alphanumeric() || matches!(one, ' ' | '-');
    text.len() <= 10 && (1..=9).contains(&digits) && text.chars().all(is_plain)
}

impl From<&Flag> for LeadFlag {
    fn from(flag: &Flag) -> Self {
        Self {
            field: flag.field.clone().into(),
            code: flag.code.into(),
            said: Member::if_some(flag.said.clone()),
            meant: Member::if_some(flag.meant.clone()),
            more: Map::new(),
        }
    }
}

impl LeadHandover {
    /// By this message alone.
    pub(in crate::delivery) fn message() -> Self {
        Self { kind: HandoverKind::Message.into(), ..Self::default() }
    }
}

impl From<&Handover> for LeadHandover {
    fn from(agreed: &Handover) -> Self {
        Self {
            kind: HandoverKind::Appointment.into(),
            appointment: agreed.appointment.into(),
            starts_at: agreed.slot.starts_at.into(),
            ends_at: agreed.slot.ends_at.into(),
            time_zone: agreed.time_zone.clone().into(),
            // `null` and not left out: clients were sent it so from the first version on.
            note: Member::or_null(agreed.note.clone()),
            sequence: agreed.sequence.into(),
            more: Map::new(),
        }
    }
}

impl From<&Reason> for LeadReason {
    fn from(reason: &Reason) -> Self {
        Self {
            rule: reason.rule.to_string().into(),
            points: reason.points.into(),
            because: reason.because.to_string().into(),
            more: Map::new(),
        }
    }
}
