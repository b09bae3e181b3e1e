//! What people do to a lead, by the store's own functions, as the commands call them.

use jiff::{Timestamp, tz::TimeZone};
use ripen_domain::{
    actor::Actor,
    calling::{Hours, Place},
    id::{ClientId, LeadId, TokenId},
    promise::{Due, When},
    said_by::SaidBy,
    touch::Disposition,
};
use ripen_store::{
    Store, StoreError,
    lead::{
        touch::{NewTouch, NumberMeant, StopWish, TouchAnswer},
        worked::Worked,
    },
    promise::agree::{Agreed, NewStep},
    suppression::write::NewSuppression,
};
use serde_json::json;
use uuid::Uuid;

use super::{
    posting::{has_email, identity_of, name_of},
    world::{Outcome, World},
};

/// The person's open lead.
const TARGET: &str = "select l.id from lead l join person p on p.id = l.person_id
    where p.name = $1 and l.stage in ('lead', 'contact', 'opportunity')";

/// Suppresses for the whole firm what the person is always reached under, as the command does.
pub async fn suppressed(store: Store, person: u8, now: Timestamp) -> Outcome {
    let alex = Actor::operator("Alex");
    let (firm, identities) = (alex.scope(), [identity_of(person)]);
    let new = NewSuppression { client: None, why: "rang and asked", by: SaidBy::Actor(&alex), at: now };
    let added = async {
        let mut tx = store.begin().await?;
        tx.suppress(firm, &new, &identities).await?;
        tx.suppression_follow(firm, &new, &identities).await?;
        tx.commit().await
    };
    added.await.map_err(|error| format!("a suppression failed: {error}"))
}

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

    /// The firm suppresses what the person is always reached under.
    pub async fn suppress(&mut self, person: u8) -> Outcome {
        self.model.opted_out.insert(person);
        suppressed(self.qualifier.store.clone(), person, self.now()).await
    }

    /// An agent worked on the person's lead, and may have agreed on a day. Whether there was a lead to work on.
    pub async fn touch(
        &mut self,
        person: u8,
        how: Disposition,
        answer: Option<u16>,
        agreed: Option<u16>,
    ) -> Result<bool, String> {
        // Who has nothing but a number that is somebody else's would be another person at the next enquiry.
        if matches!(how, Disposition::WrongNumber | Disposition::NumberDead) && !has_email(person) {
            return Ok(false);
        }
        let Some(lead) = self.lead_of(person).await else { return Ok(false) };
        let said = |days: &u16| TouchAnswer { question: "timeframe_days".to_owned(), value: json!(days) };
        let answers: Vec<_> = answer.iter().map(said).collect();
        let agreed = agreed.map(|days| Agreed { due: self.due(days), zone: Some("America/New_York"), why: "agreed" });
        self.touches += 1;
        let id = Uuid::from_u128(0x7000 + self.touches);
        let new = NewTouch {
            id,
            lead,
            disposition: how,
            answers: &answers,
            note: None,
            agreed,
            stop: StopWish::default(),
            undo_until: None,
            number: NumberMeant::Own,
        };
        let other =
            Actor::token(TokenId::from_uuid(Uuid::from_u128(9)), "Alex", ClientId::from_uuid(Uuid::from_u128(9)));
        let alex = Actor::operator("Alex");
        for (what, actor) in [("is done", alex.clone()), ("is done once", alex), ("is another's", other)] {
            let done = self.touch_as(&actor, &new).await;
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
        let step = NewStep { to: Agreed { due: self.due(days), zone: Some("America/New_York"), why: "moved" }, agreed };
        let mut tx = self.qualifier.store.begin().await.map_err(|error| error.to_string())?;
        let done = tx.promise_move(&Actor::operator("Alex"), lead, step, self.now()).await;
        tx.commit().await.map_err(|error| error.to_string())?;
        if matches!(done, Ok(Worked::Done(_))) { Ok(()) } else { Err(format!("a move came to {done:?}")) }
    }

    async fn touch_as(&self, actor: &Actor, new: &NewTouch<'_>) -> Result<Worked, StoreError> {
        let mut tx = self.qualifier.store.begin().await?;
        let worked = tx.touch(actor, new, self.now()).await?;
        tx.commit().await?;
        Ok(worked)
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
