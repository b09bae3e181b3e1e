-- What becomes of leads that could not be delivered, addresses that send mail back, and a mail server that refuses the sender.

alter table delivery add column bounced_at timestamptz, add column followed_up_at timestamptz;
-- What was given up before somebody was told of such is past: it is listed, and not given to others now.
update delivery set followed_up_at = ended_at where state = 'dead';
create index delivery_dead on delivery (ended_at) where state = 'dead' and event = 'lead.matured';
create index delivery_bounced on delivery (endpoint_id, id) where bounced_at is not null;
comment on column delivery.bounced_at is 'When the mail server said, at once or later, that there is no such address: counts against the address.';
comment on column delivery.followed_up_at is 'When the lead was given to somebody else and people were told, after it was given up; again where that is before its end.';

alter table attempt add column report text;
comment on column attempt.report is 'What the mail system reported later of the mail: that it is delayed, or came back, with why.';

alter table client add column when_dead text not null default 'next',
    add constraint client_when_dead_is_known check (when_dead in ('next', 'fallback', 'wait'));
comment on column client.when_dead is 'What becomes of a lead that could not be delivered: next (who comes next by the routing, else the fallback), fallback (the fallback, else who comes next) or wait (until a person says).';

alter table endpoint add column bounces_from timestamptz;
comment on column endpoint.bounces_from is 'From when mails that came back count against the address: when it was enabled last; null for ever.';

create table mail_refusal (
    id boolean primary key default true,
    since timestamptz not null,
    code integer,
    why text not null,
    client_id uuid not null,
    probe_at timestamptz not null,
    constraint mail_refusal_is_single check (id)
);
comment on table mail_refusal is 'That the mail server refuses the sender, while it does: all mail waits. One row at most.';
comment on column mail_refusal.id is 'Always true: there is one mail server.';
comment on column mail_refusal.since is 'When it refused first.';
comment on column mail_refusal.code is 'Its reply code, where it said one.';
comment on column mail_refusal.why is 'Its words, without addresses.';
comment on column mail_refusal.client_id is 'Whose mail was refused first: the notice is written in its name.';
comment on column mail_refusal.probe_at is 'When one mail tries again whether it takes the sender.';

alter table notice drop constraint notice_kind_is_known;
alter table notice add constraint notice_kind_is_known check (kind in ('appointment_booked', 'appointment_moved', 'appointment_cancelled',
    'appointment_reminder', 'endpoint_down', 'endpoint_disabled', 'lead_untouched', 'leads_untouched', 'lead_perhaps_same', 'lead_dead',
    'mail_refused'));
