-- Secrets lie encrypted: each sealed under a key of the configuration that the database never sees, and bound to its row. The
-- program seals what lies in clear when it starts; this makes room for it. Links get keys with numbers, and can be ended.
--
-- A process of an earlier version finds nothing in the columns that were in clear once they are sealed. It then fails, and nothing is
-- lost; it never goes on without a secret, a header or a suppression.

alter table endpoint_secret add column id uuid not null default gen_random_uuid();
alter table endpoint_secret add column sealed bytea;
alter table endpoint_secret drop constraint endpoint_secret_pkey;
alter table endpoint_secret add primary key (id);
alter table endpoint_secret alter column secret drop not null;
alter table endpoint_secret add constraint endpoint_secret_is_clear_or_sealed check ((secret is null) <> (sealed is null));
create index endpoint_secret_of_endpoint on endpoint_secret (endpoint_id);
comment on table endpoint_secret is 'Signing secrets of a webhook, encrypted because each signature needs them.';
comment on column endpoint_secret.id is 'Names the row, for what is sealed in it.';
comment on column endpoint_secret.secret is 'In clear, as written before secrets were sealed: whsec_ and 32 bytes in base64 (Standard Webhooks). Null once it is sealed.';
comment on column endpoint_secret.sealed is 'The same, sealed under a key of the configuration and bound to this row: version, id of the key (4 bytes), wrapped data key, ciphertext.';

alter table endpoint add column sealed_headers bytea;
alter table endpoint alter column headers drop not null;
alter table endpoint add constraint endpoint_headers_are_clear_or_sealed check ((headers is null) = (sealed_headers is not null));
comment on column endpoint.headers is 'Headers of its own, each as name: value, in clear as written before they were sealed; empty where there are none, null where they are sealed.';
comment on column endpoint.sealed_headers is 'Headers of its own as a JSON array of name: value, sealed and bound to this row. Sent with every webhook; may hold the client''s credentials.';

alter table signing_key add column number smallint not null default 0;
alter table signing_key add column signs_from timestamptz not null default 'epoch';
alter table signing_key add column ended_at timestamptz;
alter table signing_key add column sealed bytea;
alter table signing_key drop constraint signing_key_pkey;
alter table signing_key add primary key (purpose, number);
alter table signing_key alter column key drop not null;
alter table signing_key add constraint signing_key_number_is_counted check (number >= 0);
alter table signing_key add constraint signing_key_is_clear_or_sealed check ((key is null) <> (sealed is null));
comment on column signing_key.number is 'Stands in what is signed: the newest one signs, and what the others signed stays good for its time.';
comment on column signing_key.signs_from is 'From when it signs: a while after it was made, so that every process knows it by then.';
comment on column signing_key.ended_at is 'From then on nothing opens that it signed; null while that stays good for its time.';
comment on column signing_key.key is 'In clear, as written before keys were sealed; null once it is sealed.';
comment on column signing_key.sealed is 'The key, sealed under a key of the configuration and bound to this row.';

alter table suppression_key add column sealed bytea;
alter table suppression_key alter column inner_pad drop not null;
alter table suppression_key alter column outer_pad drop not null;
alter table suppression_key add constraint suppression_key_is_clear_or_sealed
    check ((inner_pad is null) = (sealed is not null) and (outer_pad is null) = (sealed is not null));
comment on table suppression_key is 'The key of suppression''s hashes (HMAC-SHA256, RFC 2104). It never changes: the hashes could not be made again. Statements are given it by the program.';
comment on column suppression_key.inner_pad is 'The key xor ipad, in clear as the migration made it; null once it is sealed.';
comment on column suppression_key.outer_pad is 'The key xor opad, in clear as the migration made it; null once it is sealed.';
comment on column suppression_key.sealed is 'The key of 64 bytes, sealed under a key of the configuration.';

-- It takes the value so that no plan is refused for what no row may ask. 57P03, as while a server starts: whoever still reads the key in clear waits and tries again, and takes nobody for free to contact.
create function suppression_key_is_sealed(value text) returns bytea language plpgsql stable as
$$ begin
    raise exception 'the key of suppressions is sealed, and this statement is an earlier version''s: stop that process' using errcode = '57P03';
end $$;
comment on function suppression_key_is_sealed is 'Refuses to hash without a key: a null hash would bar nobody.';

create or replace function identity_hash(inner_pad bytea, outer_pad bytea, kind text, value text) returns bytea language sql stable as
$$ select case when outer_pad is null then suppression_key_is_sealed(value)
               else substring(sha256(outer_pad || sha256(inner_pad || convert_to(kind || ':' || value, 'UTF8'))) for 16) end $$;

create table installation_key (
    is_one boolean primary key default true,
    key_id bytea not null,
    at timestamptz not null,
    constraint installation_key_is_one check (is_one),
    constraint installation_key_id_has_4_bytes check (octet_length(key_id) = 4)
);
comment on table installation_key is 'The key of the configuration that this installation goes by: written by the first start, so that a second one with another key is refused before it seals anything.';
comment on column installation_key.is_one is 'There is one row.';
comment on column installation_key.key_id is 'Which key, as it stands in what is sealed.';
comment on column installation_key.at is 'Since when.';

alter table delivery add column links_since timestamptz not null default 'epoch';
comment on column delivery.links_since is 'Links about it that were made before no longer open anything.';
