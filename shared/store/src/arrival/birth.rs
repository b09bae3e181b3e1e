//! When somebody was born, as their arrivals say: kept there alone.

use ripen_domain::{id::PersonId, person::BirthDate, submission::Submission};

use crate::{StoreError, Transaction};

impl Transaction {
    /// The days of birth that these persons' arrivals say.
    ///
    /// # Errors
    /// `Corrupt` where what an arrival says cannot be read.
    pub async fn births_of(&mut self, persons: &[PersonId]) -> Result<Vec<(PersonId, BirthDate)>, StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| person.uuid()).collect();
        // Whether a field is one is read from its whole name; most arrivals have nothing like it.
        let rows = sqlx::query!(
            r#"-- arrival.births
            select person_id as "person_id!",
                   json_build_object('extra', submission -> 'extra', 'country', submission -> 'country',
                                     'locale', submission -> 'locale') as "said!"
            from arrival
            where person_id = any($1) and submission ->> 'extra' ~* 'birth|dob|geb|nac|nais|nasc'"#,
            &persons
        )
        .fetch_all(self.connection())
        .await?;
        let mut births = Vec::new();
        for row in rows {
            let said: Submission = serde_json::from_value(row.said)
                .map_err(|_| StoreError::Corrupt("what an arrival says of a day of birth".to_owned()))?;
            births.extend(BirthDate::said_in(&said).map(|born| (PersonId::from_uuid(row.person_id), born)));
        }
        Ok(births)
    }
}
