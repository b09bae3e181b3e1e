//! That the mail server refuses the sender: all mail of all processes waits, but for one that tries now and then.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{delivery::MailStage, id::ClientId};
use uuid::Uuid;

use crate::{Store, StoreError, Transaction, error::word};

mod unexplained;

pub use unexplained::UnexplainedRefusal;

/// Whether mail may go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailGate {
    /// It may.
    Open,
    /// One may, to see whether the server takes the sender again, whom it refused at this stage; at the last one where nobody knows.
    Probe(MailStage),
    /// Not before then.
    Shut(Timestamp),
}

/// Whom a refusal of the sender is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailRefused {
    /// The sender: all mail waits.
    Sender,
    /// The mail that met it, and no other: they were taken in between, each time.
    ThisMail,
    /// Perhaps the one recipient who met it: to nobody else was it said since a mail was taken.
    OneRecipient,
}

/// Refused so often while others were taken, a mail is refused itself.
const TIMES: i32 = 3;

/// A refusal that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRefusal {
    /// Since when.
    pub since: Timestamp,
    /// The server's reply code.
    pub code: Option<i32>,
    /// Its words.
    pub why: String,
    /// Whose mail was refused first.
    pub client: ClientId,
    /// Deliveries that wait for it.
    pub waiting: i64,
}

/// A refusal as a mail met it.
#[derive(Debug, Clone)]
pub struct NewRefusal {
    /// The server's reply code.
    pub code: Option<u16>,
    /// Its words, without addresses.
    pub why: String,
    /// Where it was said; none of what came back later.
    pub stage: Option<MailStage>,
    /// The delivery or notice that met it.
    pub mail: Uuid,
    /// Whether it was said to one recipient or mail, and may be about that alone.
    pub of_one: bool,
    /// When one mail tries again.
    pub probe_at: Timestamp,
}

impl Store {
    /// Whether a mail may go out at `now`; who may probe puts the next probe off to `next_probe`.
    pub async fn mail_gate(&self, now: Timestamp, next_probe: Timestamp) -> Result<MailGate, StoreError> {
        // One statement: between a look and a write in two, every process would send a probe of its own.
        let row = sqlx::query!(
            r#"-- mail_refusal.gate
            with probing as (
              update mail_refusal set probe_at = $2 where probe_at <= $1 returning true
            )
            select probe_at, stage, exists (select from probing) as "is_probe!" from mail_refusal"#,
            now.to_sqlx(),
            next_probe.to_sqlx()
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(match row {
            None => MailGate::Open,
            // Of what nobody knows only a mail that is taken shows anything.
            Some(row) if row.is_probe => {
                MailGate::Probe(row.stage.as_deref().map(word).transpose()?.unwrap_or(MailStage::Content))
            }
            // Where another process probes in this very moment, the date that was read is past.
            Some(row) if row.probe_at.to_jiff() <= now => MailGate::Shut(next_probe),
            Some(row) => MailGate::Shut(row.probe_at.to_jiff()),
        })
    }

    /// Has all mail wait: the server refused the sender. Not where that mail was refused several times while others were taken.
    pub async fn mail_refused(&self, refusal: &NewRefusal, now: Timestamp) -> Result<MailRefused, StoreError> {
        let mut batch = self.begin().await?;
        let refused = batch.mail_refused(refusal, now).await?;
        batch.commit().await?;
        Ok(refused)
    }

    /// The refusal that lasts; none while the server takes the sender.
    pub async fn mail_refusal(&self) -> Result<Option<MailRefusal>, StoreError> {
        let row = sqlx::query!(
            r#"-- mail_refusal.read
            select since, code, why, client_id,
                   (select count(*) from delivery d join endpoint e on e.id = d.endpoint_id
                    where e.kind = 'email' and d.state in ('pending', 'held', 'leased')) as "waiting!"
            from mail_refusal"#
        )
        .fetch_optional(&self.lists)
        .await?;
        Ok(row.map(|row| MailRefusal {
            since: row.since.to_jiff(),
            code: row.code,
            why: row.why,
            client: ClientId::from_uuid(row.client_id),
            waiting: row.waiting,
        }))
    }

    /// The server takes the sender again, by this mail: everything that waited for that goes out. Whether there was a refusal.
    pub async fn mail_taken(&self, mail: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let mut batch = self.begin().await?;
        batch.mails_blamed(mail, now).await?;
        let was_refused = batch.mail_refusal_ends(now).await?;
        batch.commit().await?;
        Ok(was_refused)
    }

    /// The server takes the sender again, as a mail shows that it refuses for its recipient's sake. No other mail is to blame: none was
    /// taken since.
    pub async fn mail_sender_taken(&self, now: Timestamp) -> Result<bool, StoreError> {
        let mut batch = self.begin().await?;
        let was_refused = batch.mail_refusal_ends(now).await?;
        batch.commit().await?;
        Ok(was_refused)
    }
}

impl Transaction {
    /// Everything that waited for the sender to be taken goes out; whether there was a refusal.
    async fn mail_refusal_ends(&mut self, now: Timestamp) -> Result<bool, StoreError> {
        let done = sqlx::query!(
            "-- mail_refusal.end
            delete from mail_refusal"
        )
        .execute(self.connection())
        .await?;
        if done.rows_affected() > 0 {
            self.deliveries_release_mail(now).await?;
        }
        Ok(done.rows_affected() > 0)
    }

    /// Has all mail wait together with what shows that the sender is refused. Not where that mail was refused several times while others
    /// were taken.
    pub(crate) async fn mail_refused(
        &mut self,
        refusal: &NewRefusal,
        now: Timestamp,
    ) -> Result<MailRefused, StoreError> {
        let alone = refusal.of_one && !self.mail_refused_to_another(refusal.mail, now).await?;
        if alone {
            self.mail_blamed_alone(refusal.mail).await?;
        }
        if self.mail_blamed_for(refusal.mail).await? + 1 >= TIMES {
            self.mail_blame(refusal.mail, now).await?;
            return Ok(MailRefused::ThisMail);
        }
        if alone {
            self.mail_blame(refusal.mail, now).await?;
            return Ok(MailRefused::OneRecipient);
        }
        // Before the blame, as whoever ends the refusal: in the other order two processes would wait for each other.
        // A mail to a user belongs to no client: the first one stands for the firm, whose sender it is.
        // Its beginning stays: people are told once of each refusal, however often it is probed.
        sqlx::query!(
            "-- mail_refusal.note
            insert into mail_refusal (since, code, why, client_id, probe_at, stage)
            select $1, $2, $3, c.id, $5, $6
            from client c
            where c.id = coalesce((select client_id from delivery where id = $4), (select client_id from notice where id = $4),
                                  (select id from client order by id limit 1))
            on conflict (id) do update set code = excluded.code, why = excluded.why, probe_at = excluded.probe_at, stage = excluded.stage",
            now.to_sqlx(),
            refusal.code.map(i32::from),
            refusal.why,
            refusal.mail,
            refusal.probe_at.to_sqlx(),
            refusal.stage.map(MailStage::word)
        )
        .execute(self.connection())
        .await?;
        self.mail_blame(refusal.mail, now).await?;
        Ok(MailRefused::Sender)
    }

    /// Whether the sender is refused for all, or was within the hour to another address, with no lead's mail taken since. Where no mail
    /// at all is taken while one waits for an hour, nobody else waits for its sake, and people have to hear of it.
    async fn mail_refused_to_another(&mut self, mail: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let found = sqlx::query_scalar!(
            r#"-- mail_refusal.to_another
            with mine as (
              select coalesce((select e.address from delivery d join endpoint e on e.id = d.endpoint_id where d.id = $1),
                              (select to_address from notice where id = $1)) as address
            )
            select exists (select from mail_refusal) or exists (
              select from mail_blame b, mine
              where b.refused_at > $2::timestamptz - interval '1 hour'
                and coalesce((select address from endpoint where id = b.about_id), (select to_address from notice where id = b.about_id)) <> mine.address
                and not exists (select from delivery d join endpoint e on e.id = d.endpoint_id
                                where d.event = 'lead.matured' and d.state = 'delivered' and d.ended_at > b.refused_at and e.kind = 'email')
            ) or exists (
              select from mail_blame b
              where b.about_id = $1
                and coalesce((select created_at from delivery where id = $1), (select created_at from notice where id = $1)) < $2::timestamptz - interval '1 hour'
                and not exists (select from delivery d join endpoint e on e.id = d.endpoint_id
                                where d.event = 'lead.matured' and d.state = 'delivered' and d.ended_at > b.refused_at and e.kind = 'email')
            ) as "found!""#,
            mail,
            now.to_sqlx()
        )
        .fetch_one(self.connection())
        .await?;
        Ok(found)
    }

    /// Counts it against a mail that meets it again by itself, where another one was taken since.
    async fn mail_blamed_alone(&mut self, mail: Uuid) -> Result<(), StoreError> {
        sqlx::query!(
            "-- mail_refusal.blamed_alone
            with own as (select endpoint_id from delivery where id = $1)
            update mail_blame b set times = b.times + 1
            where (b.about_id = $1 or b.about_id = (select endpoint_id from own))
              and exists (select from delivery d join endpoint e on e.id = d.endpoint_id
                          where d.event = 'lead.matured' and d.state = 'delivered' and d.ended_at > b.refused_at and e.kind = 'email'
                            and d.endpoint_id is distinct from (select endpoint_id from own))",
            mail
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// How often others were taken after this mail, or another one to its address, had met a refusal of the sender.
    async fn mail_blamed_for(&mut self, mail: Uuid) -> Result<i32, StoreError> {
        let times = sqlx::query_scalar!(
            r#"-- mail_refusal.blamed_for
            select coalesce(max(b.times), 0) as "times!" from mail_blame b
            where b.about_id = $1
               or b.about_id = (select endpoint_id from delivery where id = $1)
                  and not exists (select from delivery d where d.endpoint_id = b.about_id and d.state = 'delivered' and d.ended_at > b.refused_at)"#,
            mail
        )
        .fetch_one(self.connection())
        .await?;
        Ok(times)
    }

    /// Notes that a mail met a refusal of the sender.
    async fn mail_blame(&mut self, mail: Uuid, now: Timestamp) -> Result<(), StoreError> {
        // Two rows: the content of one mail may be what is refused, or whoever it goes to. An address that took a mail since is none
        // that is refused.
        sqlx::query!(
            "-- mail_refusal.blame
            with about as materialized (
              select $1::uuid as id, false as is_endpoint
              union all
              select endpoint_id, true from delivery where id = $1 and endpoint_id is not null
            )
            insert into mail_blame as b (about_id, refused_at) select id, $2 from about order by id
            on conflict (about_id) do update set refused_at = excluded.refused_at,
              times = case when exists (select from about a join delivery d on d.endpoint_id = a.id
                                        where a.is_endpoint and a.id = b.about_id and d.state = 'delivered' and d.ended_at > b.refused_at)
                           then 0 else b.times end",
            mail,
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Counts it against the mails that met the refusal that ends, because this one is taken; forgets those of long ago.
    async fn mails_blamed(&mut self, taken: Uuid, now: Timestamp) -> Result<(), StoreError> {
        // The refusal is locked first, as by whoever ends it at the same time: each is counted once.
        sqlx::query!(
            "-- mail_refusal.blamed
            with ends as materialized (select since from mail_refusal for update)
            update mail_blame b set times = b.times + 1 from ends
            where b.refused_at >= ends.since and b.about_id <> $1
              and b.about_id is distinct from (select endpoint_id from delivery where id = $1)",
            taken
        )
        .execute(self.connection())
        .await?;
        sqlx::query!(
            "-- mail_refusal.forget
            delete from mail_blame where refused_at < $1::timestamptz - interval '30 days'",
            now.to_sqlx()
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
