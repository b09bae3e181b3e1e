//! The description of the HTTP API: served by the desk, valid OpenAPI 3.1, in step with what the process answers, and browsed
//! without a request to anybody else.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Map, Value};

use crate::harness::{Installation, Kind, process::client};

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// Every operation: its path, its method and what is said of it.
fn operations(document: &Value) -> Vec<(&str, &str, &Map<String, Value>)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation.as_object().unwrap()))
    });
    all.collect()
}

/// What is wrong with an operation, if anything.
fn wrong(path: &str, operation: &Map<String, Value>) -> Vec<String> {
    let mut wrong = Vec::new();
    for said in ["summary", "operationId", "tags", "responses"] {
        if operation.get(said).is_none_or(|value| value.as_str() == Some("")) {
            wrong.push(format!("has no {said}"));
        }
    }
    let parameters: Vec<_> = operation.get("parameters").and_then(Value::as_array).into_iter().flatten().collect();
    let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
    let described: BTreeSet<_> = in_path.filter_map(|parameter| parameter["name"].as_str()).collect();
    let named: BTreeSet<_> = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
    if described != named {
        wrong.push(format!("describes the parameters {described:?} of its path"));
    }
    for parameter in parameters {
        if parameter["description"].as_str().is_none_or(str::is_empty) || parameter["schema"].is_null() {
            wrong.push(format!("says nothing of {}", parameter["name"]));
        }
    }
    let responses = operation.get("responses").and_then(Value::as_object).unwrap();
    let good = |status: &String| status.starts_with('2') || status.starts_with('3');
    if !responses.keys().any(good) {
        wrong.push("never succeeds".to_owned());
    }
    for (status, response) in responses {
        let content = response["content"].as_object().map(|content| content.keys().cloned().collect::<Vec<_>>());
        let is_page = content.as_ref().is_some_and(|types| types.iter().any(|one| one == "text/html"));
        let is_problem =
            content.as_ref().is_some_and(|types| types.iter().any(|one| one == "application/problem+json"));
        // The script of a page is told in a form of its own who holds the lead by now.
        if !good(status) && !is_page && !is_problem && path != "/work/renew" {
            wrong.push(format!("answers {status} with neither a problem nor a page"));
        }
        if !["204", "303"].contains(&status.as_str()) && content.is_none() {
            wrong.push(format!("does not say what {status} carries"));
        }
    }
    wrong
}

/// Every `$ref` of a document.
fn references<'d>(value: &'d Value, found: &mut Vec<&'d str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_says_what_the_process_answers() {
    let installation = Installation::new(Kind::Local).await;
    let process = installation.serve("").await;
    let client = client();
    let document = client.get(format!("{}/api/v1/openapi.json", process.url)).send().await.unwrap();
    assert_eq!(document.headers()["content-type"], "application/json");
    let text = document.text().await.unwrap();
    let parsed = oas3::from_json(&text).expect("OpenAPI 3.1");
    assert!(parsed.validate_version().is_ok_and(|version| (version.major, version.minor) == (3, 1)));
    let document: Value = serde_json::from_str(&text).unwrap();

    let mut found = Vec::new();
    references(&document, &mut found);
    let missing = found.iter().filter(|reference| document.pointer(reference.trim_start_matches('#')).is_none());
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&&str>::new(), "every reference leads somewhere");

    let operations = operations(&document);
    let mut findings = Vec::new();
    for (path, method, operation) in &operations {
        findings.extend(wrong(path, operation).into_iter().map(|wrong| format!("{method} {path} {wrong}")));
    }
    let ids: BTreeSet<_> = operations.iter().map(|(_, _, operation)| operation["operationId"].as_str()).collect();
    assert_eq!(ids.len(), operations.len(), "operations share a name");

    // Both ways: what is described is answered, and a path answers no method beside.
    for path in document["paths"].as_object().unwrap().keys() {
        for method in METHODS {
            let described = operations.iter().any(|(at, by, _)| at == path && by.eq_ignore_ascii_case(method.as_str()));
            let address = format!(
                "{}{}",
                process.url,
                path.replace("{id}", "x").replace("{token}", "x").replace("{change}", "note")
            );
            let answer = client.request(method.clone(), address).send().await.unwrap();
            let (status, problem) = (answer.status(), answer.text().await.unwrap());
            let is_there = status != StatusCode::METHOD_NOT_ALLOWED && !problem.contains("nothing at this address");
            if is_there != described {
                findings.push(format!("{method} {path} is described: {described}, and answered {status}"));
            }
        }
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_browsed_without_a_request_elsewhere() {
    let installation = Installation::new(Kind::Local).await;
    let process = installation.serve("").await;
    let client = client();
    let page = client.get(format!("{}/api/docs", process.url)).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("unsafe-"), "{policy}");
    let html = page.text().await.unwrap();
    for said in
        ["POST /v1/leads", "GET /v1/deliveries", "POST /v1/deliveries/{id}/outcomes", "GET /o/{token}", "Problem"]
    {
        assert!(html.contains(said), "{said}");
    }
    assert!(!html.contains("<script") && !html.contains("src="));
    let links = html.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    for link in links {
        let leads_here = match link.strip_prefix('#') {
            Some(id) => html.contains(&format!("id=\"{id}\"")),
            None => client.get(format!("{}{link}", process.url)).send().await.unwrap().status() == StatusCode::OK,
        };
        assert!(leads_here, "{link}");
    }
    process.stop().await;
}
