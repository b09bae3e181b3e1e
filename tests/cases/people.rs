//! Cases 35 and 40: who must not be contacted, whatever name and way they come in by, and two people at one address.

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use super::{Front, text};
use crate::harness::{LIMIT, audit::delivered};

const FIRST: &str = r#"{"external_id": "c35-1", "name": "Uma Example", "phone": "415.555.0118", "email": "uma@example.com",
    "answers": {"timeframe_days": 20, "budget": 450000, "preapproved": true}}"#;
const AGAIN: &str = r#"{"external_id": "c35-2", "name": "Uma Example", "phone": "(415) 555-0118", "email": "uma.new@example.com",
    "answers": {"timeframe_days": 20, "budget": 450000, "preapproved": true}}"#;
const LIST: &str = "external_id,name,phone,email,answers.timeframe_days,answers.budget,answers.preapproved
c35-3,Uma Example,14155550118,UMA@EXAMPLE.COM,20,450000,yes
c35-4,Val Example,415-555-0119,val@example.com,20,450000,yes
";

#[tokio::test(flavor = "multi_thread")]
async fn c35_who_asked_not_to_be_contacted_is_left_alone_whatever_they_come_back_by() {
    let front = Front::new().await;
    let installation = &front.scenario.installation;
    let first = front.post(FIRST).await.remove(0);
    front.payload(&first).await;
    delivered(installation).await;
    front.scenario.touch(&text(&first["lead"]), &["--disposition", "do_not_contact"]).await;
    let closed = "select count(*) from lead where stage = 'closed'";
    until("it is closed", LIMIT, || async { (installation.count(closed).await == 1).then_some(()) }).await;
    let again = front.post(AGAIN).await.remove(0);
    // The number under another name, and with what one writes around numbers.
    let other_name = r#"{"external_id": "c35-5", "name": "Robin Other", "phone": "+1 415 555 0118 (cell)", "email": "robin@example.com",
        "answers": {"timeframe_days": 20, "budget": 450000, "preapproved": true}}"#;
    let other = front.post(other_name).await.remove(0);
    let report = front.import("35-list.csv", LIST).await;
    assert_eq!((&report["received"], &report["refused"]), (&json!(2), &json!(0)), "{report}");
    let val = until("Val is worked", LIMIT, || async {
        let listed = installation.json(&["lead", "list", "--email", "val@example.com"]).await;
        listed[0]["lead"].as_str().map(str::to_owned)
    })
    .await;
    front.payload(&json!({"lead": val})).await;
    // All of them are kept.
    let kept = "select count(*) from arrival where external_id like 'c35-%' and lead_id is not null";
    until("all are stored", LIMIT, || async { (installation.count(kept).await == 5).then_some(()) }).await;
    for arrival in [&first, &again, &other] {
        let lead = front.lead(arrival).await;
        assert_eq!((&lead["stage"], lead["grade"] == "A"), (&json!("closed"), false), "{lead:#}");
    }
    let graded = "select count(*) from lead where grade = 'A'";
    assert_eq!(installation.count(graded).await, 1, "Val alone");
    assert_eq!(installation.count("select count(*) from maturation").await, 2, "Uma before she asked, and Val");
    let work = installation.json(&["promise", "list"]).await;
    let of_others = work.as_array().unwrap().iter().filter(|one| one["lead"] != json!(val)).count();
    assert_eq!(of_others, 0, "{work:#}");
    assert_eq!(front.scenario.process.stop().await, Some(0));
}

const TOGETHER: &str = r#"[
    {"external_id": "c40-1", "first_name": "Paul", "last_name": "Example", "email": "family@example.com", "phone": "415-555-0121",
     "answers": {"timeframe_days": 20}},
    {"external_id": "c40-2", "first_name": "Petra", "last_name": "Example", "email": "family@example.com", "phone": "415-555-0122",
     "answers": {"timeframe_days": 300}},
    {"external_id": "c40-3", "first_name": "Amelia", "last_name": "Earhart", "email": "amelia.e@example.com"},
    {"external_id": "c40-4", "first_name": "Amelia", "last_name": "Bedelia", "email": "amelia.b@example.com"}]"#;

/// The newest answer to a question.
fn answer(lead: &Value, question: &str) -> Vec<Value> {
    let answers = lead["answers"].as_array().unwrap().iter().filter(|one| one["question"] == question);
    answers.map(|one| one["answer"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn c40_two_people_at_one_address_keep_what_is_their_own() {
    let front = Front::new().await;
    let mut leads = Vec::new();
    // Once more and in the other order of people, too: who comes back is who they were.
    for arrival in front.post(TOGETHER).await {
        leads.push(front.lead(&arrival).await);
    }
    let [paul, petra, earhart, bedelia] = &leads[..] else { panic!("four leads") };
    assert_eq!((answer(paul, "timeframe_days"), answer(petra, "timeframe_days")), (vec![json!(20)], vec![json!(300)]));
    for (lead, name, phone) in [(paul, "Paul Example", "+14155550121"), (petra, "Petra Example", "+14155550122")] {
        assert_eq!((&lead["name"], &lead["phone"]), (&json!(name), &json!(phone)));
    }
    assert_ne!(paul["person"], petra["person"]);
    assert_eq!(
        (&petra["household"][0]["name"], &petra["household"][0]["phone"]),
        (&json!("Paul Example"), &json!("+14155550121"))
    );
    assert_ne!((&earhart["person"], &earhart["lead"]), (&bedelia["person"], &bedelia["lead"]));
    assert_eq!((&earhart["name"], &bedelia["name"]), (&json!("Amelia Earhart"), &json!("Amelia Bedelia")));
    assert_eq!(earhart["household"].as_array().map(Vec::len), Some(0), "one first name makes no household");
    let back = front
        .post(r#"[{"external_id": "c40-5", "name": "Petra Example", "email": "family@example.com", "answers": {"timeframe_days": 250}}]"#)
        .await;
    assert_eq!(back[0]["lead"], petra["lead"]);
    let paul = front.scenario.installation.json(&["lead", "show", &text(&paul["lead"])]).await;
    assert_eq!(answer(&paul, "timeframe_days"), [json!(20)], "hers are not his");
    assert_eq!(front.scenario.process.stop().await, Some(0));
}
