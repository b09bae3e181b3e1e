use ripen_domain::{criteria::*, lead::Channel};
use serde_json::json;
use std::time::Instant;
#[test]
fn speed() {
    let text = include_str!("../../../deploy/criteria/residential-purchase.toml");
    let more: String = (0..6).map(|n| format!("[[rule]]\nid='z{n}'\nwhen='answers.budget > {n} && lead.touches < 9 || answers.must_sell_first'\npoints=1\nbecause='z'\n")).collect();
    let criteria = Criteria::load(&format!("{text}{more}")).unwrap().criteria;
    assert_eq!(criteria.rules().len(), 15);
    let mut facts = Facts::default();
    facts.lead.channel = Channel::Phone;
    facts.lead.verified = true;
    for (id, value) in [
        ("wants", json!("buy")),
        ("timeframe_days", json!(60)),
        ("budget", json!(450000)),
        ("preapproved", json!(true)),
        ("move_date", json!("2027-06-01")),
    ] {
        facts.answers.insert(
            id.into(),
            Answer {
                value,
                at: "2026-11-30T11:00:00Z".parse().unwrap(),
                origin: Origin::Arrival(ripen_domain::id::ArrivalId::from_uuid(uuid::Uuid::from_u128(5))),
            },
        );
    }
    let now = "2026-11-30T12:00:00Z".parse().unwrap();
    let cause = Cause::regrade();
    for (what, json) in [("qualify", false), ("qualify + json", true)] {
        let t = Instant::now();
        let n = 300_000;
        let mut len = 0;
        for _ in 0..n {
            let d = qualify(&facts, &criteria, &cause, now);
            if json {
                len += d.receipt.to_json().len();
            } else {
                len += d.score as usize
            }
        }
        println!("{what}: {:.0}/s ({len})", f64::from(n) / t.elapsed().as_secs_f64());
    }
    let s = qualify(&facts, &criteria, &cause, now).receipt.to_json();
    println!("{} bytes", s.len());
    let t = Instant::now();
    for _ in 0..100 {
        Criteria::load(text).unwrap();
    }
    println!("load {:?}", t.elapsed() / 100);
    let t = Instant::now();
    for _ in 0..10000 {
        replay(&s, &criteria).unwrap();
    }
    println!("replay {:?}", t.elapsed() / 10000);
}
