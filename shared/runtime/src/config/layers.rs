//! The three places a setting can come from, each checked against the known keys before they are laid over each other.
//!
//! The known keys and their kinds are read off [`Settings::default`], so there is no second list to keep.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write as _,
    path::Path,
};

use config::{Config, File, FileFormat, Map, Source, Value, ValueKind};

use super::{ConfigError, Settings};

/// The file that is read where it lies in the current folder and no other is named.
pub const DEFAULT_FILE: &str = "ripen.toml";

const PREFIX: &str = "RIPEN__";
const SEPARATOR: &str = "__";

/// What one place says.
pub(super) struct Layer {
    origin: String,
    overrides: Vec<Override>,
}

struct Override {
    /// `section.key`
    path: String,
    /// The key as the place writes it.
    written: String,
    value: ValueKind,
}

#[derive(Debug, Clone, PartialEq)]
enum SettingKind {
    Flag,
    Whole,
    Text,
    List(Box<SettingKind>),
}

impl SettingKind {
    fn of(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Bool(_) => Self::Flag,
            serde_json::Value::Number(_) => Self::Whole,
            // The kind of a list is that of its default's first item; a list that is empty by default holds texts.
            serde_json::Value::Array(items) => Self::List(Box::new(items.first().map_or(Self::Text, Self::of))),
            _ => Self::Text,
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Whole => "a whole number, not negative".to_owned(),
            Self::Text => "a text in quotation marks".to_owned(),
            Self::List(item) => format!("a list, each item {}", item.describe()),
        }
    }

    fn fits(&self, value: &ValueKind) -> bool {
        match (self, value) {
            (Self::Flag, ValueKind::Boolean(_)) | (Self::Text, ValueKind::String(_)) => true,
            // Counts and times are never negative; one that is would be read as a very large number.
            (Self::Whole, ValueKind::I64(number)) => *number >= 0,
            (Self::List(item), ValueKind::Array(items)) => items.iter().all(|given| item.fits(&given.kind)),
            _ => false,
        }
    }

    /// A value from a place that knows only text.
    fn read(&self, text: &str) -> Option<ValueKind> {
        match self {
            Self::Flag => text.trim().parse().ok().map(ValueKind::Boolean),
            Self::Whole => text.trim().parse().ok().filter(|number| *number >= 0).map(ValueKind::I64),
            Self::Text => Some(ValueKind::String(text.to_owned())),
            Self::List(item) => {
                // Separated by commas, because a variable has no lists of its own. Empty parts are dropped, so that
                // an empty variable is an empty list.
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                let items: Option<Vec<Value>> = parts.map(|part| Some(Value::new(None, item.read(part)?))).collect();
                items.map(ValueKind::Array)
            }
        }
    }
}

/// Keys whose lists take tables beside texts; what is wrong within one, its type says.
const WITH_TABLES: [&str; 1] = ["calling.loosen"];

fn is_list_with_tables(path: &str, value: &ValueKind) -> bool {
    let fits = |item: &Value| matches!(item.kind, ValueKind::String(_) | ValueKind::Table(_));
    WITH_TABLES.contains(&path) && matches!(value, ValueKind::Array(items) if items.iter().all(fits))
}

/// Every key in the form `section.key`, with its kind.
fn known_keys() -> BTreeMap<String, SettingKind> {
    // Settings are plain structs of plain values, which always have a JSON form.
    let defaults = serde_json::to_value(Settings::default()).unwrap_or_default();
    let sections = defaults.as_object().into_iter().flatten();
    let keys =
        sections.flat_map(|(section, keys)| keys.as_object().into_iter().flatten().map(move |key| (section, key)));
    keys.map(|(section, (key, value))| (format!("{section}.{key}"), SettingKind::of(value))).collect()
}

fn table(kind: ValueKind) -> Option<Map<String, Value>> {
    match kind {
        ValueKind::Table(table) => Some(table),
        _ => None,
    }
}

/// The configuration file: the one that was named, else the default one where it exists.
pub(super) fn file(named: Option<&Path>) -> Result<Option<Layer>, ConfigError> {
    let path = named.unwrap_or_else(|| Path::new(DEFAULT_FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => toml(&path.display().to_string(), &text).map(Some),
        // Only the default file may be missing: one that was named and is not there is a mistake.
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Unreadable { path: path.display().to_string(), source }),
    }
}

pub(super) fn toml(origin: &str, text: &str) -> Result<Layer, ConfigError> {
    let known = known_keys();
    let content = File::from_str(text, FileFormat::Toml)
        .collect()
        .map_err(|error| ConfigError::NotToml { path: origin.to_owned(), problem: without_source_lines(&error) })?;
    let mut overrides = Vec::new();
    for (section, value) in content {
        // Refused and not ignored: a section with a typing error would silently leave every default in force.
        if !known.keys().any(|path| path.split_once('.').is_some_and(|(known, _)| known == section)) {
            return Err(unknown_section(&section, origin, &known));
        }
        let Some(keys) = table(value.kind.clone()) else {
            let expected = format!("a section [{section}]");
            return Err(wrong_type(&section, origin, expected, &value.kind));
        };
        for (key, value) in keys {
            let path = format!("{section}.{key}");
            let Some(kind) = known.get(&path) else { return Err(unknown(&path, path.as_str(), origin, &known)) };
            if !kind.fits(&value.kind) && !is_list_with_tables(&path, &value.kind) {
                return Err(wrong_type(&path, origin, kind.describe(), &value.kind));
            }
            overrides.push(Override { written: path.clone(), path, value: value.kind });
        }
    }
    Ok(Layer { origin: origin.to_owned(), overrides })
}

/// `TOML parse error at line 3, column 9` and the message, without the line quoted in between.
fn without_source_lines(error: &config::ConfigError) -> String {
    let text = error.to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut kept = lines.next().unwrap_or("cannot be parsed").to_owned();
    // The parser quotes the line it stands at, which may hold a password; those lines are marked by a bar.
    for line in lines.filter(|line| !line.contains('|')) {
        let _cannot_fail = write!(kept, ": {line}");
    }
    kept
}

/// The variables `RIPEN__SECTION__KEY`; all others are somebody else's.
pub(super) fn environment(variables: Vec<(String, String)>) -> Result<Layer, ConfigError> {
    let ours = variables.into_iter().filter_map(|(name, value)| {
        // A variable's name has no points and no small letters.
        let path = name.strip_prefix(PREFIX)?.replace(SEPARATOR, ".").to_lowercase();
        Some((path, name, value))
    });
    texts("the environment", ours.collect())
}

/// Pairs of `section.key` and a value.
pub(super) fn flags(overrides: Vec<(String, String)>) -> Result<Layer, ConfigError> {
    texts("the command line", overrides.into_iter().map(|(key, value)| (key.clone(), key, value)).collect())
}

fn texts(origin: &str, given: Vec<(String, String, String)>) -> Result<Layer, ConfigError> {
    let known = known_keys();
    let mut overrides = Vec::new();
    for (path, written, text) in given {
        let Some(kind) = known.get(&path) else { return Err(unknown(&path, &written, origin, &known)) };
        let value = kind.read(&text);
        let value = value.ok_or_else(|| wrong_type(&written, origin, kind.describe(), &ValueKind::String(text)))?;
        overrides.push(Override { path, written, value });
    }
    Ok(Layer { origin: origin.to_owned(), overrides })
}

fn unknown(path: &str, written: &str, origin: &str, known: &BTreeMap<String, SettingKind>) -> ConfigError {
    let as_written = |nearest: &str| match written.starts_with(PREFIX) {
        // In the form in which it was written, so that it can be copied.
        true => format!("{PREFIX}{}", nearest.replace('.', SEPARATOR).to_uppercase()),
        false => nearest.to_owned(),
    };
    let suggestion = nearest(path, known.keys().map(String::as_str)).map(as_written);
    ConfigError::UnknownKey { key: written.to_owned(), origin: origin.to_owned(), suggestion }
}

fn unknown_section(section: &str, origin: &str, known: &BTreeMap<String, SettingKind>) -> ConfigError {
    let sections = known.keys().filter_map(|path| path.split_once('.')).map(|(section, _)| section);
    let suggestion = nearest(section, sections).map(|nearest| format!("[{nearest}]"));
    ConfigError::UnknownKey { key: section.to_owned(), origin: origin.to_owned(), suggestion }
}

/// The known key that differs in the fewest letters, at most a third of them.
fn nearest<'k>(given: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let by_distance = known.map(|known| (strsim::damerau_levenshtein(given, known), known));
    let (distance, nearest) = by_distance.min()?;
    // Further away it is no typing error, and a suggestion would mislead.
    (distance <= (given.chars().count() / 3).max(2)).then_some(nearest)
}

fn wrong_type(key: &str, origin: &str, expected: String, given: &ValueKind) -> ConfigError {
    // Addresses may hold a password, and keys are secrets: of these only the kind is shown.
    let name = key.to_lowercase();
    let may_be_secret = name.ends_with("url") || name.contains("secrets");
    let given = match given {
        ValueKind::String(_) if may_be_secret => "a text".to_owned(),
        // Cut, because a whole file may have been put where a word belongs.
        ValueKind::String(text) => format!("the text {:?}", text.chars().take(64).collect::<String>()),
        ValueKind::Boolean(flag) => format!("the flag {flag}"),
        ValueKind::I64(number) => format!("the number {number}"),
        ValueKind::Float(number) => format!("the number {number}"),
        ValueKind::Array(_) => "a list with other items, or a list where none belongs".to_owned(),
        ValueKind::Table(_) => "a section".to_owned(),
        _ => "another kind of value".to_owned(),
    };
    ConfigError::WrongType { key: key.to_owned(), origin: origin.to_owned(), expected, given }
}

/// Lays the layers over each other, the last on top, and reads the settings from what can be seen.
pub(super) fn merge(layers: Vec<Layer>) -> Result<Settings, ConfigError> {
    let mut seen: HashMap<String, (String, String)> = HashMap::new();
    let mut builder = Config::builder();
    for Layer { origin, overrides } in layers {
        for Override { path, written, value } in overrides {
            let value = Value::new(Some(&origin), value);
            builder = builder.set_override(&path, value).map_err(ConfigError::Broken)?;
            seen.insert(path, (written, origin.clone()));
        }
    }
    let merged = builder.build().map_err(ConfigError::Broken)?;
    // Read from the merged values: a value that one layer sets and a later one replaces need not parse.
    merged.try_deserialize().map_err(|error| unusable(error, &seen))
}

/// Names the key and its origin for a value that is of the right kind and does not parse.
fn unusable(error: config::ConfigError, seen: &HashMap<String, (String, String)>) -> ConfigError {
    let (path, problem) = match &error {
        config::ConfigError::At { error, key: Some(key), .. } => (key, error.to_string()),
        config::ConfigError::Type { unexpected, expected, key: Some(key), .. } => {
            (key, format!("expected {expected}, given {unexpected}"))
        }
        _ => return ConfigError::Broken(error),
    };
    // Of an item in a list the list is what was written.
    let path = path.split('[').next().unwrap_or_default();
    match seen.get(path) {
        Some((key, origin)) => ConfigError::Unusable { key: key.clone(), origin: origin.clone(), problem },
        None => ConfigError::Broken(error),
    }
}
