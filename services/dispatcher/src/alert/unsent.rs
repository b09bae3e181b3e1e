//! Mails to people that could not be sent: shown to whoever looks after the installation, and told to another address of the firm's.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ripen_domain::id::NoticeId;
use ripen_runtime::random::uuid_v7;
use ripen_store::{
    StoreError,
    notice::{
        dead::{DeadNotices, UnsentNotice},
        owe::{MailRecipient, NoticeData, NoticeKind, OnceNotice},
    },
};

use crate::{context::DispatcherContext, letterhead};

/// What is older was looked at, or is nobody's business any more.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So many are told of by one look.
const BATCH: i64 = 100;

/// Shows what could not be mailed, and tells of each once.
///
/// # Errors
/// When the database is away: it is shown and told by the next look.
pub async fn tick(ctx: &DispatcherContext, now: Timestamp) -> Result<(), StoreError> {
    let since = now.checked_sub(LOOKED_BACK).unwrap_or(Timestamp::MIN);
    ctx.health.note("mails to people", in_words(&ctx.store.notices_dead(ctx.scope(), since).await?));
    let firm = [ctx.settings.mail.alerts.as_str(), letterhead::reply_to(ctx).unwrap_or_default()];
    let unsent = ctx.store.notices_unsent(ctx.scope(), since, BATCH).await?;
    let notices: Vec<_> = unsent.iter().filter_map(|one| of_unsent(firm, one, now)).collect();
    ctx.store.notices_once(&notices, now).await.map(drop)
}

/// By kind: addresses are shown to who may see them, by the command.
fn in_words(dead: &[DeadNotices]) -> Option<String> {
    let mut kinds: BTreeMap<&str, i64> = BTreeMap::new();
    for one in dead {
        *kinds.entry(one.kind.as_str()).or_default() += one.count;
    }
    let all: Vec<_> = kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let words = || format!("could not be sent in the last 7 days: {}; `ripen doctor` says to whom", all.join(", "));
    (!all.is_empty()).then(words)
}

/// To the firm's address that is not the one that failed; none where there is none.
pub(super) fn of_unsent(firm: [&str; 2], one: &UnsentNotice, now: Timestamp) -> Option<OnceNotice> {
    let failed = |address: &&str| !address.is_empty() && !address.eq_ignore_ascii_case(&one.address);
    let address = firm.into_iter().find(failed)?.to_owned();
    let what = one.data.title.clone().unwrap_or_else(|| said_by_kind(&one.kind));
    let mut sentences =
        vec![format!("A mail to {} could not be sent: {}.", one.address, one.reason.trim_end_matches('.'))];
    sentences.push(format!("It was to say: {what}"));
    sentences.extend(one.data.sentences.iter().cloned());
    sentences.push("Please see to that address. `ripen doctor` lists all of them.".to_owned());
    let title = match &one.client {
        Some(client) => format!("A mail could not be sent ({})", client.name),
        None => "A mail to somebody who signs in could not be sent".to_owned(),
    };
    Some(OnceNotice {
        id: NoticeId::from_uuid(uuid_v7(now)),
        client: one.client.as_ref().map(|client| client.id),
        kind: NoticeKind::NoticeDead,
        key: one.key(),
        delivery: None,
        endpoint: None,
        to: MailRecipient { name: None, address },
        data: NoticeData::written(title, sentences),
        due_at: now,
    })
}

/// What a mail was about that is written when it is sent.
fn said_by_kind(kind: &str) -> String {
    match kind {
        // Who was invited does not know of it, and waits for nothing.
        _ if kind == NoticeKind::UserInvited.word() => {
            "an invitation to sign in, with a link to choose a password".to_owned()
        }
        _ if kind == NoticeKind::UserReset.word() => "a link to choose another password".to_owned(),
        kind => kind.replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use ripen_domain::id::ClientId;
    use ripen_store::notice::dead::UnsentOfClient;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_could_not_be_mailed_is_told_to_another_address() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let unsent = |address: &str| UnsentNotice {
            id: NoticeId::from_uuid(Uuid::from_u128(1)),
            client: Some(UnsentOfClient { id: ClientId::from_uuid(Uuid::nil()), name: "Acme Homes".to_owned() }),
            kind: "endpoint_down".to_owned(),
            address: address.to_owned(),
            data: NoticeData::written("CRM fails".to_owned(), vec!["Every attempt has failed.".to_owned()]),
            reason: "550 5.1.1 does not exist here".to_owned(),
        };
        let firm = ["firm@example.com", "desk@example.com"];
        let to = |address: &str| of_unsent(firm, &unsent(address), now).map(|one| one.to.address);
        assert_eq!(to("office@client.example").as_deref(), Some("firm@example.com"));
        assert_eq!(to("Firm@example.com").as_deref(), Some("desk@example.com"), "not to the one that failed");
        assert!(of_unsent(["firm@example.com", ""], &unsent("firm@example.com"), now).is_none());
        let told = of_unsent(firm, &unsent("office@client.example"), now).unwrap().data.sentences.join(" ");
        assert!(
            told.contains("office@client.example could not be sent: 550 5.1.1") && told.contains("CRM fails"),
            "{told}"
        );
    }

    #[test]
    fn an_invitation_that_could_not_be_mailed_is_told_to_the_firm() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        let unsent = UnsentNotice {
            id: NoticeId::from_uuid(Uuid::from_u128(1)),
            client: None,
            kind: NoticeKind::UserInvited.to_string(),
            address: "lee@firm.example".to_owned(),
            data: NoticeData::default(),
            reason: "550 5.1.1 does not exist here".to_owned(),
        };
        let told = of_unsent(["firm@example.com", ""], &unsent, now).unwrap();
        assert_eq!((told.client, told.to.address.as_str()), (None, "firm@example.com"));
        let words = told.data.sentences.join(" ");
        assert!(words.contains("lee@firm.example") && words.contains("an invitation to sign in"), "{words}");
    }

    #[test]
    fn what_could_not_be_mailed_is_shown_without_addresses() {
        let dead = |kind: &str, count| DeadNotices {
            kind: kind.to_owned(),
            address: "office@client.example".to_owned(),
            count,
            reason: String::new(),
        };
        assert_eq!(in_words(&[]), None);
        let shown = in_words(&[dead("lead_dead", 2), dead("endpoint_down", 1), dead("lead_dead", 1)]).unwrap();
        assert!(shown.contains("1 endpoint_down, 3 lead_dead") && !shown.contains('@'), "{shown}");
    }
}
