//! No address without its description: services register handlers with `routes!`, which takes them with what is said of
//! them, and never with a router's `route`.

use crate::{refuse, repository::sources};

/// What operators ask of a process, and what a demonstration receives, is no part of the API.
const NOT_THE_API: [&str; 2] = ["services/ripen/src/admin.rs", "services/ripen/src/demo/mod.rs"];

#[test]
fn every_address_is_registered_with_its_description() {
    let served = sources().into_iter().filter(|text| {
        let is_product = text.path.starts_with("services/") || text.path.starts_with("shared/web/");
        let has_routers = text.content.contains("axum");
        is_product && has_routers && text.path.contains("/src/") && !NOT_THE_API.contains(&text.path.as_str())
    });
    let shipped = served.map(|text| (text.path, text.content));
    refuse(&shipped.flat_map(|(path, content)| undescribed(&path, &content)).collect::<Vec<_>>());
}

fn undescribed(path: &str, content: &str) -> Vec<String> {
    // Tests make routers of their own.
    let code = content.split("#[cfg(test)]").next().unwrap_or_default();
    let is_tests = path.ends_with("/tests.rs");
    let lines = code.lines().enumerate().filter(|(_, line)| !is_tests && line.contains(".route("));
    lines.map(|(number, _)| format!("{path}:{}: register it with `routes!` and its description", number + 1)).collect()
}

#[test]
fn the_check_of_routes_finds_what_it_is_for() {
    assert_eq!(undescribed("a.rs", "x\n    .route(\"/x\", get(x))\n").len(), 1);
    assert!(
        undescribed("a.rs", ".routes(routes!(x))\n#[cfg(test)]\nmod tests { fn f() { r.route(\"/x\", x) } }")
            .is_empty()
    );
}
