//! Makes the database fail at a chosen point of a batch: triggers that do nothing until one is armed. What fails is the
//! real statement in the real transaction; nothing in the product knows of it.

use sqlx::PgPool;

use super::operation::{Fault, Point};

/// Each trigger fires after its statement, also where the statement touched no row; those of the commit fire in it.
const TRIGGERS: &str = "
create table armed (point text primary key, fault text not null);

create function fail_if_armed() returns trigger language plpgsql as $$
declare how text;
begin
    select fault into how from armed where point = tg_argv[0];
    if how = 'Refused' then
        raise exception 'refused by the simulation';
    elsif how = 'Cut' then
        perform pg_terminate_backend(pg_backend_pid());
        perform pg_sleep(10);
    end if;
    return null;
end $$;

create trigger fail after insert on arrival_seen for each statement execute function fail_if_armed('Seen');
create trigger fail after insert or update on person for each statement execute function fail_if_armed('Person');
create trigger fail after insert on arrival for each statement execute function fail_if_armed('Arrival');
create trigger fail after update on promise for each statement execute function fail_if_armed('Promise');
create trigger fail after insert or update on lead for each statement execute function fail_if_armed('Lead');
create trigger fail after insert on maturation for each statement execute function fail_if_armed('Maturation');
create trigger fail after delete on regrade for each statement execute function fail_if_armed('Regrade');
create constraint trigger fail_late after insert on arrival_seen deferrable initially deferred
    for each row execute function fail_if_armed('Commit');
create constraint trigger fail_late after insert or update on lead deferrable initially deferred
    for each row execute function fail_if_armed('Commit');
";

/// Puts the triggers in place.
pub async fn prepare(pool: &PgPool) {
    sqlx::raw_sql(TRIGGERS).execute(pool).await.unwrap();
}

/// From now on the point fails.
pub async fn arm(pool: &PgPool, point: Point, fault: Fault) {
    let arming = sqlx::query("insert into armed (point, fault) values ($1, $2)");
    arming.bind(format!("{point:?}")).bind(format!("{fault:?}")).execute(pool).await.unwrap();
}

/// Nothing fails any more.
pub async fn disarm(pool: &PgPool) {
    sqlx::query("delete from armed").execute(pool).await.unwrap();
}
