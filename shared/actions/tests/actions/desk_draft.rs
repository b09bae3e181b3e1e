//! What is typed while something is saved: words that no disposition and no note had are a draft, and stay one.

use ripen_actions::{
    Refusal,
    desk::{Dispose, KeepLateNote, SaveDraft, UndoDisposition, draft_of},
};
use ripen_domain::{actor::Actor, touch::Disposition};
use serde_json::Map;
use sqlx::{Connection as _, Executor as _};
use uuid::Uuid;

use crate::{
    desk::{lead, one_lead_open},
    harness::Office,
};

fn typed(note: &str, version: i64) -> SaveDraft {
    SaveDraft { lead: lead(1), note: Some(note.to_owned()), answers: Some(Map::new()), version, touch: None }
}

/// With what tab one typed as its note.
fn nobody_answered(lease: Uuid) -> Dispose {
    Dispose { note: Some("tab one".to_owned()), version: Some(1), ..Dispose::of(lead(1), lease, Disposition::NoAnswer) }
}

/// What another saving is about to commit while `run` goes on: it has the draft's row.
async fn beside<T>(office: &Office, saving: &'static str, run: impl Future<Output = Result<T, Refusal>>) -> T {
    let mut connection = office.pool.acquire().await.unwrap();
    let mut other = connection.begin().await.unwrap();
    other.execute(saving).await.unwrap();
    let saved = async {
        office.until_a_session_waits().await;
        other.commit().await.unwrap();
    };
    let (done, ()) = tokio::join!(Box::pin(run), saved);
    done.unwrap()
}

async fn kept(office: &Office, actor: &Actor) -> Option<String> {
    draft_of(&office.actions, actor, lead(1)).await.unwrap().map(|draft| draft.note)
}

const TWO_WORDS: &str = "update desk_draft set note = 'tab two words', version = 2";

#[tokio::test]
async fn words_that_are_saved_beside_a_disposition_or_a_late_note_stay_a_draft() {
    let (office, lee, opened) = one_lead_open().await;
    office.actions.run(&lee, &typed("tab one", 1)).await.unwrap();
    let late = KeepLateNote {
        lead: lead(1),
        lease: opened.lease,
        note: "tab one".to_owned(),
        typed: Map::new(),
        version: Some(1),
        touch: None,
    };
    beside(&office, TWO_WORDS, office.actions.run(&lee, &late)).await;
    assert_eq!(kept(&office, &lee).await.as_deref(), Some("tab two words"));

    let opened = office.next(&lee).await.unwrap();
    office.sql("update desk_draft set note = 'tab one', version = 1".to_owned()).await;
    let dispose = nobody_answered(opened.lease);
    let done = Box::pin(beside(&office, TWO_WORDS, office.actions.run(&lee, &dispose))).await;
    assert!(done.keeps_draft);
    assert_eq!(kept(&office, &lee).await.as_deref(), Some("tab two words"));
}

#[tokio::test]
async fn words_that_are_saved_while_a_disposition_is_taken_back_stand_beside_its_own() {
    let (office, lee, opened) = one_lead_open().await;
    office.actions.run(&lee, &typed("tab one", 1)).await.unwrap();
    let touch = office.actions.run(&lee, &nobody_answered(opened.lease)).await.unwrap().touched.touch;
    assert_eq!(kept(&office, &lee).await, None);
    let begun = "insert into desk_draft (user_id, lead_id, client_id, note, answers, saved_at, version)
                 select u.id, l.id, l.client_id, 'tab two words', '{}', now(), 2 from user_account u cross join lead l";
    beside(&office, begun, office.actions.run(&lee, &UndoDisposition { touch })).await;
    assert_eq!(kept(&office, &lee).await.as_deref(), Some("tab one\ntab two words"));
}
