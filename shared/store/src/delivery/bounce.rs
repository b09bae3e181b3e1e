//! Mails that came back after a server had taken them, as the mail system reports it later.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use ripen_domain::{
    delivery::SenderPause,
    id::{ClientId, DeliveryId},
};

use crate::{
    Scope, StoreError, Transaction,
    delivery::{dead::given_up, release::MAIL_WAITS},
    mail_refusal::{MailRefused, NewRefusal},
};

/// What a mail system reports of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailReport {
    /// In a few words, without addresses.
    pub text: String,
    /// It was not delivered and will not be.
    pub is_final: bool,
    /// There is no such address, or it takes nothing any more: counts against it.
    pub bounced: bool,
    /// The sender was refused, as for any other mail: the firm's fault.
    pub of_sender: bool,
    /// The address that it names as the one the mail was sent to.
    pub original: Option<String>,
    /// The address that it names as the one where the mail ended.
    pub last: Option<String>,
}

/// A report on the mail of a delivery.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryReport<'a> {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// What it says.
    pub report: &'a MailReport,
    /// How long mail waits where it says that the sender is refused.
    pub pause: SenderPause,
}

impl MailReport {
    /// Whether it is about the mailbox that the mail was sent to. One to which that passes its mail on may be gone while the mailbox
    /// itself has the mail: of an alias, both names are of one domain.
    fn is_of(&self, address: &str) -> bool {
        let is_it = |named: &String| named.eq_ignore_ascii_case(address);
        let domain = |address: &str| address.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        match (&self.original, &self.last) {
            (None, None) => true,
            (Some(original), None) => is_it(original),
            (original, Some(last)) => {
                is_it(last) || original.as_ref().is_some_and(is_it) && domain(last) == domain(address)
            }
        }
    }
}

/// A lead whose mail came back, and on which whoever it was for works all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BouncedLead {
    /// Whose lead.
    pub client: ClientId,
    /// The client's name.
    pub client_name: String,
    /// Whose lead it is, as far as that is known.
    pub person: Option<String>,
    /// Who works on it: the rep, or the address.
    pub worked_by: String,
}

/// What a report changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportResult {
    /// There is no such delivery, or it went by no mail.
    Unknown,
    /// It stands on the attempt; the delivery is as it was.
    Noted,
    /// The same, of a mail that somebody has read: they said something of the lead, or tried to reach its person, from its page.
    Worked(BouncedLead),
    /// The delivery of this client is dead.
    Dead(ClientId),
    /// The sender is refused: this delivery of this client waits and is sent once more, and all mail waits where another address said so too.
    Waits(ClientId),
}

/// Why a mail waits whose receiver alone refuses the sender so far.
const ONE_WAITS: &str = "a mail server refuses the sender, perhaps to this recipient alone";

impl Transaction {
    /// Notes a report on the delivery's last attempt. A final one ends a delivery that was taken for delivered, as if the mail had
    /// been refused at once; not one of which something was said since, or whose person was tried from its page, because somebody has
    /// read it, nor for the sake of an address to which the mailbox passes its mail on. Where the sender was refused, no mail is at fault: this one goes out again, and all of it
    /// waits once a second address says so, as where it is said to us. Once: where the same is reported of it again, or of its address
    /// while other mails are taken, it is its receiver who does not want the firm's mail, and somebody else has the lead.
    pub async fn delivery_report(
        &mut self,
        scope: Scope,
        reported: &DeliveryReport<'_>,
        now: Timestamp,
    ) -> Result<ReportResult, StoreError> {
        let DeliveryReport { delivery, report, .. } = *reported;
        // By the address that it went to, and not by the endpoint's of now: an address is corrected when its mails begin to come back,
        // and the reports of the others name the wrong one for days. What went out before that was kept goes by the one of now.
        let found = sqlx::query!(
            r#"-- bounce.lock
            select d.state = 'delivered' as "is_delivered!", d.attempts, coalesce(d.mailed_to, e.address, '') as "address!",
                   exists (select from outcome o where o.delivery_id = d.id) or exists (select from touch t where t.delivery_id = d.id) as "is_worked!",
                   c.id as client_id, c.name as client_name, coalesce(r.name, e.name, e.address, '') as "to!",
                   coalesce(nullif(concat_ws(' ', p.first_name, p.last_name), ''), p.name) as person,
                   exists (select from attempt a where a.delivery_id = d.id and a.report is not null
                             and a.number < (select max(b.number) from attempt b where b.delivery_id = d.id)) as "came_back_before!"
            from delivery d join endpoint e on e.id = d.endpoint_id join client c on c.id = d.client_id
            join lead l on l.id = d.lead_id join person p on p.id = l.person_id
            left join rep r on r.id = coalesce(d.rep_id, e.rep_id)
            where d.id = $1 and e.kind = 'email' and ($2::uuid is null or d.client_id = $2) for update of d"#,
            delivery.uuid(),
            scope.client_uuid()
        )
        .fetch_optional(self.connection())
        .await?;
        let Some(found) = found else { return Ok(ReportResult::Unknown) };
        sqlx::query!(
            "-- bounce.note
            update attempt set report = $2
            where delivery_id = $1 and number = (select max(a.number) from attempt a where a.delivery_id = $1)",
            delivery.uuid(),
            report.text
        )
        .execute(self.connection())
        .await?;
        if !report.is_final || !found.is_delivered || !report.is_of(&found.address) {
            return Ok(ReportResult::Noted);
        }
        let client = ClientId::from_uuid(found.client_id);
        if found.is_worked {
            return Ok(ReportResult::Worked(BouncedLead {
                client,
                client_name: found.client_name,
                person: found.person,
                worked_by: found.to,
            }));
        }
        // Taken back: the time for returns begins when somebody has it.
        let reason = format!("the mail came back: {}", report.text);
        self.report_ends(delivery, (&reason, report.bounced), now).await?;
        if report.of_sender && !found.came_back_before && self.report_waits(reported, now).await? {
            return Ok(ReportResult::Waits(client));
        }
        if report.bounced {
            self.endpoints_count_bounces(&[delivery], now).await?;
        }
        // The same report twice finds it dead: one alarm.
        let alarm = given_up((delivery, found.attempts), &reason, now);
        self.enqueue_alarms(&[alarm], now).await?;
        Ok(ReportResult::Dead(client))
    }

    async fn report_ends(
        &mut self,
        delivery: DeliveryId,
        (why, bounced): (&str, bool),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "-- bounce.dead
            update delivery set state = 'dead', reason = $2, reason_code = null, ended_at = $3, first_delivered_at = null,
                   bounced_at = case when $4 then $3 else bounced_at end
            where id = $1",
            delivery.uuid(),
            why,
            now.to_sqlx(),
            bounced
        )
        .execute(self.connection())
        .await?;
        Ok(())
    }

    /// Has the delivery, which is dead within this transaction, sent again in a while, and all mail wait where a second address says that
    /// the sender is refused; whether it is sent again. Not where only this mail or its address is refused, again and again.
    async fn report_waits(&mut self, reported: &DeliveryReport<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let DeliveryReport { delivery, report, pause } = *reported;
        let refusal = NewRefusal {
            code: None,
            why: report.text.clone(),
            // Whichever server it was that refused it, this one has taken the mail.
            stage: None,
            mail: delivery.uuid(),
            // Whoever is mailed has a return path, and what one mailbox makes up must not stop everybody's mail.
            of_one: true,
            probe_at: pause.probe_at(now),
        };
        let refused = self.mail_refused(&refusal, now).await?;
        let why = match refused {
            MailRefused::ThisMail => return Ok(false),
            MailRefused::OneRecipient => ONE_WAITS,
            MailRefused::Sender => MAIL_WAITS,
        };
        sqlx::query!(
            "-- bounce.wait
            update delivery set state = 'pending', reason = $2, reason_code = case when $5 then 'mail_waits' end, ended_at = null, due_at = $3, offered_until = $4, excused = attempts
            where id = $1 and state = 'dead'",
            delivery.uuid(),
            format!("{why}: {}", report.text),
            pause.behind_others(now).to_sqlx(),
            now.to_sqlx(),
            refused == MailRefused::Sender
        )
        .execute(self.connection())
        .await?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
