//! Who a person is, and whether anybody may contact them: suppression, families at one number, names spelled in many ways, a second
//! A lead of one number.

use ripen_testkit::wait::until;
use serde_json::{Value, json};

use crate::harness::{
    LIMIT,
    audit::delivered,
    scenario::{Plan, Scenario},
};

/// A client with a webhook that is told of suppressions; desk's maturations go out at once.
async fn scenario() -> Scenario {
    let plan = Plan::new().await.always_open().set("QUALIFIER__UNDO_S", "0").set("QUALIFIER__SWEEP_INTERVAL_MS", "50");
    plan.webhook("/hook", &[], &["--events", "lead.matured,lead.suppressed"]).serve().await
}

fn person(name: &str, phone: &str, email: &str) -> Value {
    let mut lead = json!({"name": name, "answers": {"timeframe_days": 20}});
    for (field, value) in [("phone", phone), ("email", email)] {
        if !value.is_empty() {
            lead[field] = json!(value);
        }
    }
    lead
}

/// Posts a lead and waits until it is decided.
async fn decided(scenario: &Scenario, body: &Value) {
    let before = scenario.installation.count("select count(*) from decision").await;
    scenario.post(body).await;
    scenario.decided(before + 1).await;
}

async fn leads(scenario: &Scenario, by: [&str; 2]) -> Vec<Value> {
    let listed = scenario.installation.json(&["lead", "list", by[0], by[1]]).await;
    listed.as_array().unwrap().clone()
}

/// The lead of whoever has this address, as soon as there is one.
async fn lead_of(scenario: &Scenario, email: &str) -> Value {
    let listed = || async { leads(scenario, ["--email", email]).await.first().map(|lead| lead["lead"].clone()) };
    until("there is a lead", LIMIT, listed).await
}

async fn show(scenario: &Scenario, lead: &Value) -> Value {
    scenario.installation.json(&["lead", "show", lead.as_str().unwrap()]).await
}

async fn becomes(scenario: &Scenario, what: &str, lead: &Value, wanted: impl Fn(&Value) -> bool) -> Value {
    until(what, LIMIT, || async {
        let shown = show(scenario, lead).await;
        wanted(&shown).then_some(shown)
    })
    .await
}

fn is_sent(lead: &Value) -> bool {
    lead["deliveries"].as_array().unwrap().iter().any(|one| one["state"] == "delivered")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_not_to_be_contacted_is_left_alone_whatever_name_it_comes_with() {
    let scenario = scenario().await;
    scenario.post(&person("Uma Example", "415.555.0118", "uma@example.com")).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    let lead = leads(&scenario, ["--email", "uma@example.com"]).await[0]["lead"].clone();
    scenario.touch(lead.as_str().unwrap(), &["--disposition", "do_not_contact"]).await;
    let closed = becomes(&scenario, "it is closed", &lead, |lead| lead["stage"] == "closed").await;
    assert_eq!(closed["grade"], "C", "{closed:#}");
    assert_eq!(closed["suppressed"], "the person asked not to be contacted");
    scenario.receiver.wait_for(2, LIMIT).await;
    assert_eq!(scenario.receiver.received()[1].json()["type"], "lead.suppressed");

    for (name, phone, email) in [
        ("Uma Example", "(415) 555-0118", "uma.new@example.com"),
        ("Uma Example", "", "UMA@EXAMPLE.COM"),
        ("Uma Example", "", "uma.new@example.com"),
        ("Robin Other", "+14155550118", "robin@example.com"),
    ] {
        decided(&scenario, &person(name, phone, email)).await;
    }
    let open = "select count(*) from lead where stage <> 'closed' or grade = 'A'";
    assert_eq!(scenario.installation.count(open).await, 0);
    assert_eq!(scenario.installation.count("select count(*) from maturation").await, 1);
    assert_eq!(scenario.installation.json(&["promise", "list"]).await, json!([]));
    let check = scenario.installation.json(&["suppress", "check", "--email", "uma.new@example.com"]).await;
    assert_eq!(check["suppressed"], true, "what she is newly reached under is hers too");
    let check = scenario.installation.json(&["suppress", "check", "--email", "robin@example.com"]).await;
    assert_eq!(check["suppressed"], false, "somebody else at the number asked for nothing");

    // Of a lead that is closed already it can still be said, once more or for the first time.
    scenario.touch(lead.as_str().unwrap(), &["--disposition", "do_not_contact"]).await;
    scenario.post(&person("Val Example", "415-555-0119", "val@example.com")).await;
    scenario.receiver.wait_for(3, LIMIT).await;
    assert_eq!(scenario.receiver.received()[2].json()["data"]["lead"]["email"], "val@example.com");
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_closes_what_is_open_and_what_is_lifted_may_be_contacted_again() {
    let scenario = scenario().await;
    scenario.post(&person("Ann Example", "+14155550130", "")).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    let lead = scenario.receiver.received()[0].json()["data"]["lead"]["id"].clone();
    let file = scenario.installation.folder().join("list.csv");
    std::fs::write(&file, "name,phone,email\nAnn,(415) 555-0130,\nBo,,bo@example.com\nCy,,\n").unwrap();
    let import = |more: &'static [&'static str]| {
        let file = file.to_str().unwrap().to_owned();
        let (scenario, words) =
            (&scenario, ["suppress", "import", "--client", "acme", "--why", "the list of May", "--json"]);
        async move {
            let output = scenario.installation.run(&[&words[..], &[&file], more].concat()).await;
            assert_eq!(output.status.code(), Some(1), "a row holds nothing");
            assert!(String::from_utf8_lossy(&output.stderr).contains("line 4"), "{output:?}");
            serde_json::from_slice::<Value>(&output.stdout).unwrap()
        }
    };
    let dry = import(&["--dry-run"]).await;
    assert_eq!((&dry["added"], &dry["unreadable"]), (&json!(2), &json!(1)), "{dry:#}");
    assert_eq!(scenario.installation.count("select count(*) from suppression").await, 0);
    let done = import(&[]).await;
    assert_eq!((&done["added"], &done["rows"]), (&json!(2), &json!(3)), "{done:#}");
    assert_eq!(import(&[]).await["added"], 0, "again changes nothing");

    becomes(&scenario, "what was open is closed", &lead, |lead| lead["stage"] == "closed").await;
    decided(&scenario, &person("Bo Example", "", "bo@example.com")).await;
    assert_eq!(
        scenario.installation.count("select count(*) from lead where grade = 'A' and stage <> 'closed'").await,
        0
    );
    let told = "select count(*) from delivery where event = 'lead.suppressed'";
    until("who has it is told", LIMIT, || async { (scenario.installation.count(told).await == 1).then_some(()) }).await;

    let both = ["suppress", "add", "--client", "acme", "--phone", "415-555-0133 / 415-555-0199", "--why", "asked"];
    assert_eq!(scenario.installation.json(&both).await["added"], 2, "each number of a text");

    let lift = ["suppress", "lift", "--email", "bo@example.com", "--client", "acme", "--why", "wrote to us"];
    assert_eq!(scenario.installation.json(&lift).await["lifted"], true);
    assert!(scenario.refused(&lift).await.contains("not suppressed"));
    // Not word for word what came a moment ago: that would be the same enquiry.
    let mut again = person("Bo Example", "", "bo@example.com");
    again["notes"] = json!("Please call.");
    scenario.post(&again).await;
    scenario.receiver.wait_for(3, LIMIT).await;
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_has_one_lead_however_the_name_is_spelled() {
    let scenario = scenario().await;
    for name in ["Zoë", "Zoe Bronte", "Bronte, Zoë", "Z. Bronte", "Zoe Brnte", "Ms Zoe Brontë", ""] {
        decided(&scenario, &person(name, "+14155550140", "")).await;
    }
    assert_eq!(scenario.installation.count("select count(*) from person").await, 1);
    assert_eq!(scenario.installation.count("select count(*) from maturation").await, 1);
    decided(&scenario, &person("Emil Bronte", "+14155550140", "emil@example.com")).await;
    assert_eq!(scenario.installation.count("select count(*) from person").await, 2);
    // Two who exist are never made one by an enquiry that fits both.
    decided(&scenario, &person("Kim Hill", "+14155550141", "")).await;
    decided(&scenario, &person("Kim Hill", "", "kim@example.com")).await;
    decided(&scenario, &person("Kim Hill", "+14155550141", "kim@example.com")).await;
    assert_eq!(scenario.installation.count("select count(*) from person").await, 4);
    let pairs = scenario.installation.json(&["person", "pairs"]).await;
    assert_eq!((pairs.as_array().unwrap().len(), &pairs[0]["later_name"]), (1, &json!("Kim Hill")), "{pairs:#}");
    let (one, other) = (pairs[0]["earlier"].as_str().unwrap(), pairs[0]["later"].as_str().unwrap());
    let done = scenario.installation.json(&["person", "same", one, other, "--why", "she said so"]).await;
    assert_eq!(done["earlier"], pairs[0]["earlier"]);
    assert_eq!(scenario.installation.json(&["person", "pairs"]).await, json!([]));
    let open = "select count(*) from lead where person_id in (select coalesce(merged_into, id) from person
                where phone = '+14155550141') and stage = 'lead'";
    assert_eq!(scenario.installation.count(open).await, 1);
    assert!(scenario.refused(&["person", "same", one, other, "--why", "again"]).await.contains("no person"));
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_a_of_one_address_waits_for_somebody_to_say_whose_it_is() {
    let scenario = scenario().await;
    scenario.post(&person("Paul Example", "415-555-0121", "family@example.com")).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    decided(&scenario, &person("Petra Example", "415-555-0122", "family@example.com")).await;
    let petra = leads(&scenario, ["--phone", "+14155550122"]).await[0]["lead"].clone();
    let held = becomes(&scenario, "it is held", &petra, |lead| lead["deliveries"][0]["state"] == "held").await;
    assert!(held["deliveries"][0]["reason"].as_str().unwrap().starts_with("perhaps the same person's as lead_"));
    assert_eq!((&held["household"][0]["name"], &held["name"]), (&json!("Paul Example"), &json!("Petra Example")));
    let work = scenario.installation.json(&["promise", "list"]).await;
    assert_eq!((&work[0]["lead"], &work[0]["kind"]), (&petra, &json!("same_person")), "{work:#}");
    // What makes others be routed again changes nothing.
    scenario.installation.json(&["client", "set", "acme", "--capacity", "20"]).await;
    let delivery = held["deliveries"][0]["delivery"].as_str().unwrap();
    scenario.installation.json(&["delivery", "release", delivery, "--why", "spoke with both"]).await;
    scenario.receiver.wait_for(2, LIMIT).await;
    assert_eq!(scenario.receiver.received()[1].json()["data"]["lead"]["phone"], "+14155550122");
    assert_eq!(scenario.installation.json(&["promise", "list"]).await, json!([]));
    assert!(scenario.refused(&["delivery", "release", delivery, "--why", "again"]).await.contains("does not wait"));

    // The same person after all: one lead goes on, and nothing is sent a second time.
    scenario.post(&person("Bill Reed", "415-555-0123", "reed@example.com")).await;
    scenario.receiver.wait_for(3, LIMIT).await;
    delivered(&scenario.installation).await;
    decided(&scenario, &person("Xu Reed", "415-555-0123", "")).await;
    let both = leads(&scenario, ["--phone", "+14155550123"]).await;
    let (second, first) = (&both[0]["lead"], &both[1]["lead"]);
    let same = ["person", "same", first.as_str().unwrap(), second.as_str().unwrap(), "--why", "his nickname"];
    assert_eq!(&scenario.installation.json(&same).await["goes_on"], first);
    let shown = show(&scenario, second).await;
    assert_eq!(
        (&shown["stage"], &shown["deliveries"][0]["state"]),
        (&json!("closed"), &json!("withdrawn")),
        "{shown:#}"
    );
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_name_at_one_number_with_an_extension_and_without_is_perhaps_one_person() {
    let scenario = scenario().await;
    // Whichever came first.
    let rounds = [["415-555-0127 x12", "415-555-0127"], ["415-555-0128", "415-555-0128 x12"]];
    for (round, [first, second]) in rounds.into_iter().enumerate() {
        scenario.post(&person("Kim Hill", first, &format!("kim{round}@example.com"))).await;
        scenario.receiver.wait_for(1 + 2 * round, LIMIT).await;
        delivered(&scenario.installation).await;
        let email = format!("hill{round}@example.com");
        decided(&scenario, &person("K. Hill", second, &email)).await;
        let lead = leads(&scenario, ["--email", &email]).await[0]["lead"].clone();
        let held = becomes(&scenario, "it is held", &lead, |lead| lead["deliveries"][0]["state"] == "held").await;
        assert!(held["deliveries"][0]["reason"].as_str().unwrap().starts_with("perhaps the same person's as lead_"));
        let pairs = scenario.installation.json(&["person", "pairs"]).await;
        assert_eq!(pairs.as_array().unwrap().len(), 1, "{pairs:#}");
        assert_eq!(pairs[0]["why"], "one name at one number, with an extension and without");
        let (one, other) = (pairs[0]["earlier"].as_str().unwrap(), pairs[0]["later"].as_str().unwrap());
        scenario.installation.json(&["person", "different", one, other, "--why", "two desks"]).await;
        scenario.receiver.wait_for(2 + 2 * round, LIMIT).await;
        delivered(&scenario.installation).await;
    }
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_extensions_are_two_desks_and_another_name_is_anybody_at_the_switchboard() {
    let scenario = scenario().await;
    let behind = [("Kim Hill", "415-555-0129 x12"), ("Kim Hill", "415-555-0129 x13"), ("Sam Roe", "415-555-0129")];
    for (place, (name, phone)) in behind.into_iter().enumerate() {
        scenario.post(&person(name, phone, "")).await;
        scenario.receiver.wait_for(place + 1, LIMIT).await;
        delivered(&scenario.installation).await;
    }
    assert_eq!(scenario.installation.json(&["person", "pairs"]).await, json!([]));
    assert_eq!(scenario.installation.count("select count(*) from person").await, 3);
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_number_the_given_name_and_the_day_of_birth_is_that_person() {
    let scenario = scenario().await;
    let born = |name: &str, born: &str| {
        let mut lead = person(name, "415-555-0131", "");
        lead["date_of_birth"] = json!(born);
        lead
    };
    decided(&scenario, &born("Rita Jones", "1961-03-14")).await;
    decided(&scenario, &born("Rita Smith", "03/14/1961")).await;
    assert_eq!(scenario.installation.count("select count(*) from person").await, 1, "she married");
    decided(&scenario, &born("Rita Miller", "1985-07-02")).await;
    assert_eq!(scenario.installation.count("select count(*) from person").await, 2, "another Rita");
    assert_eq!(scenario.installation.json(&["person", "pairs"]).await, json!([]));
    // A twin, or another name of hers: people decide.
    decided(&scenario, &born("Walter Jones", "1961-03-14")).await;
    assert_eq!(scenario.installation.count("select count(*) from person").await, 3);
    let pairs = scenario.installation.json(&["person", "pairs"]).await;
    assert_eq!((pairs.as_array().unwrap().len(), &pairs[0]["later_name"]), (1, &json!("Walter Jones")), "{pairs:#}");
    assert_eq!(pairs[0]["why"], "reached in one place, and born on one day");
    decided(&scenario, &person("Frank Roe", "415-555-0132", "")).await;
    decided(&scenario, &person("Franka Roe", "415-555-0132", "")).await;
    let pairs = scenario.installation.json(&["person", "pairs"]).await;
    let whys: Vec<_> = pairs.as_array().unwrap().iter().map(|pair| pair["why"].as_str().unwrap()).collect();
    assert!(whys.contains(&"reached in one place, and their names are nearly one"), "{whys:?}");
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_lead_that_came_back_goes_out() {
    let scenario = scenario().await;
    for (round, ends) in ["returned", "lost", "recalled"].into_iter().enumerate() {
        let number = format!("415-555-012{}", 4 + round);
        scenario.post(&person("Ada Lane", &number, &format!("ada{round}@example.com"))).await;
        let first = lead_of(&scenario, &format!("ada{round}@example.com")).await;
        let of_first = becomes(&scenario, "it is sent", &first, is_sent).await["deliveries"][0]["delivery"].clone();
        scenario.post(&person("Otto Lane", &number, &format!("otto{round}@example.com"))).await;
        let second = lead_of(&scenario, &format!("otto{round}@example.com")).await;
        becomes(&scenario, "it waits", &second, |lead| lead["deliveries"][0]["state"] == "held").await;
        let outcome = ["outcome", "add", of_first.as_str().unwrap()];
        match ends {
            "returned" => {
                scenario.installation.json(&[&outcome[..], &["returned", "--reason", "Wrong number"]].concat()).await
            }
            "lost" => scenario.installation.json(&[&outcome[..], &["lost", "--reason", "Withdrew"]].concat()).await,
            _ => scenario.recall(first.as_str().unwrap(), "entered twice").await,
        };
        becomes(&scenario, ends, &second, is_sent).await;
    }
    assert!(scenario.installation.run(&["doctor"]).await.status.success());
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_one_open_lead_whatever_program_the_client_has_meanwhile() {
    let scenario = scenario().await;
    let casey = |note: &str| {
        let mut lead = person("Casey Lee", "415-555-0125", "");
        lead["notes"] = json!(note);
        lead
    };
    scenario.post(&casey("first")).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    delivered(&scenario.installation).await;
    let first = scenario.receiver.received()[0].json()["data"]["delivery"].clone();
    let say = |what: &'static [&'static str]| {
        let words = ["outcome", "add", first.as_str().unwrap()];
        let all = [&words[..], what].concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
        let scenario = &scenario;
        async move { scenario.installation.json(&all.iter().map(String::as_str).collect::<Vec<_>>()).await }
    };
    say(&["won", "--amount", "9000", "--currency", "USD"]).await;
    let other = crate::harness::CRITERIA.replace("name = \"test\"", "name = \"other\"");
    let file = scenario.installation.folder().join("other.toml");
    std::fs::write(&file, other).unwrap();
    scenario.installation.json(&["criteria", "activate", file.to_str().unwrap()]).await;
    scenario.installation.json(&["client", "set", "acme", "--program", "other"]).await;
    decided(&scenario, &casey("second")).await;
    say(&["returned", "--reason", "Fell through", "--confirm"]).await;
    decided(&scenario, &casey("third")).await;
    let open = "select count(*) from lead where stage in ('lead', 'contact', 'opportunity')";
    assert_eq!(scenario.installation.count(open).await, 1);
    assert_eq!(scenario.installation.json(&["dead", "list"]).await, json!([]));
    // And back again, with an open lead.
    scenario.installation.json(&["client", "set", "acme", "--program", "test"]).await;
    decided(&scenario, &casey("fourth")).await;
    assert_eq!(scenario.installation.count(open).await, 1);
    assert!(scenario.installation.run(&["doctor"]).await.status.success());
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_had_no_name_and_no_number_has_those_of_the_other_whole() {
    let scenario = scenario().await;
    decided(&scenario, &json!({"email": "roe@example.com"})).await;
    decided(&scenario, &json!({"first_name": "Petra", "last_name": "Roe", "phone": "415-555-0126 x123"})).await;
    let first = leads(&scenario, ["--email", "roe@example.com"]).await[0]["lead"].clone();
    let second = leads(&scenario, ["--phone", "+14155550126"]).await[0]["lead"].clone();
    let same = ["person", "same", first.as_str().unwrap(), second.as_str().unwrap(), "--why", "she said so"];
    scenario.installation.json(&same).await;
    let shown = show(&scenario, &first).await;
    assert_eq!(
        (&shown["name"], &shown["phone"], &shown["phone_extension"]),
        (&json!("Petra Roe"), &json!("+14155550126"), &json!("123")),
        "{shown:#}"
    );
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_called_by_a_short_form_is_not_taken_for_somebody_whom_it_fits_as_well() {
    let scenario = scenario().await;
    for (name, email) in
        [("Sam Roe", "sr1@example.com"), ("Samuel Roe", "sr2@example.com"), ("Samantha Roe", "sr3@example.com")]
    {
        decided(&scenario, &person(name, "+14155550144", email)).await;
    }
    let [sam, samuel, samantha] = [
        lead_of(&scenario, "sr1@example.com").await,
        lead_of(&scenario, "sr2@example.com").await,
        lead_of(&scenario, "sr3@example.com").await,
    ];
    assert_eq!(sam, samuel);
    assert_ne!(sam, samantha, "she contradicts Samuel, who was said");
    // Over a restart too: the names are kept.
    decided(&scenario, &person("Samantha Roe", "+14155550144", "")).await;
    let persons = "select count(*) from person";
    assert_eq!(scenario.installation.count(persons).await, 2);
    let known = "select count(*) from person where known_as = '{Samuel Roe}'";
    assert_eq!(scenario.installation.count(known).await, 1);
}
