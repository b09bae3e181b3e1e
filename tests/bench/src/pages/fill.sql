-- An installation of a year: so many leads as `bench.leads` says, of all clients and sources that there are. Each is a copy of one
-- that went through the pipeline, with a person, a time, a stage and a past of its own. What is drawn is drawn from a hash of the
-- lead's number, so that every run measures the same rows.
set session_replication_role = replica;
set synchronous_commit = off;
set maintenance_work_mem = '512MB';

create function pg_temp.part(number bigint, what bigint) returns double precision language sql immutable as
    $$ select (hashint8extended(number, what) & 1048575) / 1048576.0 $$;
create function pg_temp.one_of(words text[], part double precision) returns text language sql immutable as
    $$ select words[1 + floor(part * cardinality(words))::integer] $$;
-- UUIDv7, as Ripen gives them out: the time, then what tells the tables apart, then the number.
create function pg_temp.id(at timestamptz, number bigint, kind integer) returns uuid language sql immutable as
    $$ select (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(number), 15, '0'))::uuid $$;

-- Indexes are made at the end, at once: row by row they would take most of the time. Those of constraints stay.
create temporary table put_off as
select c.relname as name, pg_get_indexdef(i.indexrelid) as definition
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid in ('person'::regclass, 'identity'::regclass, 'person_identity'::regclass, 'lead'::regclass, 'arrival'::regclass, 'answer'::regclass,
                     'note'::regclass, 'touch'::regclass, 'decision'::regclass, 'promise'::regclass, 'maturation'::regclass, 'delivery'::regclass,
                     'call'::regclass, 'audit'::regclass, 'person_word'::regclass, 'note_word'::regclass)
  and not exists (select from pg_constraint k where k.conindid = i.indexrelid);
do $$ declare index record; begin
    for index in select name from put_off loop execute format('drop index %I', index.name); end loop;
end $$;

create temporary table template as
select l.id as lead_id, l.grade, l.program_id, l.criteria_id, l.decision_id, a.id as arrival_id,
       row_number() over (partition by l.grade order by l.id) as place, count(*) over (partition by l.grade) as places
from lead l join lateral (select id from arrival where lead_id = l.id limit 1) a on true where l.grade is not null;
create temporary table origin as
select s.client_id, s.id as source_id, s.channel, dense_rank() over (order by c.slug) as client_place,
       row_number() over (partition by s.client_id order by s.name) as place, count(*) over (partition by s.client_id) as places
from source s join client c on c.id = s.client_id;
create temporary table worker as
select id, name, row_number() over (order by email) as place, count(*) over () as places from user_account where role = 'agent';

-- Half of all leads are the largest client's. More came lately than a year ago; of those that came lately more are open.
create temporary table made as
with born as (
    select i, now() - interval '1 hour' - interval '364 days' * pow(pg_temp.part(i, 1), 1.3) as at,
           1 + floor((select max(client_place) from origin) * pow(pg_temp.part(i, 2), 2.5)) as client_place,
           case when pg_temp.part(i, 3) < 0.08 then 'A' when pg_temp.part(i, 3) < 0.53 then 'B' else 'C' end as grade
    from generate_series(1, current_setting('bench.leads')::bigint) i
), placed as (
    select b.*, o.client_id, o.source_id, o.channel,
           case when pg_temp.part(i, 5) < case when at > now() - interval '60 days' then 0.8 else 0.25 end
                then case when pg_temp.part(i, 6) < 0.75 then 'lead' when pg_temp.part(i, 6) < 0.93 then 'contact' else 'opportunity' end
                else case when pg_temp.part(i, 6) < 0.96 then 'closed' else 'customer' end end as stage,
           case when pg_temp.part(i, 7) < case when at > now() - interval '2 days' then 0.6 else 0.15 end then 0
                else 1 + floor(pg_temp.part(i, 8) * 5)::integer end as touches
    from born b join origin o on o.client_place = b.client_place and o.place = 1 + floor(o.places * pow(pg_temp.part(i, 4), 1.5))
)
select p.*, t.lead_id as like_lead, t.decision_id as like_decision, t.arrival_id as like_arrival, t.program_id, t.criteria_id,
       pg_temp.id(at, i, 1) as lead_id, pg_temp.id(at, i, 2) as person_id, pg_temp.id(at, i, 3) as arrival_id,
       pg_temp.id(at + interval '2 seconds', i, 4) as decision_id,
       case p.grade when 'A' then 70 when 'B' then 40 else 5 end + floor(pg_temp.part(i, 9) * 28)::integer as score,
       p.stage in ('lead', 'contact', 'opportunity') as is_open,
       p.touches > 0 and pg_temp.part(i, 10) < 0.4 as is_reached,
       pg_temp.part(i, 11) < 0.85 as has_phone,
       least(at + interval '3 hours' * (1 + pg_temp.part(i, 12) * 200), now() - interval '10 minutes') as touched_at
from placed p join template t on t.grade = case p.grade when 'A' then 'A' else 'B' end
     and t.place = 1 + floor(t.places * pg_temp.part(i, 13));
create index on made (at);
cluster made using made_at_idx;
analyze made;

insert into person (id, client_id, first_name, last_name, email, phone, postal_code, country, time_zone, locale, verified, created_at, updated_at)
select person_id, client_id, first, last, lower(translate(first, 'éë', 'ee') || '.' || last || i) || '@' || pg_temp.one_of(array['example.com', 'example.net', 'example.org', 'mail.example.com'], pg_temp.part(i, 20)),
       case when has_phone then '+1' || pg_temp.one_of(array['212', '213', '305', '312', '404', '512', '602', '617', '702', '713', '720', '206', '214', '303', '503', '619'], pg_temp.part(i % 16, 21))
                                || lpad((2000000 + i * 7919 % 7999993)::text, 7, '0') end,
       lpad((10000 + i % 89999)::text, 5, '0'), 'US', 'America/Chicago', case when pg_temp.part(i, 22) < 0.08 then 'es-US' else 'en-US' end, is_reached, at, at
from (select *,
             pg_temp.one_of(array['James', 'Mary', 'Robert', 'Patricia', 'John', 'Jennifer', 'Michael', 'Linda', 'David', 'Elizabeth', 'William', 'Barbara',
               'Richard', 'Susan', 'Joseph', 'Jessica', 'Thomas', 'Sarah', 'Carlos', 'Karen', 'Daniel', 'Lisa', 'Mateo', 'Nancy', 'Anthony', 'Sandra', 'Mark',
               'Betty', 'Aisha', 'Ashley', 'Steven', 'Emily', 'Paul', 'Kimberly', 'Andrés', 'Margaret', 'Joshua', 'Donna', 'Wei', 'Michelle', 'Zoë', 'Carol',
               'Brian', 'Amanda', 'George', 'Melissa', 'Timothy', 'Deborah', 'Ronald', 'Stephanie'], pow(pg_temp.part(i, 23), 1.6)) as first,
             pg_temp.one_of(array['Smith', 'Johnson', 'Garcia', 'Miller', 'Ander', 'Wil', 'Robin', 'Thomp', 'Harri', 'Jack', 'Whit', 'Ham', 'Hern', 'Martin',
               'Lop', 'Gonz', 'Clark', 'Lew', 'Walk', 'Young', 'All', 'King', 'Wright', 'Scott', 'Torr', 'Hill', 'Flor', 'Green', 'Nel', 'Bak', 'Hall', 'Riv',
               'Camp', 'Mitch', 'Cart', 'Rob', 'Phil', 'Ev', 'Turn', 'Park'], pow(pg_temp.part(i, 24), 1.6))
             || pg_temp.one_of(array['', '', 'son', 'man', 'er', 'field', 'ley', 'ton', 'ez', 'wood', 'berg', 'ford', 'es', 'well'], pg_temp.part(i, 25)) as last
      from made) named;
insert into identity (client_id, kind, value) select client_id, 'email', email from person where email is not null on conflict do nothing;
insert into identity (client_id, kind, value) select client_id, 'phone', phone from person where phone is not null on conflict do nothing;
insert into person_identity (client_id, kind, value, person_id) select client_id, 'email', email, id from person where email is not null on conflict do nothing;
insert into person_identity (client_id, kind, value, person_id) select client_id, 'phone', phone, id from person where phone is not null on conflict do nothing;

insert into lead (id, client_id, program_id, person_id, source_id, channel, stage, grade, score, criteria_id, decision_id, arrivals, enquiries, touches, rounds,
                  last_disposition, last_conversation_at, first_arrived_at, last_arrived_at, last_enquiry_at, matured_at, closed_at, closed_reason, generation, created_at)
select lead_id, client_id, program_id, person_id, source_id, channel, stage, grade, score, criteria_id, decision_id, 1, 1, touches, 0,
       case when touches > 0 then case when is_reached then 'answered' else 'no_answer' end end, case when is_reached then touched_at end,
       at, at, at, case when grade = 'A' then at + interval '2 seconds' end,
       case when stage = 'closed' then touched_at end, case when stage = 'closed' then 'no business within the time agreed' end, 2, at
from made;

insert into arrival (id, client_id, source_id, person_id, lead_id, sameness, state, content, external_id, received_at, media_type, submission, flags)
select m.arrival_id, m.client_id, m.source_id, m.person_id, m.lead_id, 'content', 'graded', decode(md5(m.i::text), 'hex'), 'F-' || m.client_place || '-' || lpad(m.i::text, 8, '0'),
       m.at, x.media_type, x.submission, x.flags
from made m join arrival x on x.id = m.like_arrival;
insert into arrival (id, client_id, source_id, sameness, state, reason, content, received_at, media_type, submission, flags)
select pg_temp.id(m.at, m.i, 5), m.client_id, m.source_id, 'content', 'quarantined', 'no_contact', decode(md5(m.i || 'q'), 'hex'), m.at, x.media_type, x.submission, x.flags
from made m join arrival x on x.id = m.like_arrival where m.i % 2000 = 0;
insert into answer (lead_id, question, at, origin, value)
select m.lead_id, x.question, m.at, 'arrival:' || m.arrival_id, x.value from made m join answer x on x.lead_id = m.like_lead;
insert into note (lead_id, at, by, text)
select lead_id, touched_at + n * interval '1 minute', 'Web site',
       (select string_agg(pg_temp.one_of(array['asked', 'about', 'the', 'garden', 'lease', 'ends', 'in', 'May', 'wants', 'to', 'see', 'it', 'again', 'school', 'nearby', 'with',
          'partner', 'budget', 'depends', 'on', 'sale', 'of', 'their', 'flat', 'prefers', 'mornings', 'parking', 'dog', 'two', 'bedrooms', 'lender', 'approved', 'call', 'after', 'six',
          'moving', 'from', 'Portland', 'quiet', 'street', 'balcony', 'investment', 'relocation', 'downtown', 'commute', 'heating', 'renovated', 'basement'],
          pg_temp.part(i * 32 + w, 30 + n)), ' ') from generate_series(1, 8 + i::integer % 12) w) || ' ' || case when i % 5000 = 0 then 'lighthouse' else '' end
from made, generate_series(1, 2) n where pg_temp.part(i, 30) < 0.6 / n;
-- The triggers that keep words rest with all others. Those of the templates are there.
insert into person_word (word, client_id, person_id, words)
select word, p.client_id, p.id, ' ' || array_to_string(p.found, ' ')
from (select id, client_id, search_words(concat_ws(' ', name, first_name, last_name)) as found from person where id not in (select person_id from person_word)
      order by id) p cross join unnest(p.found) word;
insert into note_word (word, client_id, lead_id)
select word, l.client_id, n.lead_id
from (select lead_id, string_agg(text, ' ') as text from note where lead_id not in (select lead_id from note_word) group by lead_id order by lead_id) n
join lead l on l.id = n.lead_id cross join unnest(search_words(n.text)) word;
insert into touch (id, lead_id, client_id, at, by, disposition, answers, round, user_id)
select pg_temp.id(touched_at - n * interval '1 day' * pg_temp.part(i * 8 + n, 31), i * 8 + n, 6), lead_id, client_id, touched_at - (n - 1) * (touched_at - at) / touches, w.name,
       case when n = 1 and is_reached then 'answered' when n % 3 = 0 then 'voicemail' else 'no_answer' end, 0, false, w.id
from made, generate_series(1, touches) n, worker w where w.place = 1 + (i * 8 + n) % w.places;
insert into call (id, client_id, lead_id, user_id, touch_id, outside_id, number, dialed_at, answered_at, ended_at, state)
select pg_temp.id(t.at, row_number() over (), 7), t.client_id, t.lead_id, t.user_id, t.id, 'call-' || row_number() over (), p.phone, t.at - interval '2 minutes',
       case when t.disposition = 'answered' then t.at - interval '100 seconds' end, t.at, 'ended'
from touch t join lead l on l.id = t.lead_id join person p on p.id = l.person_id where p.phone is not null and t.at > now() - interval '90 days';
insert into decision (id, lead_id, client_id, criteria_id, at, grade, score, receipt)
select pg_temp.id(m.at + n * interval '1 second' * case n when 2 then 1 else 0.5 end, m.i, 4), m.lead_id, m.client_id, m.criteria_id,
       m.at + n * interval '1 second' * case n when 2 then 1 else 0.5 end, m.grade, m.score, x.receipt
from made m join decision x on x.id = m.like_decision, generate_series(1, 2) n where n = 2 or m.touches > 0;

-- What is next: of open leads a date within three months, for one in fifty due by now; what is over ended somehow.
insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, agreed, offered_until, created_at, user_id)
select lead_id, 2, client_id, case when grade = 'A' then 'outcome' else 'requalify' end, case when due < now() then 'work' else 'scheduled' end, due,
       case when agreed then 'wants to be called then' else 'looked at again after 30d' end, case when agreed then 'person' else 'criteria' end, agreed, at, at,
       case when agreed and pg_temp.part(i, 42) < 0.5 then (select id from worker where place = 1 + i % places) end
from (select *, now() - interval '2 days' + interval '90 days' * pg_temp.part(i, 40) as due, grade <> 'A' and touches > 0 and pg_temp.part(i, 41) < 0.04 as agreed
      from made where is_open) next;
insert into promise (lead_id, generation, client_id, kind, state, due_at, why, from_whom, offered_until, created_at, ended_at)
select lead_id, 1, client_id, 'requalify', case when is_open then 'moved' else 'dropped' end, at + interval '30 days', 'looked at again after 30d', 'criteria', at, at, touched_at
from made where touches > 0;

insert into maturation (id, lead_id, client_id, decision_id, at)
select pg_temp.id(at + interval '2 seconds', i, 8), lead_id, client_id, decision_id, at + interval '2 seconds' from made where grade = 'A';
insert into delivery (id, client_id, lead_id, maturation_id, endpoint_id, state, reason, due_at, offered_until, attempts, created_at, ended_at, first_delivered_at)
select pg_temp.id(m.at + interval '3 seconds', m.i, 9), m.client_id, m.lead_id, pg_temp.id(m.at + interval '2 seconds', m.i, 8), e.id, state,
       case state when 'held' then 'the client''s daily capacity is used up' when 'dead' then 'the endpoint answered 500 for three days' end,
       case state when 'held' then now() + interval '6 hours' else m.at end, m.at, 1, m.at,
       case when state <> 'held' then m.at + interval '4 seconds' end, case when state = 'delivered' then m.at + interval '4 seconds' end
from (select *, case when at > now() - interval '3 days' and pg_temp.part(i, 50) < 0.2 then 'held' when pg_temp.part(i, 50) > 0.995 then 'dead' else 'delivered' end as state
      from made where grade = 'A') m left join lateral (select id from endpoint order by id limit 1) e on true;
insert into attempt (delivery_id, number, at, duration_ms, status)
select id, 1, coalesce(ended_at, created_at), 35, case when state = 'dead' then 500 else 204 end from delivery where state in ('delivered', 'dead') on conflict do nothing;

insert into opportunity (lead_id, client_id, business, amount, currency, expected_on, likelihood, at, by)
select lead_id, client_id, 'A three-bedroom home', 300000 + i % 400 * 1000, 'USD', current_date + (i % 180)::integer, 10 + (i % 80)::integer, touched_at, 'Kim'
from made where stage = 'opportunity';
insert into consent_review (id, lead_id, client_id, why, opened_at, opened_by)
select pg_temp.id(touched_at, i, 10), lead_id, client_id, 'said that they never enquired', touched_at, 'Kim' from made where is_open and i % 10007 = 0;
insert into dead_letter (id, queue, message_id, body, reason, at)
select pg_temp.id(now(), i, 11), 'ripen.arrivals', pg_temp.id(now(), i, 12), '\x7b7d', 'the message cannot be read', now() from generate_series(1, 40) i;
insert into audit (id, at, actor, action, object, client_id, before, after)
select pg_temp.id(t.at, row_number() over (), 13), t.at, 'user_' || t.user_id, 'lead.touch', 'lead_' || t.lead_id, t.client_id, '{"touches": 0}', '{"touches": 1, "disposition": "no_answer"}'
from touch t where t.at > now() - interval '180 days';
insert into suppression (hash, reason, by, at)
select decode(md5(i || 's'), 'hex'), 'asked not to be called', 'Kim', now() from generate_series(1, 20000) i;

do $$ declare index record; begin
    for index in select definition from put_off loop execute index.definition; end loop;
end $$;
reset session_replication_role;
reset synchronous_commit;
reset maintenance_work_mem;
