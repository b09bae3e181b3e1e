//! What the README says lies somewhere lies there: the table of answers to "Where is the rule that says …", and every other path of ours.

use std::path::PathBuf;

use crate::{refuse, repository::root};

/// Where the table begins, which the rest of the document is.
const TABLE: &str = "### Where is the rule that says …";
/// Where its paths lie that do not begin with a folder of the top.
const BELOW: &str = "shared/domain/src";
/// Folders of the top that the document leads to.
const TOP: [&str; 5] = ["deploy/", "migrations/", "services/", "shared/", "tests/"];
/// Answers that the table had when this was written: a table that is not found has none.
const FEWEST: usize = 30;

#[test]
fn what_the_readme_says_lies_somewhere_is_there() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (before, table) = readme.split_once(TABLE).unwrap();
    let answers = answers(table);
    assert!(answers.len() >= FEWEST, "{} answers are found in the README's table", answers.len());
    let others = quoted(before).into_iter().filter(|path| is_of_top(path)).map(PathBuf::from);
    let gone = answers.into_iter().chain(others).filter(|path| !root().join(path).exists());
    refuse(&gone.map(|path| format!("README.md: {} is not there", path.display())).collect::<Vec<_>>());
}

/// Every path of the table's rows.
fn answers(table: &str) -> Vec<PathBuf> {
    let rows = table.lines().filter(|line| line.starts_with('|')).filter_map(|line| line.split('|').nth(2));
    let paths = rows.flat_map(quoted);
    paths.map(|path| if is_of_top(path) { path.into() } else { PathBuf::from(BELOW).join(path) }).collect()
}

fn is_of_top(path: &str) -> bool {
    let is_path = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-'));
    is_path && TOP.iter().any(|folder| path.starts_with(folder))
}

/// What stands between backticks within a line.
fn quoted(text: &str) -> Vec<&str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_check_of_paths_reads_tables_and_texts() {
    let table = "\n| rule | file |\n|---|---|\n| which grade | `criteria/decide.rs`, `shared/web/src/a.rs` |\n| `--next` | `services/b.rs`; `c.rs` |\n";
    let expected =
        ["shared/domain/src/criteria/decide.rs", "shared/web/src/a.rs", "services/b.rs", "shared/domain/src/c.rs"];
    assert_eq!(answers(table), expected.map(PathBuf::from));
    let paths: Vec<_> =
        quoted("`deploy/x.toml` and `deploy/ --now`").into_iter().filter(|path| is_of_top(path)).collect();
    assert_eq!(paths, ["deploy/x.toml"]);
}
