//! What cargo knows about the workspace and all it depends on, for the platform it is deployed on.

use std::{process::Command, sync::OnceLock};

use serde_json::Value;

use crate::{
    refuse,
    repository::{root, sources},
};

/// One package, ours or another's.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
    /// Where it lies from the root of the repository; nothing for another's.
    pub(crate) folder: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a manifest.
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// Whether only its tests use it.
    pub(crate) only_tests: bool,
}

/// Every package of the workspace and of what it is built from.
pub(crate) fn packages() -> &'static [Package] {
    static PACKAGES: OnceLock<Vec<Package>> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let root = root().canonicalize().unwrap();
        let of_root = |path: &str| path.strip_prefix(root.to_str()?)?.strip_prefix('/').map(str::to_owned);
        let metadata = metadata();
        metadata["packages"].as_array().unwrap().iter().map(|package| read(package, of_root)).collect()
    })
}

/// The packages of the workspace, each with its folder.
pub(crate) fn ours() -> impl Iterator<Item = (&'static str, &'static Package)> {
    packages().iter().filter_map(|package| Some((package.folder.as_deref()?, package)))
}

fn metadata() -> Value {
    // For one platform, so that cargo does not fetch what only others need.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", &platform])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn read(package: &Value, of_root: impl Fn(&str) -> Option<String>) -> Package {
    let text = |key: &str| package[key].as_str().map(str::to_owned);
    let dependency = |given: &Value| Dependency {
        name: given["name"].as_str().unwrap().to_owned(),
        only_tests: given["kind"].as_str() == Some("dev"),
    };
    Package {
        name: text("name").unwrap(),
        version: text("version").unwrap(),
        licence: text("license"),
        folder: of_root(&text("manifest_path").unwrap()).map(|path| path.trim_end_matches("/Cargo.toml").to_owned()),
        dependencies: package["dependencies"].as_array().unwrap().iter().map(dependency).collect(),
    }
}

#[test]
fn what_a_crate_depends_on_it_uses() {
    let sources = sources();
    let unused = |(folder, package): (&str, &'static Package)| {
        let within: Vec<_> = sources.iter().filter(|source| source.path.starts_with(&format!("{folder}/"))).collect();
        let is_used = |name: &str| {
            let name = name.replace('-', "_");
            within.iter().any(|source| source.content.contains(&name))
        };
        let unused = package.dependencies.iter().filter(|dependency| !is_used(&dependency.name));
        unused.map(|dependency| format!("{folder}/Cargo.toml: {} is used nowhere", dependency.name)).collect::<Vec<_>>()
    };
    refuse(&ours().flat_map(unused).collect::<Vec<_>>());
}
