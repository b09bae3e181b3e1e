-- Faults at the front: calls are counted by the number that was dialed, and new endpoints hear of who must not be contacted.

-- How often a number was called lately, whatever the extension.
create index call_of_number on call (split_part(number, ';ext=', 1), dialed_at);

-- Whoever has a lead has to hear that its person must not be contacted any more. What endpoints ask for already stays theirs.
alter table endpoint alter column events set default array['lead.matured', 'lead.suppressed'];
