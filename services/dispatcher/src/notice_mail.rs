//! The mail of a notice that is about no appointment: what was written when it came to be owed, or is the same for all of its kind, with
//! what was looked up in the moment at which it goes out.

use jiff::Timestamp;
use ripen_domain::{
    calling::{CallTime, Hours, Whereabouts},
    contact_link::Way,
};
use ripen_outbound::{
    appointment_mail::AppointmentMail,
    lead_mail::{self, BriefLink, BriefMail, LeadMail},
    letterhead::Letterhead,
};
use ripen_store::{
    lead::untouched::UntouchedLead,
    notice::{owe::NoticeKind, send::DueNotice},
};

use crate::user_notice;

/// What a rep gets who asked for a new link.
const NEW_LINK: &str = "Your new link to your open leads";
const NEW_LINK_SAYS: &str =
    "The link you had is more than a month old. This one works for a month; please do not pass it on.";

/// What a notice's mail is written with that is not kept with the notice: a number is erased in one place, and so is an address changed.
pub(crate) struct NoticeSurroundings<'a> {
    /// Whom to call.
    pub(crate) phone: Option<&'a Way>,
    /// When they may be called, in a sentence.
    pub(crate) call: Option<String>,
    /// Where its reader goes on.
    pub(crate) url: Option<&'a str>,
    /// Whose mail it is.
    pub(crate) letterhead: Letterhead<'a>,
}

/// The mail; none where nobody wrote what it says.
pub(crate) fn written(notice: &DueNotice, around: NoticeSurroundings<'_>) -> Option<AppointmentMail> {
    let NoticeSurroundings { phone, call, url, letterhead } = around;
    let (title, mut sentences) = match (notice.kind, notice.data.title.as_deref()) {
        (NoticeKind::RepLink, _) => (NEW_LINK, vec![NEW_LINK_SAYS.to_owned()]),
        (NoticeKind::UserInvited | NoticeKind::UserReset, _) => user_notice::words(notice.kind, letterhead.firm),
        (_, title) => (title?, notice.data.sentences.clone()),
    };
    sentences.extend(call);
    let text = match notice.kind {
        NoticeKind::UserInvited | NoticeKind::UserReset => user_notice::BUTTON,
        _ if notice.data.rep.is_some() => "All your open leads",
        _ => "Say what became of it",
    };
    let link = url.map(|url| BriefLink { text, url });
    let mail = BriefMail { title, sentences: &sentences, reader: notice.to.name.as_deref(), phone, link };
    let LeadMail { subject, text, html, invitation: _ } = lead_mail::brief(&mail, &letterhead);
    Some(AppointmentMail { subject, text, html, invitation: None })
}

/// Whether a mail of this kind is there for its link alone.
pub(crate) const fn leads_on(kind: NoticeKind) -> bool {
    matches!(kind, NoticeKind::RepLink | NoticeKind::UserInvited | NoticeKind::UserReset)
}

/// How to call whoever nobody touched.
pub(crate) fn phone_of(lead: &UntouchedLead) -> Option<Way> {
    Some(Way::by_phone(lead.phone.as_deref()?, lead.phone_extension.as_deref()))
}

/// When the person may be called, by their clock.
pub(crate) fn call_of(hours: &Hours, lead: &UntouchedLead, now: Timestamp) -> Option<String> {
    let reader = ripen_domain::time::zone(&lead.clock)?;
    let whereabouts = Whereabouts {
        time_zone: lead.time_zone.as_deref(),
        country: Some(&lead.country),
        postal_code: lead.postal_code.as_deref(),
        phone: Some(lead.phone.as_deref()?),
        client_time_zone: &lead.clock,
    };
    let call = CallTime::of(&whereabouts.places(), hours, now, &reader)?;
    Some(format!("{}.", call.instruction()))
}
