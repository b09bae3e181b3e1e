-- Lists of leads that people saved under a name of their own.

create table lead_view (
    user_id uuid not null references user_account (id),
    name text not null,
    query text not null,
    saved_at timestamptz not null,
    primary key (user_id, name),
    constraint lead_view_has_a_name check (name <> '' and octet_length(name) <= 240),
    constraint lead_view_is_short check (octet_length(query) <= 2000)
);
comment on table lead_view is 'A list of leads that somebody saved: its filters and its order, and never the leads.';
comment on column lead_view.user_id is 'Whose list it is.';
comment on column lead_view.name is 'As they call it.';
comment on column lead_view.query is 'The query of its address: the same list tomorrow has the leads of tomorrow.';
comment on column lead_view.saved_at is 'When it was saved last.';
