//! What alerts have in common: to whom one goes, once, and since when something lasts that is told of after a while.

use jiff::{SignedDuration, Timestamp};
use ripen_domain::id::{ClientId, NoticeId};
use ripen_runtime::random::uuid_v7;
use ripen_store::notice::owe::{MailRecipient, NoticeData, NoticeKind, OnceNotice};

/// So long ago; none where that is never.
pub(super) fn before(now: Timestamp, seconds: u64) -> Option<Timestamp> {
    let ago = SignedDuration::from_secs(i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?);
    now.checked_sub(ago).ok()
}

/// To whom a notice goes, and the key under which it goes there once.
pub(super) struct Addressee {
    pub(super) client: ClientId,
    pub(super) address: String,
    pub(super) key: String,
}

pub(super) fn notice(now: Timestamp, kind: NoticeKind, to: Addressee, data: NoticeData) -> OnceNotice {
    let Addressee { client, address, key } = to;
    OnceNotice {
        id: NoticeId::from_uuid(uuid_v7(now)),
        client: Some(client),
        kind,
        // The address is part of the key: client and firm are each told once.
        key: format!("{key}:{address}"),
        delivery: None,
        endpoint: None,
        to: MailRecipient { name: None, address },
        data,
        due_at: now,
    }
}
