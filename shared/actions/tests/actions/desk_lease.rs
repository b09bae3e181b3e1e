//! A lead is saved by whoever has it open, once: under an ended or a foreign lease nothing is, and the same request again is the same
//! touch. What ends while somebody has it open keeps their note.

use jiff::SignedDuration;
use ripen_actions::{
    Refusal,
    call::DialCall,
    consent_review::JudgeConsent,
    desk::{
        Dispose, KeepLateNote, LeaveLead, PreviewRequest, SaveDraft, TakeLead, UndoDisposition, draft_of, preview,
        why_over,
    },
    lead::{NextWish, TouchLead},
    lead_close::CloseLead,
};
use ripen_domain::{
    id::{CallId, LeadId},
    touch::Disposition,
};
use ripen_store::desk::draft::{DraftChange, DraftRef};
use uuid::Uuid;

use crate::{
    desk::{code, desk, lead, one_lead_open},
    harness::{fields, operator},
};

#[tokio::test]
async fn nothing_is_saved_under_a_lease_that_ended_or_was_given_to_nobody() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 2), "web_form").await;
    let ((_, lee), (_, kim)) = (office.agent("lee").await, office.agent("kim").await);
    let made_up = Dispose::of(lead(2), Uuid::from_u128(5), Disposition::NoAnswer);
    assert_eq!(code(office.actions.run(&lee, &made_up).await), "lease_lost", "whom nobody had taken");

    let first = office.actions.run(&lee, &TakeLead { lead: lead(1) }).await.unwrap();
    office.dispose(&lee, &first, Disposition::NoAnswer).await;
    let more = |how| Dispose::of(first.lead, first.lease, how);
    assert_eq!(code(office.actions.run(&lee, &more(Disposition::Answered)).await), "lease_lost");
    assert_eq!(code(office.actions.run(&kim, &more(Disposition::NotInterested)).await), "lease_lost");
    assert_eq!(office.count("select count(*) from touch").await, 1);

    // What a colleague agreed meanwhile stands, and is told.
    let back = |days: &str| Some(NextWish { when: days.parse().unwrap(), why: "asked for it".to_owned() });
    let first = office.actions.run(&lee, &TakeLead { lead: lead(2) }).await.unwrap();
    office.actions.run(&lee, &LeaveLead { lead: first.lead, lease: first.lease }).await.unwrap();
    let theirs = office.actions.run(&kim, &TakeLead { lead: lead(2) }).await.unwrap();
    let agreed = Dispose { next: back("30d"), ..Dispose::of(theirs.lead, theirs.lease, Disposition::CallBack) };
    office.actions.run(&kim, &agreed).await.unwrap();
    let late = Dispose { next: back("60d"), ..Dispose::of(first.lead, first.lease, Disposition::CallBack) };
    let Err(Refusal::Conflict { code: "lease_lost", message }) = office.actions.run(&lee, &late).await else {
        panic!("a colleague's promise was replaced")
    };
    assert!(message.contains("kim") && message.contains("call_back") && message.contains("agreed for"), "{message}");
    assert_eq!(office.count("select count(*) from promise where agreed and state = 'moved'").await, 0);
}

#[tokio::test]
async fn a_lease_that_went_silent_is_the_agents_as_long_as_nobody_else_took_the_lead() {
    let (office, lee, opened) = one_lead_open().await;
    office.sql("update desk_lease set leased_until = clock_timestamp() - interval '1 second'".to_owned()).await;
    office.dispose(&lee, &opened, Disposition::NoAnswer).await;
    assert_eq!(office.count("select count(*) from touch").await, 1);
}

#[tokio::test]
async fn the_same_request_again_is_the_same_touch_without_an_id_of_its_own_too() {
    let (office, lee, opened) = one_lead_open().await;
    let note = Some("rang out".to_owned());
    let said = Dispose { note, ..Dispose::of(opened.lead, opened.lease, Disposition::NoAnswer) };
    let at_once = futures::future::join_all((0..3).map(|_| office.actions.run(&lee, &said))).await;
    let touches: Vec<_> = at_once.into_iter().map(|done| done.unwrap().touched).collect();
    assert!(touches.iter().all(|touched| touched.touch == touches[0].touch), "{touches:?}");
    assert_eq!(touches.iter().filter(|touched| !touched.is_repeated).count(), 1, "{touches:?}");
    let later = office.actions.run(&lee, &said).await.unwrap();
    assert!(later.touched.is_repeated && later.undo_until.is_some());
    assert_eq!(office.count("select touches::bigint from lead").await, 1);
    let other = Dispose { note: Some("rang out twice".to_owned()), ..said.clone() };
    assert_eq!(code(office.actions.run(&lee, &other).await), "lease_lost");
    // The same of a lead that is over by now, as a disposition itself can end one.
    office.sql("update lead set stage = 'closed', closed_at = created_at, closed_reason = 'cold'".to_owned()).await;
    assert!(office.actions.run(&lee, &said).await.unwrap().touched.is_repeated);
}

#[tokio::test]
async fn the_note_of_whoever_has_a_lead_open_that_ends_is_kept_with_it() {
    let (office, lee, opened) = one_lead_open().await;
    let draft = SaveDraft {
        lead: opened.lead,
        note: Some("likes gardens".to_owned()),
        answers: Some(serde_json::Map::new()),
        version: 1,
        touch: None,
    };
    office.actions.run(&lee, &draft).await.unwrap();
    assert_eq!(why_over(&office.actions, &lee, opened.lead).await.unwrap(), None);
    let close = CloseLead { lead: opened.lead, why: "bought elsewhere".to_owned() };
    office.actions.run(&operator(), &close).await.unwrap();
    let over = why_over(&office.actions, &lee, opened.lead).await.unwrap();
    assert_eq!(over.as_deref(), Some("bought elsewhere"));
    let answered = PreviewRequest {
        lead: opened.lead,
        answer: Vec::new(),
        disposition: Some(Disposition::Answered),
        phone: None,
        next: None,
    };
    let said = preview(&office.actions, &lee, &answered).await.unwrap();
    assert_eq!(said.over.as_deref(), Some("bought elsewhere"), "nothing is said to be taken back");
    let answered = Dispose::of(opened.lead, opened.lease, Disposition::Answered);
    assert_eq!(code(office.actions.run(&lee, &answered).await), "closed");
    let late = KeepLateNote {
        lead: opened.lead,
        lease: opened.lease,
        note: "likes gardens".to_owned(),
        typed: serde_json::Map::new(),
        version: None,
        touch: None,
    };
    assert_eq!(office.actions.run(&lee, &late).await.unwrap(), Some(opened.lead));
    assert_eq!(office.count("select count(*) from note where text = 'likes gardens' and by = 'lee'").await, 1);
    assert_eq!(office.count("select count(*) from desk_lease").await, 0);
    assert!(draft_of(&office.actions, &lee, opened.lead).await.unwrap().is_none());
    assert_eq!(office.count("select count(*) from touch").await, 0, "it is no call");
}

#[tokio::test]
async fn nobody_takes_a_lead_by_name_while_a_manager_looks_at_its_consent() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 1), "web_form").await;
    let ((_, lee), (_, kim)) = (office.agent("lee").await, office.agent("kim").await);
    let opened = office.next(&lee).await.unwrap();
    office.dispose(&lee, &opened, Disposition::NeverEnquired).await;
    for actor in [&lee, &kim] {
        assert_eq!(code(office.actions.run(actor, &TakeLead { lead: lead(1) }).await), "review");
    }
    office.sql("delete from regrade".to_owned()).await;
    let judged = JudgeConsent { lead: lead(1), holds: true, why: "read the form".to_owned() };
    office.actions.run(&operator(), &judged).await.unwrap();
    assert_eq!(office.count("select count(*) from regrade").await, 1, "what was kept back is decided anew");
    office.actions.run(&kim, &TakeLead { lead: lead(1) }).await.unwrap();
}

#[tokio::test]
async fn a_slip_that_opened_a_review_is_taken_back_and_the_lead_is_open_again() {
    let (office, lee, opened) = one_lead_open().await;
    let touch = office.dispose(&lee, &opened, Disposition::NeverEnquired).await;
    let undone = office.actions.run(&lee, &UndoDisposition { touch }).await.unwrap();
    assert_eq!(undone.held.map(|held| held.lead), Some(lead(1)));
}

#[tokio::test]
async fn a_conversation_counts_until_the_next_one_and_tries_in_vain_say_nothing() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 1), "web_form").await;
    let kept = async || {
        let standing = office.actions.store.begin().await.unwrap().handover_standings(&[lead(1)]).await.unwrap();
        standing[0].kept_back.map(|kept| kept.word())
    };
    let touched = async |disposition| {
        assert!(office.actions.clock.advance(SignedDuration::from_secs(1)));
        let touch = TouchLead { touch: None, lead: lead(1), disposition, answer: Vec::new(), note: None, next: None };
        office.actions.run(&operator(), &touch).await.unwrap();
    };
    assert_eq!(kept().await, None);
    touched(Disposition::NotInterested).await;
    assert_eq!(kept().await, Some("not_interested"));
    touched(Disposition::Voicemail).await;
    touched(Disposition::Note).await;
    assert_eq!(kept().await, Some("not_interested"));
    touched(Disposition::Answered).await;
    assert_eq!(kept().await, None);
    touched(Disposition::NotInterested).await;
    let enquired = "update lead set last_enquiry_at = last_enquiry_at + interval '1 day'";
    office.sql(enquired.to_owned()).await;
    assert_eq!(kept().await, None, "they enquired again");
    touched(Disposition::NeverEnquired).await;
    assert_eq!(kept().await, Some("review"));
}

#[tokio::test]
async fn a_number_is_dialed_by_whoever_has_the_lead_open_and_by_others_when_they_say_so() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 1), "web_form").await;
    let ((_, lee), (_, kim)) = (office.agent("lee").await, office.agent("kim").await);
    office.next(&lee).await.unwrap();
    let dial = |number: u128, anyway| DialCall {
        call: CallId::from_uuid(Uuid::from_u128(number)),
        lead: lead(1),
        number: None,
        anyway,
    };
    assert_eq!(fields(office.actions.run(&kim, &dial(1, false)).await), ["anyway"]);
    assert_eq!(office.count("select count(*) from call").await, 0);
    office.actions.run(&lee, &dial(2, false)).await.unwrap();
    office.actions.run(&kim, &dial(1, true)).await.unwrap();
    let audited = office.audit_of(lead(1)).await;
    let against: Vec<_> = audited.iter().filter_map(|one| one.after.as_ref()?.get("anyway")).collect();
    assert_eq!(against, [&serde_json::json!(["lease"])]);
}

/// What a tab saves of a lead.
fn draft(lead: LeadId, note: &str, version: i64, touch: u128) -> SaveDraft {
    let touch = Some(Uuid::from_u128(touch));
    SaveDraft { lead, note: Some(note.to_owned()), answers: Some(serde_json::Map::new()), version, touch }
}

#[tokio::test]
async fn a_disposition_drops_the_draft_that_it_commits_and_no_newer_one_of_another_tab() {
    let (office, lee, opened) = one_lead_open().await;
    let note = async || draft_of(&office.actions, &lee, opened.lead).await.unwrap().map(|draft| draft.note);
    office.actions.run(&lee, &draft(opened.lead, "tab one", 1, 1)).await.unwrap();
    office.actions.run(&lee, &draft(opened.lead, "tab one PLUS wife Ann decides", 2, 2)).await.unwrap();
    let first = Dispose {
        touch: Some(Uuid::from_u128(1)),
        note: Some("tab one".to_owned()),
        version: Some(1),
        ..Dispose::of(opened.lead, opened.lease, Disposition::NoAnswer)
    };
    let done = office.actions.run(&lee, &first).await.unwrap();
    assert!(done.keeps_draft, "what the second tab was told is saved stays");
    assert_eq!(note().await.as_deref(), Some("tab one PLUS wife Ann decides"));
    assert!(office.actions.run(&lee, &first).await.unwrap().keeps_draft, "told again");

    // Taken back, both are there: what was committed stands in the newer one already.
    let undo = UndoDisposition { touch: done.touched.touch };
    let open = office.actions.run(&lee, &undo).await.unwrap().held.unwrap();
    assert_eq!(note().await.as_deref(), Some("tab one PLUS wife Ann decides"));
    let other =
        Dispose { note: Some("rang out".to_owned()), ..Dispose::of(open.lead, open.lease, Disposition::NoAnswer) };
    let done = office.actions.run(&lee, &other).await.unwrap();
    let undo = UndoDisposition { touch: done.touched.touch };
    let open = office.actions.run(&lee, &undo).await.unwrap().held.unwrap();
    assert_eq!(note().await.as_deref(), Some("rang out\ntab one PLUS wife Ann decides"), "neither is lost");

    // The page that commits has saved it last: what it typed since goes with it.
    office.actions.run(&lee, &draft(open.lead, "half a wo", 9, 9)).await.unwrap();
    let own = Dispose {
        touch: Some(Uuid::from_u128(9)),
        note: Some("half a word".to_owned()),
        ..Dispose::of(open.lead, open.lease, Disposition::NoAnswer)
    };
    assert!(!office.actions.run(&lee, &own).await.unwrap().keeps_draft);
    assert_eq!(note().await, None);
}

#[tokio::test]
async fn what_was_said_stays_said_once_it_is_taken_back_beside_a_draft_with_blank_fields() {
    let (office, lee, opened) = one_lead_open().await;
    let map = |value: serde_json::Value| value.as_object().cloned();
    let blank = map(serde_json::json!({"budget": "", "area": []}));
    let noted = SaveDraft { answers: blank, ..draft(opened.lead, "wife Ann decides", 1, 2) };
    office.actions.run(&lee, &noted).await.unwrap();
    let said = map(serde_json::json!({"budget": "450000", "area": ["Lakeview"]}));
    let first = Dispose {
        touch: Some(Uuid::from_u128(1)),
        draft: said.clone(),
        version: Some(0),
        ..Dispose::of(opened.lead, opened.lease, Disposition::NoAnswer)
    };
    let done = office.actions.run(&lee, &first).await.unwrap();
    assert!(done.keeps_draft);
    office.actions.run(&lee, &UndoDisposition { touch: done.touched.touch }).await.unwrap();
    let stored = draft_of(&office.actions, &lee, opened.lead).await.unwrap().unwrap();
    assert_eq!((stored.note.as_str(), Some(stored.answers)), ("wife Ann decides", said));
}

#[tokio::test]
async fn what_is_kept_of_a_lead_that_was_lost_is_said_only_where_it_is_so() {
    let (office, lee, opened) = one_lead_open().await;
    office.actions.run(&lee, &LeaveLead { lead: opened.lead, lease: opened.lease }).await.unwrap();
    let words = async |note: &str| {
        let note = Some(note.to_owned());
        let late = Dispose { note, ..Dispose::of(opened.lead, opened.lease, Disposition::NoAnswer) };
        let Err(Refusal::Conflict { message, .. }) = office.actions.run(&lee, &late).await else { panic!("saved") };
        message
    };
    assert!(words("words that matter").await.contains("what was sent is kept nowhere"));
    office.actions.run(&lee, &draft(opened.lead, "other words", 1, 1)).await.unwrap();
    assert!(
        words("words that matter").await.contains("your draft is kept as it is, and what was sent now is not in it")
    );
    assert!(words("other words").await.contains("what you typed is kept as your draft"));
}

#[tokio::test]
async fn what_is_not_named_of_a_draft_stays() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 1), "web_form").await;
    let (_, lee) = office.agent("lee").await;
    office.actions.run(&lee, &draft(lead(1), "likes gardens", 1, 1)).await.unwrap();
    let answers = serde_json::json!({"budget": "450000"});
    let answers = answers.as_object().cloned();
    let more = SaveDraft { note: None, answers: answers.clone(), ..draft(lead(1), "", 2, 1) };
    office.actions.run(&lee, &more).await.unwrap();
    let emptied = SaveDraft { answers: None, ..draft(lead(1), "", 3, 1) };
    let kept = async || draft_of(&office.actions, &lee, lead(1)).await.unwrap().unwrap();
    let stored = kept().await;
    assert_eq!((stored.note.as_str(), Some(stored.answers)), ("likes gardens", answers.clone()));
    office.actions.run(&lee, &emptied).await.unwrap();
    let stored = kept().await;
    assert_eq!((stored.note.as_str(), Some(stored.answers)), ("", answers));
}

#[tokio::test]
async fn two_savings_at_once_that_name_other_parts_lose_neither() {
    let office = desk(8).await;
    let acme = office.client("Acme").await.id;
    office.leads(acme, (1, 1), "web_form").await;
    let (_, lee) = office.agent("lee").await;
    let (scope, store) = (lee.scope(), &office.actions.store);
    let of = DraftRef { user: lee.user_id().unwrap(), lead: lead(1) };
    let saved_at = office.actions.clock.now();
    let change = |version| DraftChange { of, note: None, answers: None, saved_at, version, touch: None };
    let answers = serde_json::json!({"budget": "450000"});
    let (mut one, mut two) = (store.begin().await.unwrap(), store.begin().await.unwrap());
    let first = DraftChange { note: Some("wife decides"), ..change(3) };
    assert!(one.desk_draft_save(scope, &first).await.unwrap().is_some());
    let second = DraftChange { answers: answers.as_object(), ..change(4) };
    let (kept, ()) = tokio::join!(two.desk_draft_save(scope, &second), async { one.commit().await.unwrap() });
    let kept = kept.unwrap().unwrap();
    assert_eq!(
        (kept.note.as_str(), kept.answers.get("budget"), kept.version),
        ("wife decides", answers.get("budget"), 4)
    );
    assert!(two.desk_draft_save(scope, &first).await.unwrap().is_none(), "an older one replaces no newer");
    two.commit().await.unwrap();
}
