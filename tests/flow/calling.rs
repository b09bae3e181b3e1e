//! Rules of calling that do not count: the audit knows of each that a process loosens, and why.

use serde_json::{Value, json};

use crate::harness::{Installation, Kind};

async fn noted(installation: &Installation) -> Vec<Value> {
    let listed = installation.json(&["audit", "list", "--object", "calling"]).await;
    let shown = |entry: &Value| json!([entry["action"], entry["actor"], entry["before"], entry["after"]]);
    listed.as_array().unwrap().iter().map(shown).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_loosened_is_in_the_audit_with_its_reason_once() {
    let mut installation = Installation::new(Kind::Local).await;
    let process = installation.serve("").await;
    assert_eq!(process.stop().await, Some(0));
    assert_eq!(noted(&installation).await, Vec::<Value>::new(), "nothing was ever loosened");
    let utah = "US-UT holidays: they asked for the call";
    installation.set("CALLING__LOOSEN", utah);
    for _ in 0..2 {
        let process = installation.serve("").await;
        assert_eq!(process.stop().await, Some(0));
    }
    let first = json!(["calling.loosen", "system:qualifier", null, {"loosened": [utah]}]);
    assert_eq!(noted(&installation).await, std::slice::from_ref(&first), "the second start says nothing new");
    let in_writing = "US-UT holidays: they said so in writing";
    installation.set("CALLING__LOOSEN", in_writing);
    let process = installation.serve("").await;
    assert_eq!(process.stop().await, Some(0));
    let second = json!(["calling.loosen", "system:qualifier", {"loosened": [utah]}, {"loosened": [in_writing]}]);
    assert_eq!(noted(&installation).await, [second, first]);
}
