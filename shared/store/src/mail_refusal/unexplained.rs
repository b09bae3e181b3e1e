//! Mails that the server has whole and then refuses, by no code and no words that are known. Of one mail that may be its content or its
//! recipient: it is tried once more, and given up then. The same said of several leads' mails to several addresses is nobody's fault but
//! the sender's, or that of what all mails say: all mail waits, and nothing is given up.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::delivery::refusal_words;
use uuid::Uuid;

use crate::{
    Store, StoreError, Transaction,
    mail_refusal::{MailRefused, NewRefusal},
};

/// The advisory lock under which refusals without known words are counted: any number that nothing else locks.
const IN_TURN: i64 = 0x756e_6578_706c_6169;

/// What a refusal without known words is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnexplainedRefusal {
    /// The first of this mail: it is tried once more.
    First,
    /// The mail's own.
    OfMail,
    /// The sender's, or that of what all mails say.
    OfSender(MailRefused),
}

/// What is known of such a refusal beside the mail that met it.
struct Others {
    /// The same was said of several leads' mails to several addresses, and no lead's mail was taken since.
    are_refused: bool,
    /// All mail waits already.
    wait: bool,
}

impl Store {
    /// Notes that a mail was refused after it was sent, by no words that are known, and says what that is taken for.
    pub async fn mail_unexplained(
        &self,
        refusal: &NewRefusal,
        now: Timestamp,
    ) -> Result<UnexplainedRefusal, StoreError> {
        let mut batch = self.begin().await?;
        let taken_for = batch.mail_unexplained(refusal, now).await?;
        batch.commit().await?;
        Ok(taken_for)
    }
}

impl Transaction {
    async fn mail_unexplained(
        &mut self,
        refusal: &NewRefusal,
        now: Timestamp,
    ) -> Result<UnexplainedRefusal, StoreError> {
        self.mail_unexplained_in_turn().await?;
        let words = refusal_words(refusal.code, &refusal.why);
        let is_first = self.mail_unexplained_note((refusal.mail, &words), now).await?;
        let others = self.mail_unexplained_to_others(&words, now).await?;
        if others.are_refused || others.wait {
            // While all mail waits such a refusal shows nothing new, and the mail that met it has waited like the others.
            let why = format!("said of mails to several addresses after they were sent: {}", refusal.why);
            let why = if others.are_refused { why } else { refusal.why.clone() };
            let of_all = NewRefusal { why, of_one: false, ..refusal.clone() };
            return Ok(UnexplainedRefusal::OfSender(self.mail_refused(&of_all, now).await?));
        }
        Ok(if is_first { UnexplainedRefusal::First } else { UnexplainedRefusal::OfMail })
    }

    /// One after another: of three that are refused in one moment none would see the others', and each would be its own fault.
    async fn mail_unexplained_in_turn(&mut self) -> Result<(), StoreError> {
        sqlx::query_scalar!(
            r#"-- mail_refusal.unexplained_in_turn
            select pg_advisory_xact_lock($1)::text as "locked!""#,
            IN_TURN
        )
        .fetch_one(self.connection())
        .await?;
        Ok(())
    }

    /// Whether it is the first of this mail. Forgets those of long ago.
    async fn mail_unexplained_note(&mut self, (mail, words): (Uuid, &str), now: Timestamp) -> Result<bool, StoreError> {
        let times = sqlx::query_scalar!(
            "-- mail_refusal.unexplained
            with forgotten as (
              delete from mail_unexplained where about_id in (
                select about_id from mail_unexplained where refused_at < $3::timestamptz - interval '30 days' and about_id <> $1
                limit 100 for update skip locked)
            )
            insert into mail_unexplained as u (about_id, words, refused_at) values ($1, $2, $3)
            on conflict (about_id) do update set words = excluded.words, refused_at = excluded.refused_at, times = u.times + 1
            returning times",
            mail,
            words,
            now.to_sqlx()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(times == 1)
    }

    async fn mail_unexplained_to_others(&mut self, words: &str, now: Timestamp) -> Result<Others, StoreError> {
        // Leads and addresses: one lead that is refused to everybody is refused for what it says, and one address that refuses every
        // lead does not want the firm's mail.
        let row = sqlx::query!(
            r#"-- mail_refusal.unexplained_to_others
            with refused as (
              select coalesce(d.lead_id, u.about_id) as lead_id, coalesce(lower(e.address), lower(n.to_address)) as address
              from mail_unexplained u left join delivery d on d.id = u.about_id left join endpoint e on e.id = d.endpoint_id
              left join notice n on n.id = u.about_id
              where u.words = $1 and u.refused_at > $2::timestamptz - interval '1 hour'
                and not exists (select from delivery t join endpoint te on te.id = t.endpoint_id
                                where t.event = 'lead.matured' and t.state = 'delivered' and t.ended_at > u.refused_at and te.kind = 'email')
            )
            select (select least(count(distinct lead_id), count(distinct address)) >= 3 from refused) as "are_refused!",
                   exists (select from mail_refusal) as "wait!""#,
            words,
            now.to_sqlx()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(Others { are_refused: row.are_refused, wait: row.wait })
    }
}

#[cfg(test)]
mod tests;
