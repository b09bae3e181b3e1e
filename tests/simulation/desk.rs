//! What people do to a lead, by the store's own functions, as the commands call them.

use jiff::tz::TimeZone;
use ripen_domain::{
    calling::{Hours, Place},
    id::{ClientId, LeadId},
    promise::{Due, When},
    touch::Disposition,
};
use ripen_store::{
    lead::touch::{NewTouch, Worked},
    promise::agree::{Agreed, NewStep},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    posting::name_of,
    world::{Outcome, World, firm},
};

/// The person's open lead.
const TARGET: &str = "select l.id from lead l join person p on p.id = l.person_id
    where p.name = $1 and l.stage in ('lead', 'contact', 'opportunity')";

impl World {
    /// An agent writes an answer down, after a conversation where one was had.
    pub async fn answer(&mut self, person: u8, days: u16, spoken: bool) -> Outcome {
        let how = if spoken { Disposition::Answered } else { Disposition::Note };
        self.touch(person, how, Some(days), None).await.map(drop)
    }

    /// The person asks not to be contacted.
    pub async fn opt_out(&mut self, person: u8) -> Outcome {
        if self.touch(person, Disposition::DoNotContact, None, None).await? {
            self.model.opted_out.insert(person);
        }
        Ok(())
    }

    /// An agent worked on the person's lead, and may have agreed on a day. Whether there was a lead to work on.
    pub async fn touch(
        &mut self,
        person: u8,
        how: Disposition,
        answer: Option<u16>,
        agreed: Option<u16>,
    ) -> Result<bool, String> {
        let Some(lead) = self.lead_of(person).await else { return Ok(false) };
        let answers: Vec<_> = answer.iter().map(|days| ("timeframe_days".to_owned(), json!(days))).collect();
        let agreed = agreed.map(|days| Agreed { due: self.due(days), why: "agreed" });
        self.touches += 1;
        let id = Uuid::from_u128(0x7000 + self.touches);
        let new = NewTouch { id, lead, by: "Alex", disposition: how, answers: &answers, note: None, agreed };
        let other = firm().within(ClientId::from_uuid(Uuid::from_u128(9)));
        for (what, scope) in [("is done", firm()), ("is done once", firm()), ("is another's", other)] {
            let done = self.qualifier.store.touch(scope, &new, self.now()).await;
            let sound = match what {
                "is done" => matches!(done, Ok(Worked::Done(_))),
                "is done once" => matches!(done, Ok(Worked::Again)),
                _ => matches!(done, Ok(Worked::Unknown)),
            };
            if !sound {
                return Err(format!("a touch that {what} came to {done:?}"));
            }
        }
        Ok(true)
    }

    /// Somebody moves the person's next step.
    pub async fn move_step(&mut self, person: u8, days: u16, agreed: bool) -> Outcome {
        let Some(lead) = self.lead_of(person).await else { return Ok(()) };
        let step = NewStep { to: Agreed { due: self.due(days), why: "moved" }, agreed, by: "Alex" };
        let done = self.qualifier.store.promise_move(firm(), lead, step, self.now()).await;
        if matches!(done, Ok(Worked::Done(_))) { Ok(()) } else { Err(format!("a move came to {done:?}")) }
    }

    fn due(&self, days: u16) -> Due {
        let place = Place { region: None, zone: TimeZone::get("America/New_York").unwrap() };
        When::Ahead(i64::from(days)).due(self.now(), &Hours::default(), &[place]).unwrap()
    }

    pub async fn lead_of(&self, person: u8) -> Option<LeadId> {
        let query = sqlx::query_scalar::<_, Uuid>(TARGET).bind(name_of(person));
        query.fetch_optional(&self.pool).await.unwrap().map(LeadId::from_uuid)
    }
}
