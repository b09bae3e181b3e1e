-- What became of leads: outcomes belong to leads, delivered or not, have their own date, and keep what their amount means.

alter table outcome add column lead_id uuid, add column client_id uuid, add column happened_at timestamptz,
    add column amount_is text, add column amount_share numeric(5, 2), add column not_before_said text;
update outcome o set lead_id = d.lead_id, client_id = d.client_id, happened_at = o.at from delivery d where d.id = o.delivery_id;
alter table outcome alter column lead_id set not null, alter column client_id set not null, alter column happened_at set not null;

alter table outcome drop constraint outcome_pkey;
alter table outcome alter column delivery_id drop not null;
alter table outcome add constraint outcome_is_single unique nulls not distinct (lead_id, delivery_id, number);
create unique index outcome_of_delivery on outcome (delivery_id, number);
create index outcome_sales on outcome (client_id, currency, at desc) where amount is not null;

-- Books often know no more than that it was won or lost: an amount that nobody knows is none, not 0.
alter table outcome drop constraint outcome_says_why, drop constraint outcome_sale_is_whole;
alter table outcome
    add constraint outcome_says_why check (kind <> 'returned' or reason is not null),
    add constraint outcome_sale_is_whole check ((amount is null or kind = 'won') and (amount is null) = (currency is null)),
    add constraint outcome_amount_is_known check (amount_is in ('income', 'price')),
    add constraint outcome_meaning_is_of_an_amount check (amount is not null or amount_is is null),
    add constraint outcome_share_is_of_a_price check (amount_share is null or coalesce(amount_is = 'price', false) and amount_share > 0 and amount_share <= 100);
comment on table outcome is 'What the client says about a lead; of each delivery the newest counts, the others are history.';
comment on column outcome.delivery_id is 'The delivery it was said of; null where the lead was never delivered.';
comment on column outcome.number is 'Counts what was said about the delivery, or about the lead without one, from 1: the highest is the newest.';
comment on column outcome.lead_id is 'The lead.';
comment on column outcome.client_id is 'Whose lead it is.';
comment on column outcome.happened_at is 'When it was won or lost, as the client says; when it was said where nobody says, and of all else.';
comment on column outcome.not_before_said is 'When a lead that is not ready may be, as the client said it: said again it is the same, also when that date is past.';
comment on column outcome.amount_is is 'What the amount was for this client when it was said: income or price; null where it had not said. The two are never added up.';
comment on column outcome.amount_share is 'The client''s share of a price then, in per cent.';

alter table client add column amounts text, add column amount_share numeric(5, 2),
    add constraint client_amounts_are_known check (amounts in ('income', 'price')),
    add constraint client_share_is_of_a_price check (amount_share is null or coalesce(amounts = 'price', false) and amount_share > 0 and amount_share <= 100);
comment on column client.amounts is 'What the amounts are that it reports: income (what it earns) or price (of the whole deal); null while it has not said.';
comment on column client.amount_share is 'Its share of a price, in per cent.';

alter table lead add column amount_is text, add column recalled_at timestamptz,
    add constraint lead_amount_is_known check (amount_is in ('income', 'price')),
    add constraint lead_meaning_is_of_an_amount check (amount is not null or amount_is is null);
comment on column lead.amount_is is 'What the amount is: income or price; null where the client had not said.';
comment on column lead.recalled_at is 'When it was taken back from its client last: nothing is said any more of what was delivered before.';
-- Who had it was told at that very instant.
update lead l set recalled_at = l.returned_at
where l.returned_at is not null
  and exists (select from delivery d where d.lead_id = l.id and d.event = 'lead.recalled' and d.created_at = l.returned_at);

-- A replay ends a delivery again, later: what counts from the delivery on counts from the first.
alter table delivery add column first_delivered_at timestamptz;
update delivery d
set first_delivered_at = coalesce((select min(a.at) from attempt a
                                   where a.delivery_id = d.id and (a.status between 200 and 299 or a.error = 'filed')),
                                  case when d.state in ('delivered', 'filed') then d.ended_at end)
where d.state in ('delivered', 'filed') or d.replay_id is not null;
comment on column delivery.first_delivered_at is 'When it was delivered or filed first: a replay does not move it. The time for returns begins here.';

-- What a client has it has: a delivery that is sent again in vain stays what it was, whoever ends it, a process of an earlier
-- version too.
create function delivery_stays_delivered() returns trigger language plpgsql as
$$ begin
    -- A mail that comes back was not delivered after all.
    if old.state in ('delivered', 'filed') and new.state <> 'dead' then
        new.first_delivered_at := coalesce(new.first_delivered_at, old.ended_at);
    end if;
    if new.state in ('withdrawn', 'dead') and new.first_delivered_at is not null then
        new.state := case when exists (select from attempt a where a.delivery_id = new.id and a.error = 'filed')
                           and not exists (select from attempt a where a.delivery_id = new.id and a.status between 200 and 299)
                          then 'filed' else 'delivered' end;
        new.ended_at := new.first_delivered_at;
        new.reason := 'sent again in vain: ' || coalesce(new.reason, 'no reason was given');
    end if;
    return new;
end $$;
comment on function delivery_stays_delivered is 'Keeps when a delivery was delivered first, and lets no replay make it dead or withdrawn.';
create trigger delivery_stays_delivered before update of state on delivery for each row
    when (old.state <> new.state and (old.state in ('delivered', 'filed') or new.state in ('withdrawn', 'dead')))
    execute function delivery_stays_delivered();

-- For as long as processes of the version before run beside this one: what they say of a delivery belongs to its lead, and what they
-- take back is taken back.
create function outcome_of_delivery_fill() returns trigger language plpgsql as
$$ begin
    select coalesce(new.lead_id, d.lead_id), coalesce(new.client_id, d.client_id) into new.lead_id, new.client_id
    from delivery d where d.id = new.delivery_id;
    new.happened_at := coalesce(new.happened_at, new.at);
    return new;
end $$;
comment on function outcome_of_delivery_fill is 'Fills what the version before does not name. To be dropped with the next version.';
create trigger outcome_of_delivery_fill before insert on outcome for each row
    when (new.delivery_id is not null and (new.lead_id is null or new.client_id is null or new.happened_at is null))
    execute function outcome_of_delivery_fill();

create function lead_recalled_fill() returns trigger language plpgsql as
$$ begin
    update lead set recalled_at = new.created_at where id = new.lead_id and (recalled_at is null or recalled_at < new.created_at);
    return null;
end $$;
comment on function lead_recalled_fill is 'Notes on the lead what the version before only tells its client. To be dropped with the next version.';
create trigger lead_recalled_fill after insert on delivery for each row when (new.event = 'lead.recalled')
    execute function lead_recalled_fill();

create function lead_amount_is_fill() returns trigger language plpgsql as
$$ begin
    new.amount_is := null;
    return new;
end $$;
comment on function lead_amount_is_fill is 'Takes the meaning away with an amount that the version before takes back. To be dropped with the next version.';
create trigger lead_amount_is_fill before update of amount on lead for each row
    when (new.amount is null and new.amount_is is not null)
    execute function lead_amount_is_fill();

create table outcome_request (
    client_id uuid not null,
    key text not null,
    hash bytea not null,
    at timestamptz not null,
    answer json,
    primary key (client_id, key),
    constraint outcome_request_hash_is_128_bits check (octet_length(hash) = 16),
    constraint outcome_request_key_is_short check (length(key) between 1 and 255)
);
create index outcome_request_by_age on outcome_request (at);
comment on table outcome_request is 'Requests of clients'' programs that named an Idempotency-Key, with what they were answered; those older than a week are forgotten.';
comment on column outcome_request.client_id is 'Whose program it was.';
comment on column outcome_request.key is 'The key that it named.';
comment on column outcome_request.hash is 'The first 128 bits of the SHA-256 of what was asked for: the same key with something else is refused.';
comment on column outcome_request.at is 'When it came first.';
comment on column outcome_request.answer is 'What became of it; null only within the transaction that does it.';
