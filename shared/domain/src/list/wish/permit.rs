//! Fields that say whether somebody may be called, by the words of their names: a word of permission (`consent`, `opt in`, `erlaubt`)
//! beside one of calls (`phone`, `telefon`, `llamadas`) or of all contact. Any other word may make something else of it: `call_recording_consent`.

use super::field_name::{CALLS, FILLERS, LETTERS, MESSAGES, MOBILES, PHONES, PURPOSES};
use crate::{list::header::words, values::yes_no};

/// What a word of such a name is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PermitWord {
    Permission,
    /// `opt`, of `opt in`: to be reached, where nothing says by what.
    Opt,
    /// Calls, by their name.
    Call,
    Phone,
    /// On which messages come, too, or all contact.
    Contact,
    Message,
    Letter,
    Purpose,
    Filler,
}

/// The longest name that is looked at.
const LONGEST: usize = 80;
/// The shortest part of a word that is several: `telefonwerbung`, `maywecall`.
const SHORTEST_PART: usize = 2;
/// The most words that one is.
const MOST_PARTS: usize = 4;
const PERMISSIONS: &[&str] = &[
    "consent",
    "consents",
    "consented",
    "optin",
    "optedin",
    "allow",
    "allows",
    "allowed",
    "permission",
    "permit",
    "permits",
    "permitted",
    "authorize",
    "authorized",
    "authorization",
    "authorisation",
    "authorised",
    "agree",
    "agrees",
    "agreed",
    "agreement",
    "accept",
    "accepts",
    "may",
    "can",
    "ok",
    "okay",
    "einwilligung",
    "einwilligungen",
    "einverstanden",
    "einverstandnis",
    "einverstaendnis",
    "zustimmung",
    "erlaubt",
    "erlaubnis",
    "gestattet",
    "zulassig",
    "darf",
    "durfen",
    "duerfen",
    "erwunscht",
    "consentement",
    "accord",
    "autorise",
    "autorisation",
    "accepte",
    "acceptation",
    "permis",
    "acepta",
    "acepto",
    "aceptar",
    "aceptacion",
    "autoriza",
    "autorizo",
    "autorizacion",
    "consentimiento",
    "consiente",
    "permite",
    "permiso",
    "consenso",
    "accetta",
    "accetto",
    "autorizza",
    "autorizzazione",
    "consentimento",
    "aceita",
    "aceito",
    "autorizacao",
    "permissao",
    "toestemming",
    "akkoord",
    "mag",
];
const OPTS: &[&str] = &["opt", "opts", "opted"];
/// Words of calls beside those in which a wish not to be called is named.
const MORE_CALLS: &[&str] = &[
    "called",
    "tcpa",
    "anrufen",
    "angerufen",
    "werbeanruf",
    "werbeanrufe",
    "telefonisch",
    "telefonische",
    "telefonischer",
    "telefonischen",
    "llamar",
    "llamado",
    "telefonica",
    "telefonicas",
    "telefonico",
    "appeler",
    "appele",
    "appelee",
    "rappel",
    "telephonique",
    "telephoniques",
    "demarchage",
    "chiamata",
    "chiamate",
    "chiamare",
    "telefonata",
    "telefonate",
    "ligacao",
    "ligacoes",
    "ligar",
    "bellen",
    "gebeld",
];
const CONTACTS: &[&str] = &[
    "contact",
    "contacted",
    "contacting",
    "kontakt",
    "kontaktaufnahme",
    "kontaktieren",
    "kontaktiert",
    "contacto",
    "contactar",
    "contactado",
    "contacter",
    "contacte",
    "contactee",
    "recontacter",
    "recontacte",
    "contatto",
    "contattare",
    "contato",
    "contatar",
];
const MORE_PURPOSES: &[&str] = &["werbung", "werbe", "publicidad", "publicite", "pubblicita", "commercial", "robocall"];
/// Words that change nothing, beside those of the other names.
const MORE_FILLERS: &[&str] = &[
    "in", "we", "you", "your", "be", "that", "give", "given", "gives", "grant", "granted", "obtained", "received",
    "express", "explicit", "prior", "written", "pewc", "user", "box", "checkbox", "per", "zu", "zum", "zur", "fur",
    "von", "wir", "sie", "ich", "bin", "ist", "mit", "werden", "der", "die", "das", "erteilt", "el", "la", "los",
    "las", "por", "para", "ser", "se", "que", "al", "le", "les", "par", "pour", "l", "d", "j", "etre", "au", "de",
    "du", "del", "di", "da", "essere", "voor", "worden",
];
/// What else says no to such a question.
const REFUSALS: &[&str] = &[
    "denied",
    "declined",
    "refused",
    "rejected",
    "revoked",
    "withdrawn",
    "notgiven",
    "notgranted",
    "notallowed",
    "optedout",
    "optout",
    "unsubscribed",
    "abgelehnt",
    "verweigert",
    "widerrufen",
    "nichterteilt",
    "nichterlaubt",
    "refuse",
    "retire",
    "revoque",
    "denegado",
    "rechazado",
    "revocado",
    "negado",
    "rifiutato",
    "recusado",
];

/// Whether a value says that something is not permitted.
pub(super) fn is_refused(value: &str) -> bool {
    yes_no(value) == Some(false) || value.len() <= LONGEST && REFUSALS.contains(&words(value).concat().as_str())
}

/// Whether a field of this name says whether its person may be called, or be contacted at all.
pub(super) fn is_permit(name: &str) -> bool {
    if name.len() > LONGEST {
        return false;
    }
    let parted: Option<Vec<_>> = words(name).iter().map(|word| parted(word, MOST_PARTS)).collect();
    let Some(said) = parted.map(|words| words.concat()) else { return false };
    let has = |kinds: &[PermitWord]| kinds.iter().any(|kind| said.contains(kind));
    let is_of_less = has(&[PermitWord::Message, PermitWord::Letter, PermitWord::Purpose]);
    let is_of_calls = has(&[PermitWord::Call])
        || has(&[PermitWord::Phone]) && !has(&[PermitWord::Message])
        || has(&[PermitWord::Contact, PermitWord::Opt]) && !is_of_less;
    is_of_calls && has(&[PermitWord::Permission, PermitWord::Opt])
}

/// What a word is about, or the words that it is made of; none where it, or a part of it, is none of them.
fn parted(word: &str, most: usize) -> Option<Vec<PermitWord>> {
    if let Some(kind) = single(word) {
        return Some(vec![kind]);
    }
    let fewer = most.checked_sub(1).filter(|fewer| *fewer > 0)?;
    let mut halves = word.char_indices().map(|(at, _)| word.split_at(at));
    halves.find_map(|(one, rest)| {
        let kind = single(one).filter(|_| one.len() >= SHORTEST_PART && rest.len() >= SHORTEST_PART)?;
        Some([vec![kind], parted(rest, fewer)?].concat())
    })
}

fn single(word: &str) -> Option<PermitWord> {
    let kinds: [(&[&[&str]], PermitWord); 9] = [
        (&[PERMISSIONS], PermitWord::Permission),
        (&[OPTS], PermitWord::Opt),
        (&[CALLS, MORE_CALLS], PermitWord::Call),
        (&[PHONES], PermitWord::Phone),
        (&[CONTACTS, MOBILES], PermitWord::Contact),
        (&[MESSAGES], PermitWord::Message),
        (&[LETTERS], PermitWord::Letter),
        (&[PURPOSES, MORE_PURPOSES], PermitWord::Purpose),
        (&[FILLERS, MORE_FILLERS], PermitWord::Filler),
    ];
    let is_of = |lists: &[&[&str]]| lists.iter().any(|words| words.contains(&word));
    kinds.into_iter().find(|(lists, _)| is_of(lists)).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_permit_to_call_by_its_words() {
        for name in [
            "call_allowed",
            "callallowed",
            "may_we_call",
            "maywecontact",
            "ok_to_call",
            "consent_to_contact",
            "permissiontocall",
            "tcpa_consent",
            "TCPAConsent",
            "tcpaconsent",
            "TCPA opt-in",
            "phone_consent",
            "phoneConsent",
            "consent_phone",
            "phone_opt_in",
            "PhoneOptIn__c",
            "phoneoptin",
            "opt_in",
            "optIn",
            "opted_in",
            "call_consent",
            "call_opt_in",
            "mobile_consent",
            "consent_given_to_phone_calls",
            "prior_express_written_consent_call",
            "email_phone_consent",
            "Agrees to be called",
            "Einwilligung Telefon",
            "Einwilligung zur telefonischen Kontaktaufnahme",
            "Telefoneinwilligung",
            "Telefonwerbung erlaubt",
            "Anruf erlaubt",
            "Kontakt erlaubt",
            "consentement_telephone",
            "Accepte d\u{2019}\u{ea}tre appel\u{e9}",
            "acepta_llamadas",
            "Autoriza contacto telef\u{f3}nico",
            "consenso_telefono",
            "consentimento_ligacoes",
        ] {
            assert!(is_permit(name), "{name}");
        }
    }

    #[test]
    fn a_name_of_less_or_of_something_else_is_none() {
        for name in [
            "consent",
            "consent_given",
            "privacy_consent",
            "Einwilligung",
            "Datenschutz akzeptiert",
            "email_opt_in",
            "sms_consent",
            "mobile_sms_consent",
            "text_opt_in",
            "marketing_consent",
            "newsletter_opt_in",
            "Werbung erlaubt",
            "contact_by_email_allowed",
            "call_recording_consent",
            "agent_phone_consent",
            "phone",
            "call",
            "contact",
            "phone_verified",
            "candid",
            "options",
            "",
        ] {
            assert!(!is_permit(name), "{name}");
        }
    }

    #[test]
    fn a_no_has_many_words() {
        for value in
            ["no", "Nein", "non", "false", "0", "denied", "Not given", "opted out", "widerrufen", "refus\u{e9}"]
        {
            assert!(is_refused(value), "{value}");
        }
        for value in ["", "yes", "after six", "given", "n/a", "pending", "2026-12-01"] {
            assert!(!is_refused(value), "{value}");
        }
    }
}
