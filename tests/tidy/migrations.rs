//! What has landed stays: databases remember the content of each migration they were made by, and refuse another.

use std::fs;

use sha2::{Digest as _, Sha256};

use crate::{refuse, repository::root};

/// Every landed migration with its SHA-256. A new one is a new line; a line is never changed.
const LANDED: &[(&str, &str)] = &[
    ("0001_foundation.sql", "f7dd073ebe44870e7a0e39feca50565f283cf91ed1153e3186f1f1f7ee4922f7"),
    ("0002_audit.sql", "30bd45a9e240c0e126cbe4c2808fcb54cf125737f8cb2eb8420452f88f1be128"),
    ("0003_endpoint_disabled_by.sql", "0461e234f6f44805e00120aba76d69b5f9cd59eb66cae9da97706c84c201a87f"),
    ("0004_phone_extension.sql", "2172a0210287f0487552bd2a3b7a6b28707076035fc36c252ff030b0636f1792"),
    ("0005_promise_agreed_civil.sql", "05a3f8b79b411f4d601b1920b3666d27ac6582e48da28c7e67b331519b88821e"),
    ("0006_arrival_keys.sql", "5011010c8677479fc01b3f24520628d43ad18fda88c3e351d330826bea318489"),
    ("0007_quarantine.sql", "22e454f9dde196d48b0995cf55903906e702d857a50bac402384910be5d5c867"),
    ("0008_nothing_waits_for_ever.sql", "2968454432486ab264733823460b1672de002dbe0c04dfdd29c5182ee9c30141"),
    ("0009_whom_and_whether.sql", "d4993c99b59fd53167059b24838ae4d15a4036efdb1f0949316e240c35ad16af"),
];

#[test]
fn landed_migrations_are_frozen() {
    let folder = fs::read_dir(root().join("migrations")).unwrap();
    let mut files: Vec<(String, String)> = folder
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), hash(&fs::read(entry.path()).unwrap())))
        .collect();
    files.sort();
    let landed: Vec<_> = LANDED.iter().map(|(name, hash)| ((*name).to_owned(), (*hash).to_owned())).collect();
    refuse(&differences(&landed, &files));
}

fn hash(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn differences(landed: &[(String, String)], files: &[(String, String)]) -> Vec<String> {
    let of = |list: &[(String, String)], name: &str| {
        list.iter().find(|(other, _)| other == name).map(|(_, hash)| hash.clone())
    };
    let changed = landed.iter().filter_map(|(name, hash)| match of(files, name) {
        None => Some(format!("{name} has landed and is gone")),
        Some(now) if now != *hash => Some(format!("{name} has landed and was changed: write another migration")),
        Some(_) => None,
    });
    let new = files.iter().filter(|(name, _)| of(landed, name).is_none());
    let new =
        new.map(|(name, hash)| format!("{name} is new: add (\"{name}\", \"{hash}\") to tests/tidy/migrations.rs"));
    changed.chain(new).collect()
}

#[test]
fn the_check_of_migrations_finds_what_it_is_for() {
    let file = |name: &str, content: &[u8]| (name.to_owned(), hash(content));
    let landed = [file("0001_a.sql", b"create table a ()"), file("0002_b.sql", b"create table b ()")];
    assert!(differences(&landed, &landed).is_empty());
    let found = differences(&landed, &[file("0001_a.sql", b"create table a (b int)"), file("0003_c.sql", b"")]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("was changed") && found[1].contains("is gone") && found[2].contains("is new"));
}
