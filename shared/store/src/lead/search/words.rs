//! Whose names, and which leads' notes, have words that begin as what was typed does.
//!
//! Each word of a name or a note is a row, and of one word the newest rows are read without the others. Of several typed words the
//! rarest is gone by, and what has it is asked for the others. However common words are, a bounded number of rows is read, and what is
//! behind the bound is not lost in silence.

use uuid::Uuid;

use crate::{Scope, Store, StoreError};

/// Those that have the words: the newest, up to the bound.
pub(super) struct WordMatches {
    /// Persons, or leads.
    pub(super) ids: Vec<Uuid>,
    /// Not everything was read.
    pub(super) is_cut: bool,
}

// The parts of both statements, in their order:
// typed    the words, folded as those that are kept;
// rarest   of several the one with the fewest rows: of 2,000 and more each is as common as the other;
// begun    which words that are kept begin so, one step along the index for each;
// bound    how many rows of each of these are read, so that all together stay below a bound;
// looked   the newest of each. Equal words lie in their index in the order in which they were written: read backwards, the newest come
//          first. Where too many words begin so, also what there is among the newest rows of all: a beginning that common is found there;
// found    those that have the other words too.
// Each look has a half for the firm and one for a client, each by an index of its own.

/// A statement on words: its name, the table that keeps them, how many rows of each word are read where several were typed, how many of
/// all words that begin so, and the rest from `looked` on. A macro because a checked statement is known whole when it is compiled.
macro_rules! query_words {
    ($name:tt, $table:tt, $of_several:tt, $of_all:tt, $rest:tt, $($arguments:expr),+ $(,)?) => {
        sqlx::query!(
            $name + r#"
            with recursive typed as materialized (
              select word from unnest(search_words($1)) word
            ), rarest as materialized (
              select t.word collate "C" as begins, (t.word || chr(1114111)) collate "C" as ends from typed t cross join lateral (
                select count(*) as held from (
                  (select from "# + $table + r#" w where (select count(*) from typed) > 1 and $2::uuid is null
                     and w.word >= t.word and w.word < t.word || chr(1114111) limit 2000)
                  union all
                  (select from "# + $table + r#" w where (select count(*) from typed) > 1 and w.client_id = $2
                     and w.word >= t.word and w.word < t.word || chr(1114111) limit 2000)) h) h
              order by h.held, length(t.word) desc limit 1
            ), begun (word, place) as (
              select coalesce((select w.word from "# + $table + r#" w where $2 is null and w.word >= r.begins and w.word < r.ends order by w.word limit 1),
                (select w.word from "# + $table + r#" w where w.client_id = $2 and w.word >= r.begins and w.word < r.ends order by w.word limit 1)), 1
              from rarest r
              union all
              select coalesce((select w.word from "# + $table + r#" w where $2 is null and w.word > b.word and w.word < r.ends order by w.word limit 1),
                (select w.word from "# + $table + r#" w where w.client_id = $2 and w.word > b.word and w.word < r.ends order by w.word limit 1)), b.place + 1
              from begun b cross join rarest r where b.word is not null and b.place < 200
            ), bound as materialized (
              select least(case when (select count(*) from typed) > 1 then "# + $of_several + r#" else $3::bigint end, "# + $of_all + r#" / greatest(count(*), 1)) as rows,
                     count(*) >= 200 as is_cut
              from begun where word is not null
            "# + $rest,
            $($arguments),+
        )
    };
}

impl Store {
    /// Whose name has words that begin so, the newest of them.
    pub(super) async fn search_names(&self, scope: Scope, words: &str, most: i64) -> Result<WordMatches, StoreError> {
        let rows = query_words!(
            "-- lead.search_names",
            "person_word",
            "10000",
            "10000",
            r#"), looked as materialized (
              select b.word, n.person_id, n.words from begun b cross join lateral (
                (select w.person_id, w.words from person_word w where $2 is null and w.word >= b.word and w.word <= b.word
                 order by w.word desc limit (select rows from bound))
                union all
                (select w.person_id, w.words from person_word w where w.client_id = $2 and w.word >= b.word and w.word <= b.word
                 order by w.word desc limit (select rows from bound))) n
              where b.word is not null
              union all
              select null, n.person_id, n.words from (select * from person_word w order by w.person_id desc limit 4000) n cross join rarest r
              where (select is_cut from bound) and n.word >= r.begins and n.word < r.ends and ($2 is null or n.client_id = $2)
            ), found as (
              select distinct person_id from looked l where not exists (select from typed t where strpos(l.words, ' ' || t.word) = 0)
              order by person_id desc limit $3
            ), cut as materialized (
              select b.is_cut or exists (select from looked where word is not null group by word having count(*) >= b.rows) as is_cut from bound b
            )
            select coalesce(m.merged_into, f.person_id) as "id?", c.is_cut as "is_cut!"
            from cut c left join (found f left join person m on m.id = f.person_id and m.merged_into is not null) on true"#,
            words,
            scope.client_uuid(),
            most
        )
        .fetch_all(&self.pool)
        .await?;
        // One row, without an id, where nothing is found.
        let is_cut = rows.iter().any(|row| row.is_cut);
        Ok(WordMatches { ids: rows.into_iter().filter_map(|row| row.id).collect(), is_cut })
    }

    /// Leads whose notes have words that begin so, the newest of them; each word in whichever note of the lead.
    pub(super) async fn search_notes(&self, scope: Scope, words: &str, most: i64) -> Result<WordMatches, StoreError> {
        let rows = query_words!(
            "-- lead.search_notes",
            "note_word",
            "3000",
            "6000",
            r#"), looked as materialized (
              select b.word, n.lead_id from begun b cross join lateral (
                (select w.lead_id from note_word w where $2 is null and w.word >= b.word and w.word <= b.word
                 order by w.word desc limit (select rows from bound))
                union all
                (select w.lead_id from note_word w where w.client_id = $2 and w.word >= b.word and w.word <= b.word
                 order by w.word desc limit (select rows from bound))) n
              where b.word is not null
              union all
              select null, n.lead_id from (select * from note_word w order by w.lead_id desc limit 4000) n cross join rarest r
              where (select is_cut from bound) and n.word >= r.begins and n.word < r.ends and ($2 is null or n.client_id = $2)
            ), found as (
              select l.lead_id from (select distinct lead_id from looked order by lead_id desc) l where not exists (
                select from typed t cross join rarest r where t.word <> r.begins and not exists (
                  select from note_word o where o.lead_id = l.lead_id and o.word >= t.word and o.word < t.word || chr(1114111)))
              limit $3
            ), cut as materialized (
              select b.is_cut or exists (select from looked where word is not null group by word having count(*) >= b.rows) as is_cut from bound b
            )
            select f.lead_id as "id?", c.is_cut as "is_cut!" from cut c left join found f on true"#,
            words,
            scope.client_uuid(),
            most
        )
        .fetch_all(&self.pool)
        .await?;
        let is_cut = rows.iter().any(|row| row.is_cut);
        Ok(WordMatches { ids: rows.into_iter().filter_map(|row| row.id).collect(), is_cut })
    }
}
