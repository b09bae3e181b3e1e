//! The page of one lead: how it stands, what comes next, who it is and what was said of it, and a form for each thing that can be
//! said. A lead on offer has two forms, to take it or to pass.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use jiff::{Timestamp, tz::TimeZone};
use ripen_actions::FieldError;
use ripen_domain::{
    delivery::{ClientEvent, EventType, KnownLead, OutcomeKind},
    link::lifetime,
    outcome::{FixedReason, Outcome, OutcomeFields, reason_in_words},
    routing::OfferOver,
    time_in_words::day_in_words,
    touch::Disposition,
    values::Conventions,
};
use ripen_store::{
    appointment::list::AppointmentRecord,
    delivery::feed::{ContactEnd, EndedElsewhere, SentDelivery},
    outcome::list::OutcomeRecord,
};
use ripen_web::page::{Layout, Page};

use super::{
    frame::{Frame, PageLink},
    page,
    say::{SayForms, SayState, SayTerms},
    shown::{ContactWay, FactValue, ShownAppointment, ShownBy, ShownFact, ShownLead, ShownNote, ShownTime},
};

/// What is said above the lead.
pub enum LeadNotice {
    /// Nothing.
    None,
    /// It is recorded.
    Recorded,
    /// An offer was passed on.
    Passed,
    /// It is recorded otherwise than it was said.
    Adjusted(String),
    /// It is recorded once somebody says that it is meant.
    Asked(String),
    /// It was recorded before.
    Again,
    /// A call in vain is recorded.
    Tried,
    /// It was recorded a moment ago.
    TriedAgain,
    /// Somebody else said something meanwhile.
    Stale,
    /// It is outside the rules.
    Refused(String),
    /// Fields are wrong.
    Wrong(Vec<FieldError>),
}

/// A [`LeadNotice`] in words.
struct Notice {
    is_bad: bool,
    text: String,
}

#[derive(Template)]
#[template(path = "lead.html")]
struct LeadPage<'a> {
    frame: &'a Frame,
    lead: &'a ShownLead,
    /// Where it stands, behind the name.
    says: &'static str,
    /// Since when, where that counts.
    since: Option<ShownTime>,
    /// How it ended, where that was not said here; of one that was given back here, who calls now.
    ended: Option<String>,
    notice: Option<Notice>,
    forms: SayForms<'a>,
    /// The address of the list that the reader came from; empty where they came by another way.
    back: &'a str,
    /// It is recorded as it was typed once somebody says that it is meant: what is recorded then, in words. Empty where nothing is asked.
    asks: String,
    notes: &'a [ShownNote],
    answers: &'a [ShownFact],
    /// Where they came from.
    facts: Vec<ShownFact>,
    /// What was said, the newest first.
    history: Vec<SaidLine>,
}

impl LeadPage<'_> {
    /// Whether to call is what comes next.
    fn is_call_next(&self) -> bool {
        self.forms.state == SayState::Waiting && self.lead.appointment.is_none()
    }
}

/// Something that was said or tried.
struct SaidLine {
    what: String,
    at: ShownTime,
    by: String,
}

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage<'a> {
    frame: &'a Frame,
    lead: &'a ShownLead,
    facts: Vec<ShownFact>,
    notice: Option<Notice>,
    /// As of a lead.
    back: &'a str,
    /// How it ended; none while it can be taken.
    over: Option<EndedOffer>,
    /// The address of the lead's own page, where it was taken here; empty otherwise.
    taken_page: &'a str,
}

/// How an offer ended for whoever looks, in words.
struct EndedOffer {
    headline: &'static str,
    how: &'static str,
    /// When that was.
    at: Option<ShownTime>,
    /// What comes of it.
    then: &'static str,
    /// It is theirs who look, so that the page of the lead itself is where more is said.
    is_theirs: bool,
}

/// How a lead's page was opened.
pub struct OpenedBy {
    /// When its link was made.
    pub made: Timestamp,
    /// The address of the list that it was opened from; empty where it was opened from elsewhere.
    pub back: String,
}

/// A lead whose link was opened.
pub struct LinkedLead {
    /// The delivery that the link names.
    pub sent: SentDelivery,
    /// What is known of it now; none where it is not theirs who were sent it.
    pub known: Option<KnownLead>,
    /// How it was opened.
    pub by: OpenedBy,
    /// What is agreed with its person, the earliest first.
    pub appointments: Vec<AppointmentRecord>,
    /// Of an offer that was taken here, the address of the lead's own page; empty otherwise.
    pub taken_page: String,
}

impl LinkedLead {
    /// What is told of it: by what is known now, because a number from before a correction leads to a stranger; without a way to reach
    /// the person where whoever was sent it is not to call.
    fn told(&self) -> Option<ClientEvent> {
        let sent = ClientEvent::read(&self.sent.row.body)?;
        Some(match &self.known {
            Some(now) => sent.with_what_is_known(now),
            // More than the ways is withheld of what nobody may contact.
            None if self.sent.is_theirs() || self.sent.ended_for_reader().is_some() => sent,
            None => sent.without_ways(),
        })
    }
}

/// What a page of a lead is made of.
pub struct LeadReply<'a> {
    /// How it is answered.
    pub status: StatusCode,
    /// What is said above the lead.
    pub message: &'a LeadNotice,
    /// What stands in the forms already.
    pub typed: &'a OutcomeFields,
    /// By what the lead is shown.
    pub by: ShownBy<'a>,
}

/// The lead with its forms.
pub fn render(frame: &Frame, opened: &LinkedLead, answer: &LeadReply<'_>) -> Response {
    let LeadReply { status, message, typed, by } = *answer;
    let LinkedLead { sent, by: OpenedBy { made, back }, appointments, taken_page, .. } = opened;
    // An unreadable body still gives a page: the outcome of the lead can be recorded all the same.
    let event = opened.told();
    let is_offer = event.as_ref().is_some_and(|event| event.event.get() == Some(&EventType::LeadOffered));
    // Whether the person may still be contacted is of now too, and hides the ways.
    let ended = sent.ended_for_reader();
    let mut shown = ShownLead::read(event.as_ref(), ended, by);
    let own_name = sent.rep.as_ref().map(|rep| rep.name.as_str());
    // Who only has an offer is told nothing that was agreed with the person.
    let agreed = appointments.iter().filter(|_| !is_offer && sent.is_theirs());
    shown.appointment = agreed.filter_map(|one| ShownAppointment::of(one, own_name, by.now)).next();
    let written = Conventions::of(None, Some(&sent.client_country));
    let spoken = Spoken { now: by.now, clock: &shown.clock, written: &written };
    let notice = notice(message, sent.outcomes.last().map(|one| in_words(one, spoken)), is_offer);
    let facts = facts(sent, &shown, spoken);
    let reader = sent.rep.as_ref().map(|rep| format!("for {}", rep.name));
    let frame = &frame.clone().of_link(PageLink::of(own_name, lifetime::end(*made), &shown.clock));
    let header: Vec<&str> = [Some(sent.client_name.as_str()), reader.as_deref()].into_iter().flatten().collect();
    if is_offer {
        let over = ended_offer(sent, matches!(message, LeadNotice::Passed), spoken);
        // Only while it can be taken: bodies of older versions hold words that an offer no longer shows.
        let facts = if over.is_none() { offer_facts(&shown, facts) } else { facts };
        let content = OfferPage { frame, lead: &shown, facts, notice, back, over, taken_page };
        let page = page("A lead on offer", &header, Layout::Column, content);
        return Page { header_link: frame.header_link(), ..page }.response(status);
    }
    let newest = sent.outcomes.last();
    let elsewhere = sent.elsewhere.filter(|_| ended.is_none());
    let terms = SayTerms::of(&sent.amounts, by.country, &sent.return_reasons);
    let forms = SayForms {
        action: "",
        name: &shown.name,
        state: match elsewhere {
            Some(_) => SayState::EndedElsewhere,
            None => SayState::of(newest.map(|one| one.kind), ended),
        },
        is_sold: sent.is_sold,
        // A form sent back with an older number is refused as stale, so that two people with the same link do not
        // overwrite each other unseen.
        seen: newest.map_or(0, |newest| newest.number),
        terms: &terms,
        typed,
        sent: typed.outcome.as_deref().filter(|_| !matches!(message, LeadNotice::None)),
        figure: figure(typed, &written),
        errors: if let LeadNotice::Wrong(errors) = message { errors } else { &[] },
    };
    let is_waiting = forms.state == SayState::Waiting;
    let content = LeadPage {
        frame,
        // They wait for the agreed time then, and not for a call; when it is stands below.
        says: match (shown.appointment.as_ref(), elsewhere) {
            (_, Some(EndedElsewhere::Won(_))) => ": won",
            (_, Some(EndedElsewhere::Lost)) => ": lost",
            (_, Some(EndedElsewhere::Closed)) => ": closed",
            (_, Some(EndedElsewhere::GivenBack)) => ": given back",
            (Some(_), None) if is_waiting => ": appointment agreed",
            _ => headline(newest.map(|one| one.kind), ended),
        },
        since: (is_waiting && shown.appointment.is_none()).then(|| spoken.near(sent.row.sent_at)),
        ended: ended_in_words(sent, spoken),
        notice,
        back,
        forms,
        asks: if matches!(message, LeadNotice::Asked(_)) { meant(typed, &written) } else { String::new() },
        notes: &shown.notes,
        answers: &shown.answers,
        facts,
        history: history(sent, spoken),
        lead: &shown,
    };
    let page = page(&shown.name, &header, Layout::Column, content);
    Page { header_link: frame.header_link(), ..page }.response(status)
}

/// When and by whose clock something is said, and how numbers are written there.
#[derive(Clone, Copy)]
struct Spoken<'a> {
    now: Timestamp,
    clock: &'a TimeZone,
    written: &'a Conventions,
}

impl Spoken<'_> {
    fn near(self, at: Timestamp) -> ShownTime {
        ShownTime::near(at, self.now, self.clock)
    }

    /// `Friday, 20 November`.
    fn day(self, at: Timestamp) -> String {
        let date = |at: Timestamp| self.clock.to_datetime(at).date();
        day_in_words(date(at), date(self.now))
    }
}

fn notice(message: &LeadNotice, newest: Option<String>, is_offer: bool) -> Option<Notice> {
    let newest = newest.unwrap_or_else(|| "nothing".to_owned());
    let (is_bad, text) = match message {
        LeadNotice::None => return None,
        // Before the general arms: an offer's page never shows what was said, only that it counted.
        LeadNotice::Recorded | LeadNotice::Again if is_offer => {
            (false, "Recorded. If you took it, everything about it is on its way to you.".to_owned())
        }
        LeadNotice::Passed => (false, "Recorded: you passed. Thank you.".to_owned()),
        LeadNotice::Recorded => (false, format!("Recorded: {newest}. Thank you.")),
        LeadNotice::Adjusted(how) => (false, format!("Recorded: {newest}. {how} Thank you.")),
        LeadNotice::Asked(asked) => (true, format!("Not recorded yet. {asked} Is that what you mean?")),
        LeadNotice::Again => (false, format!("That was recorded before and counts once. Said last: {newest}.")),
        LeadNotice::Tried => (false, "Recorded: tried, no answer. Thank you.".to_owned()),
        LeadNotice::TriedAgain => (false, "That call is recorded; a second tap counts once.".to_owned()),
        LeadNotice::Stale => {
            (true, format!("Not recorded: something else was said meanwhile ({newest}). Look, and say it again."))
        }
        LeadNotice::Refused(why) => (true, format!("Not recorded. {why}")),
        LeadNotice::Wrong(wrong) => {
            // Each stands at its field too; here for who reads from the top.
            let all: Vec<_> = wrong.iter().map(|one| one.message.as_str()).collect();
            (true, format!("Not recorded. {}", all.join(" ")))
        }
    };
    Some(Notice { is_bad, text })
}

/// What was typed as it is recorded: by one figure more or less a sale is another one.
fn meant(typed: &OutcomeFields, written: &Conventions) -> String {
    let kind = typed.outcome.as_deref().and_then(|word| word.parse().ok());
    match (kind, figure(typed, written)) {
        (Some(OutcomeKind::Won), figure) if !figure.is_empty() => format!("won, {figure}"),
        (Some(OutcomeKind::Won), _) => "won, amount not known".to_owned(),
        (Some(OutcomeKind::Lost), _) => "lost".to_owned(),
        (Some(OutcomeKind::Accepted), _) => "still open".to_owned(),
        (Some(OutcomeKind::Returned | OutcomeKind::NotYet) | None, _) => "as it stands here".to_owned(),
    }
}

/// The amount that was typed, as people of the client write it; empty where none can be read.
fn figure(typed: &OutcomeFields, written: &Conventions) -> String {
    let of_sale = OutcomeFields {
        outcome: Some(OutcomeKind::Won.word().to_owned()),
        amount: typed.amount.clone(),
        currency: typed.currency.clone(),
        ..OutcomeFields::default()
    };
    match of_sale.read(written) {
        Ok(Outcome::Won { sale: Some(sale), .. }) => sale.in_words(written),
        _ => String::new(),
    }
}

/// Where the lead stands, behind the name of its person.
const fn headline(newest: Option<OutcomeKind>, ended: Option<ContactEnd>) -> &'static str {
    match (ended, newest) {
        (Some(ContactEnd::DoNotContact), _) => ": not to be contacted",
        (Some(ContactEnd::Recalled), _) => ": taken back",
        (Some(ContactEnd::Withdrawn), _) => ": withdrawn",
        (Some(ContactEnd::GivenOn), _) => ": with somebody else",
        (None, None) => " has waited for your call since",
        (None, Some(OutcomeKind::Accepted)) => ": accepted, won or lost?",
        (None, Some(OutcomeKind::Won)) => ": won",
        (None, Some(OutcomeKind::Lost)) => ": lost",
        (None, Some(OutcomeKind::Returned)) => ": given back",
        (None, Some(OutcomeKind::NotYet)) => ": not yet",
    }
}

/// How a lead ended of which nothing was said here.
fn elsewhere_in_words(end: EndedElsewhere, spoken: Spoken<'_>) -> String {
    match end {
        EndedElsewhere::Won(Some(sale)) => {
            format!("Your team, or one of its programs, said that it is won: {}.", sale.in_words(spoken.written))
        }
        EndedElsewhere::Won(None) => "Your team, or one of its programs, said that it is won.".to_owned(),
        EndedElsewhere::Lost => "Your team, or one of its programs, said that it is lost.".to_owned(),
        EndedElsewhere::Closed => "The lead was closed: please do not call any more.".to_owned(),
        EndedElsewhere::GivenBack => {
            "Your team, or one of its programs, gave it back: please do not call any more.".to_owned()
        }
    }
}

/// How a lead ended, where its name does not say it, and that nobody here is to call.
fn ended_in_words(sent: &SentDelivery, spoken: Spoken<'_>) -> Option<String> {
    // Why the person may not be contacted is said in the place of the number.
    if sent.ended_for_reader().is_some() {
        return None;
    }
    match (sent.elsewhere, sent.row.newest) {
        (Some(end), _) => Some(elsewhere_in_words(end, spoken)),
        (None, Some(OutcomeKind::Returned)) => Some("It was given back: please do not call any more.".to_owned()),
        (None, Some(OutcomeKind::NotYet)) => {
            Some("They are called again when it is time: please do not call meanwhile.".to_owned())
        }
        (None, None | Some(OutcomeKind::Accepted | OutcomeKind::Won | OutcomeKind::Lost)) => None,
    }
}

fn facts(sent: &SentDelivery, lead: &ShownLead, spoken: Spoken<'_>) -> Vec<ShownFact> {
    let all = [("Place", &lead.place), ("Came from", &lead.source)];
    let known = all.into_iter().filter(|(_, value)| !value.is_empty());
    let sent = ShownFact { label: "Sent".into(), value: FactValue::At(spoken.near(sent.row.sent_at)) };
    known.map(|(label, value)| ShownFact::text(label, value.clone())).chain([sent]).collect()
}

/// With how it came and what was answered, as far as the offer names it.
fn offer_facts(lead: &ShownLead, facts: Vec<ShownFact>) -> Vec<ShownFact> {
    let channel = Some(&lead.channel).filter(|channel| !channel.is_empty());
    let channel = channel.map(|channel| ShownFact::text("Channel", channel.clone()));
    let answers = lead.answers.iter().filter_map(|fact| match &fact.value {
        FactValue::Text(text) => Some(ShownFact::text(fact.label.clone(), text.clone())),
        FactValue::At(_) => None,
    });
    facts.into_iter().chain(channel).chain(answers).collect()
}

/// How an offer ended for whoever looks, who may have passed just now; by whom it was taken is not said.
fn ended_offer(sent: &SentDelivery, has_passed: bool, spoken: Spoken<'_>) -> Option<EndedOffer> {
    const OVER: &str = "This offer is over";
    let offer = sent.offer.as_ref()?;
    let at = |at: Timestamp| Some(spoken.near(at));
    let ended = |how, at| EndedOffer { headline: OVER, how, at, then: "", is_theirs: false };
    Some(match offer.offer.over(offer.to, spoken.now) {
        // What was taken is on its way no more; why stands below.
        Some(OfferOver::Won(when)) if sent.row.ended.is_some() => {
            ended("You took this lead, and it is not yours any more", at(when))
        }
        Some(OfferOver::Won(when)) => EndedOffer {
            headline: "You took this lead",
            how: "It is yours",
            at: at(when),
            then: "Everything about it is on its way to you.",
            is_theirs: true,
        },
        Some(OfferOver::Taken(when)) => ended("Somebody else took the lead", at(when)),
        Some(OfferOver::TimeOver(when)) => ended("The time to take it ended", at(when)),
        Some(OfferOver::NotYours) if has_passed => ended("You passed: others are asked", None),
        Some(OfferOver::NotYours) => ended("You passed, or its time was over: others are asked", None),
        None if sent.row.ended.is_some() || !offer.waits => ended("The lead is not on offer any more", None),
        None => return None,
    })
}

/// What was said and tried, the newest first.
fn history(sent: &SentDelivery, spoken: Spoken<'_>) -> Vec<SaidLine> {
    let line = |at: Timestamp, what: String, by: &str| {
        let line = SaidLine { what, at: spoken.near(at), by: by.to_owned() };
        (at, line)
    };
    let said = |one: &OutcomeRecord| line(one.at, in_words(one, spoken), &one.by);
    let judged = |one: &OutcomeRecord| {
        let verdict = one.verdict.as_ref()?;
        Some(line(verdict.at, format!("return {}: {}", verdict.verdict, verdict.why), &verdict.by))
    };
    // What acts was said with its outcome, which stands there already.
    let vain = sent.tries.iter().filter(|one| one.disposition == Disposition::NoAnswer);
    let tried = vain.map(|one| line(one.at, "tried, no answer".to_owned(), &one.by));
    let mut all: Vec<_> = sent.outcomes.iter().map(said).chain(sent.outcomes.iter().filter_map(judged)).collect();
    all.extend(tried);
    // By time, and as they were said within an instant.
    all.sort_by_key(|(at, _)| *at);
    all.into_iter().rev().map(|(_, line)| line).collect()
}

fn in_words(said: &OutcomeRecord, spoken: Spoken<'_>) -> String {
    let what = match said.kind {
        OutcomeKind::Accepted => "accepted",
        OutcomeKind::Returned => "returned",
        OutcomeKind::NotYet => "not yet",
        OutcomeKind::Won => "won",
        OutcomeKind::Lost => "lost",
    };
    let is = said.terms.meaning.map(|meaning| format!(" ({})", meaning.noun())).unwrap_or_default();
    let sale = said.sale.map(|sale| format!(", {}{is}", sale.in_words(spoken.written))).unwrap_or_default();
    // Only where it was another day than the one on which it was said.
    let on = if said.happened_at == said.at { String::new() } else { format!(" on {}", spoken.day(said.happened_at)) };
    let date = said.not_before.map(|at| format!(" before {}", spoken.day(at))).unwrap_or_default();
    let reason = said.reason.as_deref().map(|reason| format!(" ({})", reason_in_words(reason))).unwrap_or_default();
    format!("{what}{sale}{on}{date}{reason}")
}
