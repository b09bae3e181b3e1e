-- Words of names and notes as rows of their own: of a word that a hundred thousand have the newest are found without reading the
-- others, of all clients or of one. Before, all that have it were read.
--
-- What it costs a large installation: one transaction that reads all persons and notes, while nobody writes to either: arrivals wait in
-- the queue, and pages that save wait. For a million leads with 900,000 notes of twenty words it took three minutes on two busy cores, and
-- 1.8 GB lie in the new tables and their indexes then: 100 bytes for each word of a name or a note.
-- The two full-text indexes go. A lead that comes in is written in the time it took before, with 7 kB more of write-ahead log for a
-- note of twenty words. Broken off, nothing of it is left. The version before goes on working beside this one, but its searches
-- for words read whole tables and may run into their time limit.
--
-- The indexes hold the words alone: equal ones share an entry, which takes a tenth of the place of one that has the id with it. Of equal
-- ones an index keeps the order in which they lie in the table, and that is the order in which they were written: read backwards, the
-- newest come first.

-- Words as they are compared: without accents and in small letters, apostrophes joined, all other punctuation parts. No locale has a
-- say in it: the same text has the same words on every server. Most texts are plain ASCII, which takes a tenth of the time.
create function search_words(written text) returns text[] language plpgsql immutable strict parallel safe cost 1000 as $$
declare
    plain text := written;
begin
    if octet_length(plain) <> length(plain) then
        -- Marks, vowel points and the invisible are no letters.
        plain := regexp_replace(normalize(plain, NFKD), '[\u00ad\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0640\u064b-\u065f\u0670\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]+', '', 'g');
        plain := translate(plain, 'øØłŁđĐðÐıÆŒÞẞ' || chr(8216) || chr(8217) || chr(700), 'oolldddiæœþß');
        plain := translate(plain, 'АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЄЅІЈЉЊЋЂЏҐҒҚҢҮҰҺӘӨΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩς',
                                  'абвгдежзиклмнопрстуфхцчшщъыьэюяєѕіјљњћђџґғқңүұһәөαβγδεζηθικλμνξοπρστυφχψωσ');
        plain := regexp_replace(plain, '[\u0085\u00a1-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7\u037e\u0387\u055a-\u055f\u0589\u05be\u05c0\u05c3\u060c\u061b\u061f\u066a-\u066c\u06d4\u0964\u0965\u0e2f\u1680\u2000-\u206f\u20a0-\u20cf\u2100-\u2bff\u3000-\u3004\u3008-\u3020\u3030\u303d\u30a0\u30fb\U0001f000-\U0001faff]+', ' ', 'g');
    end if;
    plain := lower(translate(plain, '.,;:!?-_/\|@#&*+=<>()[]{}"~^%$' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || '''`', repeat(' ', 35)) collate "C");
    return array(select distinct left(word, 60) from unnest(string_to_array(plain, ' ')) word where word <> '');
end $$;
comment on function search_words(text) is 'The words of a text as searching compares them, each once and cut to 60 letters.';

create table person_word (
    word text collate "C" not null,
    client_id uuid not null,
    person_id uuid not null,
    words text not null
);
comment on table person_word is 'The words of a person''s name, a row for each. Follows the person: whoever changes or deletes one need not know of it.';
comment on column person_word.word is 'As search_words has it.';
comment on column person_word.client_id is 'Whose.';
comment on column person_word.person_id is 'Who is called so; merges are not followed. Ids begin with the time: the greatest is the newest.';
comment on column person_word.words is 'All words of the name, each after a blank: whether another one is among them is seen without a second look.';

create table note_word (
    word text collate "C" not null,
    client_id uuid not null,
    lead_id uuid not null
);
comment on table note_word is 'The words of a lead''s notes, a row for each. Follows the notes.';
comment on column note_word.word is 'As search_words has it.';
comment on column note_word.client_id is 'Whose.';
comment on column note_word.lead_id is 'The lead with such a note. Ids begin with the time: the greatest is the newest.';

create function person_words_add() returns trigger language plpgsql as $$ begin
    insert into person_word (word, client_id, person_id, words)
    select word, p.client_id, p.id, ' ' || array_to_string(p.found, ' ')
    from (select id, client_id, search_words(concat_ws(' ', name, first_name, last_name)) as found from fresh) p cross join unnest(p.found) word;
    return null;
end $$;
comment on function person_words_add is 'The words of persons who are new.';

-- Most changes of a person are none of the name.
create function person_words_change() returns trigger language plpgsql as $$
declare
    changed record;
begin
    for changed in select id, client_id, name, first_name, last_name from fresh except select id, client_id, name, first_name, last_name from stale loop
        delete from person_word where person_id = changed.id;
        insert into person_word (word, client_id, person_id, words)
        select word, changed.client_id, changed.id, ' ' || array_to_string(p.found, ' ')
        from (select search_words(concat_ws(' ', changed.name, changed.first_name, changed.last_name)) as found) p cross join unnest(p.found) word;
    end loop;
    return null;
end $$;
comment on function person_words_change is 'The words of persons whose name is another one now, in place of those before.';

create function person_words_end() returns trigger language plpgsql as $$ begin
    delete from person_word w using stale s where w.person_id = s.id;
    return null;
end $$;
comment on function person_words_end is 'The words of persons who are no more go with them.';

create function note_words_add() returns trigger language plpgsql as $$ begin
    insert into note_word (word, client_id, lead_id)
    select distinct found.word, n.client_id, n.lead_id
    from (select f.lead_id, f.text, coalesce((select l.client_id from lead l where l.id = f.lead_id),
              -- What an arrival says is written before the lead that it makes.
              (select a.client_id from arrival a where a.lead_id = f.lead_id limit 1)) as client_id from fresh f) n
    cross join unnest(search_words(n.text)) as found (word)
    where n.client_id is not null and not exists (select from note_word k where k.lead_id = n.lead_id and k.word = found.word);
    return null;
end $$;
comment on function note_words_add is 'The words of notes that are new.';

create function note_words_renew() returns trigger language plpgsql as $$
declare
    changed uuid;
begin
    for changed in select distinct lead_id from stale loop
        delete from note_word where lead_id = changed;
        insert into note_word (word, client_id, lead_id)
        select distinct word, l.client_id, l.id from lead l join note n on n.lead_id = l.id cross join unnest(search_words(n.text)) word where l.id = changed;
    end loop;
    return null;
end $$;
comment on function note_words_renew is 'The words of all notes that a lead still has, where one was changed or taken away.';

lock table person, note in share row exclusive mode;
insert into person_word (word, client_id, person_id, words)
select word, p.client_id, p.id, ' ' || array_to_string(p.found, ' ')
from (select id, client_id, search_words(concat_ws(' ', name, first_name, last_name)) as found from person order by id) p cross join unnest(p.found) word;
insert into note_word (word, client_id, lead_id)
select word, l.client_id, n.lead_id
from (select lead_id, string_agg(text, ' ') as text from note group by lead_id order by lead_id) n join lead l on l.id = n.lead_id
cross join unnest(search_words(n.text)) word;

create index person_word_by_word on person_word (word);
create index person_word_of_client on person_word (client_id, word);
create index person_word_of_person on person_word (person_id);
create index note_word_by_word on note_word (word);
create index note_word_of_client on note_word (client_id, word);
create index note_word_of_lead on note_word (lead_id);
-- Beginnings of a client's own addresses and ids: all of the firm that begin so may be a million.
create index person_identity_by_email_of_client on person_identity (client_id, value text_pattern_ops) include (person_id) where kind = 'email';
create index arrival_by_external_id_of_client on arrival (client_id, external_id text_pattern_ops) where external_id is not null;
-- Who was made one with somebody is known by both names.
create index person_merged on person (id) include (merged_into) where merged_into is not null;
-- Of very many who are called so, those that a client was given.
create index lead_matured_of_person on lead (person_id) where matured_at is not null;
create index lead_matured on lead (id) where matured_at is not null;

create trigger person_words_are_added after insert on person referencing new table as fresh for each statement execute function person_words_add();
create trigger person_words_are_changed after update on person referencing new table as fresh old table as stale
    for each statement execute function person_words_change();
create trigger person_words_are_ended after delete on person referencing old table as stale for each statement execute function person_words_end();
create trigger note_words_are_added after insert on note referencing new table as fresh for each statement execute function note_words_add();
create trigger note_words_are_renewed after update on note referencing old table as stale for each statement execute function note_words_renew();
create trigger note_words_are_ended after delete on note referencing old table as stale for each statement execute function note_words_renew();

drop index person_by_name, note_by_words;
analyze person_word;
analyze note_word;
