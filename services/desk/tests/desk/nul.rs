//! The character NUL, which the database keeps in no text, in every parameter of every address that takes some.

use std::fmt::Write as _;

use ripen_domain::{
    actor::UserRole,
    id::{ArrivalId, LeadId},
};
use uuid::Uuid;

use crate::harness::app;

#[tokio::test]
async fn nul_in_a_parameter_is_refused_at_every_address() {
    let app = app().await;
    let acme = app.client("acme").await;
    let admin = app.browser(app.user(UserRole::Admin, None).await.id).await;
    let lead = LeadId::from_uuid(app.waiting(&acme, "+13125550142").await).to_string();
    let bearer = format!("Bearer {}", acme.token);
    let document = serde_json::to_value(ripen_desk::openapi()).unwrap();
    let mut findings = String::new();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(operation) = item.get("get") else { continue };
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters.iter().filter(|one| one["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let address = path
                .replace("{list}", "dead")
                .replace("{decision}", "none")
                .replace("/leads/entered/{id}", &format!("/leads/entered/{}", ArrivalId::from_uuid(Uuid::nil())))
                .replace("{id}", &lead);
            let address = format!("{address}?{name}=%00");
            let mut headers = vec![("sec-fetch-site", "same-origin")];
            match path.starts_with("/v1/") {
                true => headers.push(("authorization", bearer.as_str())),
                false => headers.push(("cookie", admin.cookie.as_str())),
            }
            let answer = app.send("GET", &address, &headers, "").await;
            asked += 1;
            // Files with a fixed address and signed links read what they know and pass over the rest; nowhere it reaches the database.
            let passes_over = ["/assets/", "/o/", "/r/"].iter().any(|start| path.starts_with(start));
            if answer.status.as_u16() >= 500 || answer.status != 400 && !passes_over {
                let _ = writeln!(findings, "{address}: {} {}", answer.status, answer.text);
            }
        }
    }
    assert!(asked > 20, "the description names what addresses take");
    assert!(findings.is_empty(), "{findings}");
}
