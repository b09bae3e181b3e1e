//! The files an operator starts from say what the program understands: sample configuration, compose file, image.

use std::{collections::BTreeSet, fs};

use ripen_runtime::config::{Role, Settings};
use serde_json::{Map, Value, json};

use crate::repository::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn compose() -> Value {
    serde_saphyr::from_str(&read("docker-compose.yml")).expect("docker-compose.yml is YAML")
}

fn services() -> Map<String, Value> {
    compose()["services"].as_object().unwrap().clone()
}

/// `section.key` of every setting, from the program itself.
fn known_keys() -> BTreeSet<String> {
    let defaults = serde_json::to_value(Settings::default()).unwrap();
    let sections = defaults.as_object().unwrap().iter();
    sections
        .flat_map(|(section, keys)| keys.as_object().unwrap().keys().map(move |key| format!("{section}.{key}")))
        .collect()
}

/// The sample with every key switched on.
fn sample_switched_on() -> String {
    let switch_on = |line: &str| match line.strip_prefix('#').filter(|rest| rest.starts_with(char::is_alphabetic)) {
        Some(setting) => setting.to_owned(),
        None => line.to_owned(),
    };
    read("deploy/ripen.sample.toml").lines().map(|line| switch_on(line) + "\n").collect()
}

#[test]
fn the_sample_configuration_has_every_key_with_its_default() {
    let sample: toml::Table = sample_switched_on().parse().unwrap();
    let keys = sample
        .iter()
        .flat_map(|(section, keys)| keys.as_table().unwrap().keys().map(move |key| format!("{section}.{key}")));
    assert_eq!(keys.collect::<BTreeSet<_>>(), known_keys());

    let defaults = serde_json::to_value(Settings::default()).unwrap();
    for (section, keys) in &sample {
        for (key, value) in keys.as_table().unwrap() {
            let default = match &defaults[section][key] {
                Value::Null => json!(""),
                default => default.clone(),
            };
            assert_eq!(serde_json::to_value(value).unwrap(), default, "{section}.{key}");
        }
    }
    Settings::load(Some(&root().join("deploy/ripen.sample.toml")), Vec::new())
        .expect("the sample can be used as it is");
}

#[test]
fn compose_runs_every_role_as_its_own_service() {
    let services = services();
    for role in Role::ALL {
        let service = &services[role.name()];
        assert_eq!(service["command"], json!(["serve", "--role", role.name()]));
        assert_eq!(service["depends_on"]["migrate"]["condition"], "service_completed_successfully");
        assert_eq!(service["depends_on"]["postgres"]["condition"], "service_healthy");
        assert_eq!(service["depends_on"]["rabbitmq"]["condition"], "service_healthy");
        assert_eq!((&service["read_only"], &service["restart"]), (&json!(true), &json!("unless-stopped")));
    }
    assert_eq!(services["migrate"]["command"], json!(["migrate"]));
    let others = ["mail", "migrate", "postgres", "rabbitmq"];
    let expected: BTreeSet<&str> = Role::ALL.iter().map(|role| role.name()).chain(others).collect();
    assert_eq!(services.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
}

#[test]
fn compose_configures_what_ripen_knows() {
    let known = known_keys();
    for (name, service) in services().iter().filter(|(_, service)| service["image"] == "ripen:local") {
        let environment = service["environment"].as_object().unwrap();
        for (variable, value) in environment {
            let key = variable.strip_prefix("RIPEN__").unwrap_or_else(|| panic!("{name}: {variable} is not Ripen's"));
            let key = key.replace("__", ".").to_lowercase();
            assert!(known.contains(&key), "{name}: {variable} is no setting");
            assert!(value.is_string(), "{name}: {variable} is a text in quotation marks");
        }
        let given = |(variable, value): (&String, &Value)| {
            let key = variable["RIPEN__".len()..].replace("__", ".").to_lowercase();
            (key, with_defaults(value.as_str().unwrap()))
        };
        let settings = Settings::load(None, environment.iter().map(given).collect()).unwrap();
        assert!(!settings.database.url.is_empty() && !settings.amqp.url.is_empty(), "{name} is one of several");
        settings.check_roles(&[Role::Intake]).unwrap();
    }
}

/// What compose makes of `${NAME:-default}` where the variable is not set.
fn with_defaults(text: &str) -> String {
    let mut parts = text.split("${");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (variable, rest) = part.split_once('}').expect("a closing bracket");
        whole.push_str(variable.split_once(":-").expect("every variable has a default").1);
        whole.push_str(rest);
    }
    whole
}

#[test]
fn compose_waits_for_what_is_ready_and_keeps_what_must_stay() {
    let compose = compose();
    let services = compose["services"].as_object().unwrap();
    let volumes: BTreeSet<&str> = compose["volumes"].as_object().unwrap().keys().map(String::as_str).collect();
    for (name, service) in services {
        let ends = service["command"] == json!(["migrate"]);
        assert!(service["healthcheck"]["test"].is_array() || ends, "{name} says when it is healthy");
        assert!(service["restart"].is_string(), "{name} comes back");
        for other in service["depends_on"].as_object().into_iter().flatten().map(|(other, _)| other) {
            assert!(services.contains_key(other), "{name} waits for {other}, which is not there");
        }
        for volume in service["volumes"].as_array().into_iter().flatten().map(|volume| volume.as_str().unwrap()) {
            let from = volume.split(':').next().unwrap();
            let is_there = if from.starts_with('.') { root().join(from).exists() } else { volumes.contains(from) };
            assert!(is_there, "{name} mounts {from}, which is not there");
        }
    }
    for keeps in ["postgres", "rabbitmq"] {
        assert!(!services[keeps]["volumes"].as_array().unwrap().is_empty(), "{keeps} keeps its data");
    }
}

#[test]
fn the_image_is_built_as_the_workspace_is() {
    let (image, manifest) = (read("deploy/Dockerfile"), read("Cargo.toml").parse::<toml::Table>().unwrap());
    let rust = manifest["workspace"]["package"]["rust-version"].as_str().unwrap();
    assert!(image.contains(&format!("FROM rust:{rust}-slim-")), "the image is built with Rust {rust}");
    let releases: BTreeSet<&str> = ["trixie", "bookworm"].into_iter().filter(|name| image.contains(name)).collect();
    assert_eq!(releases.len(), 1, "built and run on one Debian, or the program misses its C library");
    assert!(image.contains("SQLX_OFFLINE=true") && image.contains("--locked"));
    let user = image.lines().filter_map(|line| line.strip_prefix("USER ")).next_back().unwrap();
    assert_ne!(user.parse::<u32>().unwrap(), 0, "the image does not run as root");
    for left_out in [".git", "target"] {
        assert!(read(".dockerignore").lines().any(|line| line == left_out), "{left_out} stays out of the build");
    }
}
