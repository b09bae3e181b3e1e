-- Lists of leads by what is asked for, where few of very many fit: a look for each stage, grade and channel, of all clients, of one,
-- or of a source.
create index lead_by_kind on lead (stage, coalesce(grade, 'none'), channel, last_arrived_at desc, id desc);
create index lead_by_kind_of_client on lead (client_id, stage, coalesce(grade, 'none'), channel, last_arrived_at desc, id desc);
create index lead_by_kind_of_source on lead (source_id, stage, coalesce(grade, 'none'), channel, last_arrived_at desc, id desc);
create index lead_by_score_of_grade on lead (coalesce(grade, 'none'), coalesce(score, -2147483648) desc, id desc);
create index lead_untouched on lead (last_arrived_at desc, id desc) where stage in ('lead', 'contact', 'opportunity') and touches = 0;
create index promise_agreed_by_due on promise (coalesce(due_at, '9999-12-30 00:00:00+00'), lead_id) where agreed and state in ('scheduled', 'work');
-- Each is the beginning of one above.
drop index lead_of_client;
drop index lead_of_source;
-- How many leads have which grade the planner knows by the new indexes alone, once it has looked.
analyze lead;

-- The same in a language whose functions are not written into the statements that call them, and dear: else the planner takes folding
-- a million texts for cheaper than reading the index of a rare word.
create or replace function search_folded(written text) returns text language plpgsql immutable strict parallel safe cost 10000 as $$ begin
    return translate(regexp_replace(normalize(written, NFKD), '[\u0300-\u036f]+', '', 'g'),
                     '.,;:!?-_/\|@#&*+=<>()[]{}"~^%$øØłŁđĐðÐı''`' || chr(8216) || chr(8217) || chr(700),
                     repeat(' ', 30) || 'oOlLdDdDi');
end $$;
