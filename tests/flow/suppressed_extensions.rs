//! Extensions of a suppressed number, and numbers that lead to somebody else.

use ripen_testkit::wait::until;
use serde_json::json;

use super::suppression::{a_lead, lead_of, scenario};
use crate::harness::LIMIT;

/// Behind a switchboard are many: who asks names their own extension, and the number alone stands for all of them.
#[tokio::test(flavor = "multi_thread")]
async fn an_extension_is_suppressed_alone_and_a_number_with_every_extension() {
    let scenario = scenario().await;
    scenario.installation.json(&["suppress", "add", "--phone", "+14155550118 x12", "--why", "rang and asked"]).await;
    scenario.installation.json(&["suppress", "add", "--phone", "+14155550119", "--why", "rang and asked"]).await;
    for (phone, suppressed) in [
        ("+14155550118 x12", true),
        ("+14155550118 x13", false),
        ("+14155550118", false),
        ("+14155550119 x12", true),
        ("+14155550119", true),
    ] {
        let check = scenario.installation.json(&["suppress", "check", "--phone", phone]).await;
        assert_eq!(check["suppressed"], suppressed, "{phone}: {check:#}");
    }
    assert_eq!(scenario.process.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_leads_to_a_stranger_does_not_come_back_as_a_second_one() {
    let scenario = scenario().await;
    let mut uma = a_lead("Uma Example", "+14155550118");
    uma["email"] = json!("uma@example.com");
    scenario.post(&uma).await;
    scenario.receiver.wait_for(1, LIMIT).await;
    let lead = lead_of(&scenario, "uma@example.com").await;
    scenario.touch(&lead, &["--disposition", "wrong_number"]).await;
    for (place, phone) in
        ["415-555-0119 / 415-555-0118", "415-555-0119, (415) 555-0117 or 415 555 0118"].iter().enumerate()
    {
        let again = json!({"name": "Uma Example", "email": "uma@example.com", "phone": phone, "notes": format!("again {place}")});
        scenario.post(&again).await;
        let told = until("the arrival is worked", LIMIT, || async {
            let graded = scenario.installation.count("select count(*) from arrival where state = 'graded'").await;
            if usize::try_from(graded).unwrap() != place + 2 {
                return None;
            }
            Some(scenario.installation.json(&["lead", "show", &lead]).await["flags"].to_string())
        })
        .await;
        assert!(told.contains("wrong_number") && told.contains("ends in 18") && !told.contains("0118"), "{told}");
    }
    assert_eq!(scenario.process.stop().await, Some(0));
}
