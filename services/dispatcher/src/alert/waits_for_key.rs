//! Deliveries that cannot be signed or sent because a secret is sealed under a key that is not there: the firm is told.

use jiff::{Timestamp, tz::TimeZone};
use ripen_store::{
    StoreError,
    endpoint::alert::SealedEndpoint,
    notice::owe::{NoticeData, NoticeKind, OnceNotice},
};

use super::addressee::{Addressee, notice};
use crate::context::DispatcherContext;

/// Tells the firm of deliveries that wait for a key, once a day: it alone can put the key back.
///
/// # Errors
/// When the database is away: the next look tells.
pub(super) async fn tick(ctx: &DispatcherContext, now: Timestamp) -> Result<(), StoreError> {
    let firm = &ctx.settings.mail.alerts;
    if firm.is_empty() {
        return Ok(());
    }
    let sealed = ctx.store.endpoints_sealed(ctx.scope()).await?;
    let notices: Vec<_> = sealed.iter().map(|one| of_sealed(firm, one, now)).collect();
    ctx.store.notices_once(&notices, now).await.map(drop)
}

pub(super) fn of_sealed(firm: &str, one: &SealedEndpoint, now: Timestamp) -> OnceNotice {
    let SealedEndpoint { endpoint, client, client_name, name, waiting } = one;
    let waits = if *waiting == 1 { "One delivery waits".to_owned() } else { format!("{waiting} deliveries wait") };
    let sentences = [
        format!("{waits}: what signs them, or a header of the endpoint's own, cannot be opened under the keys of this installation. None is lost or given up."),
        "`ripen doctor` says what is missing. Put that key back as secrets.key or into secrets.previous_keys, and start again."
            .to_owned(),
        format!(
            "If it is lost, make the secret anew (`ripen endpoint rotate-secret {endpoint} --overlap-h 0`) and set the headers again (`ripen endpoint set {endpoint} --header …`)."
        ),
    ];
    let data = NoticeData::written(format!("{name} cannot be signed for ({client_name})"), sentences.to_vec());
    // By a day that is the same in every process, because it is part of the key.
    let key = format!("sealed:{endpoint}:{}", now.to_zoned(TimeZone::UTC).date());
    let to = Addressee { client: *client, address: firm.to_owned(), key };
    // Without the endpoint: by that a notice of a failing one is dropped where the endpoint does not fail any more.
    notice(now, NoticeKind::EndpointDown, to, data)
}
