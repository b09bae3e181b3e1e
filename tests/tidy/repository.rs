//! The files of the repository, and the fixed top of its tree.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::refuse;

/// What lies at the top beside hidden files; everything else has its place inside.
const TOP: [&str; 9] = [
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "deploy",
    "docker-compose.yml",
    "migrations",
    "services",
    "shared",
    "tests",
];

/// What builds and runs leave at the top; `.gitignore` names it too.
const LEFT_BEHIND: [&str; 2] = ["ripen-data", "target"];

/// Where the repository lies.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A text file: its path from the root, and its content.
pub(crate) struct Text {
    pub(crate) path: String,
    pub(crate) content: String,
}

/// Every file that is text, without the lock file and the descriptions of queries, which programs write.
pub(crate) fn texts() -> Vec<Text> {
    let mut paths = Vec::new();
    collect(root(), &mut paths);
    paths.sort();
    let written_by_programs =
        |path: &str| path == "Cargo.lock" || path.starts_with(".sqlx/") || path.ends_with(".snap");
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_str().expect("a path in UTF-8").to_owned();
        let content = String::from_utf8(fs::read(&path).unwrap()).ok()?;
        (!written_by_programs(&name)).then_some(Text { path: name, content })
    };
    paths.into_iter().filter_map(read).collect()
}

/// Every Rust source.
pub(crate) fn sources() -> Vec<Text> {
    texts().into_iter().filter(|text| text.path.ends_with(".rs")).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        // A file in a worktree: it says where the repository lies.
        if folder == root() && (entry.file_name() == ".git" || is_left_behind(&path)) {
            continue;
        }
        if kind.is_dir() {
            collect(&path, paths);
        } else if kind.is_file() {
            paths.push(path);
        }
    }
}

fn is_left_behind(path: &Path) -> bool {
    LEFT_BEHIND.iter().any(|name| path.ends_with(name))
}

#[test]
fn the_top_of_the_tree_is_as_it_was_agreed() {
    let mut found: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| !is_left_behind(&entry.path()))
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    found.sort();
    assert_eq!(found, TOP);
}

#[test]
fn folders_and_files_have_names_that_say_something() {
    let says_nothing = ["common", "util", "utils", "helper", "helpers", "misc"];
    let named_so = |text: &Text| {
        let mut parts = text.path.split('/').map(|part| part.split('.').next().unwrap_or(part));
        parts.any(|part| says_nothing.contains(&part)).then(|| format!("{}: name it after what it is for", text.path))
    };
    refuse(&texts().iter().filter_map(named_so).collect::<Vec<_>>());
}
