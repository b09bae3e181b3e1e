-- Who disabled an endpoint is a word of its own: until now the sentence in state_reason was compared to find that out.
--
-- Null for what a process of the version before disables meanwhile; it counts as disabled by its answers, of which somebody
-- is told once too often rather than never.

alter table endpoint add column disabled_by text;
alter table endpoint add constraint endpoint_disabled_by_is_known check (disabled_by in ('firm', 'answers'));
comment on column endpoint.disabled_by is 'firm: somebody of the firm paused it; answers: it was disabled for how it answers; null while it is enabled.';
update endpoint set disabled_by = case when state_reason = 'disabled by the firm' then 'firm' else 'answers' end
where state = 'disabled';
