//! What people do to a lead: facts change, and a regrade is asked for in the same transaction. The desk's own code will
//! take this place; until then these are its statements, in the order of locks that every writer keeps.

use super::{posting::name_of, world::World};

/// The person's open lead.
const TARGET: &str = "select l.id from lead l join person p on p.id = l.person_id
    where p.name = $1 and l.stage in ('lead', 'contact', 'opportunity') order by l.id for update of l";

/// A regrade of the leads in `target`, or one more change where one is asked for already.
const REGRADE: &str = "insert into regrade (lead_id, version, why, offered_until, created_at)
    select id, 1, 'a fact changed', $2::timestamptz, $2::timestamptz from target
    on conflict (lead_id) do update set version = regrade.version + 1, offered_until = excluded.offered_until";

impl World {
    /// An agent writes an answer down, after a conversation where one was had.
    pub async fn answer(&self, person: u8, days: u16, spoken: bool) {
        let sql = format!(
            "with target as ({TARGET}), said as (
               insert into answer (lead_id, question, at, origin, value)
               select id, 'timeframe_days', $2::timestamptz, 'person:Alex', $3::json from target
             ), spoke as (
               update lead set last_conversation_at = $2::timestamptz, touches = touches + 1
               where $4 and id in (select id from target)
             ) {REGRADE}"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(name_of(person)).bind(self.now().to_string());
        query.bind(days.to_string()).bind(spoken).execute(&self.pool).await.unwrap();
    }

    /// The person asks not to be contacted.
    pub async fn opt_out(&mut self, person: u8) {
        let sql = format!(
            "with target as ({TARGET}), asked as (
               update person set do_not_contact = true, updated_at = $2::timestamptz where name = $1
             ) {REGRADE}"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(name_of(person)).bind(self.now().to_string());
        query.execute(&self.pool).await.unwrap();
        let known = sqlx::query_scalar::<_, bool>("select exists (select from person where name = $1)");
        if known.bind(name_of(person)).fetch_one(&self.pool).await.unwrap() {
            self.model.opted_out.insert(person);
        }
    }
}
