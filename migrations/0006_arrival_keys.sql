-- A form's submission id says which submission a body is of, and no note is lost for being written at the same moment.

alter table arrival
    add column form_id uuid,
    drop constraint arrival_sameness_is_known,
    add constraint arrival_sameness_is_known check (sameness in ('content', 'idempotency_key', 'external_id', 'form'));
comment on column arrival.form_id is 'What a form''s submission id makes: bodies of one visitor under it correct each other for an hour. Null where it came without one.';
create index arrival_of_form on arrival (form_id, received_at) where form_id is not null;

alter table note
    add column origin text not null default '',
    drop constraint note_pkey,
    add primary key (lead_id, at, by, origin);
comment on column note.origin is 'The arrival that brought it, as arrival:<id>; empty for what a person wrote.';
