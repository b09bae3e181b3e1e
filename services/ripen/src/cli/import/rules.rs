//! What the flags and the mapping file say about columns; flags go before the file.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use ripen_domain::list::mapping::{
    FieldColumns, FieldReplacement, FieldTemplate, Mapping, MappingRules, named_columns,
};
use serde::{Deserialize, Serialize};

use super::options::ImportOptions;

/// A mapping kept in a file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct MappingFile {
    /// Fields and the columns that fill them.
    map: BTreeMap<String, ColumnsOf>,
    /// Fields and the texts they are made of.
    set: BTreeMap<String, TextOf>,
    /// Fields and what becomes of their values.
    replace: BTreeMap<String, BTreeMap<String, TextOf>>,
}

/// One column, several, or the members of a group, as `answers.budget` is read.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum ColumnsOf {
    One(String),
    Several(Vec<String>),
    Group(BTreeMap<String, ColumnsOf>),
}

/// A text, or those of a group's members.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum TextOf {
    One(String),
    Group(BTreeMap<String, String>),
}

/// Everything that is said about columns, checked against the header.
pub fn mapping(header: &[String], options: &ImportOptions) -> anyhow::Result<Mapping> {
    let mut rules = MappingRules::default();
    if let Some(path) = &options.mapping {
        rules = read(path)?;
        Mapping::new(header, &rules).with_context(|| path.display().to_string())?;
    }
    let flags = of_flags(header, options)?;
    let is_said =
        |field: &str| flags.map.iter().any(|one| one.field == field) || flags.set.iter().any(|one| one.field == field);
    rules.map.retain(|one| !is_said(&one.field));
    rules.set.retain(|one| !is_said(&one.field));
    rules.map.extend(flags.map);
    rules.set.extend(flags.set);
    // The first that fits a value counts.
    rules.replace.splice(0..0, flags.replace);
    Ok(Mapping::new(header, &rules)?)
}

/// Writes down how this list is mapped, with everything that was guessed.
pub fn save(mapping: &Mapping, path: &Path) -> anyhow::Result<()> {
    let rules = mapping.rules();
    let mut file = MappingFile::default();
    for FieldColumns { field, mut columns } in rules.map {
        let one = if columns.len() == 1 { columns.pop() } else { None };
        file.map.insert(field, one.map_or(ColumnsOf::Several(columns), ColumnsOf::One));
    }
    file.set.extend(rules.set.into_iter().map(|one| (one.field, TextOf::One(one.template))));
    for one in rules.replace {
        file.replace.entry(one.field).or_default().entry(one.old).or_insert(TextOf::One(one.new));
    }
    let text = format!(
        "# Which column fills which field: ripen import FILE --mapping {}\n{}",
        path.display(),
        toml::to_string(&file)?
    );
    std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

fn read(path: &Path) -> anyhow::Result<MappingRules> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let file: MappingFile = toml::from_str(&text).with_context(|| {
        format!("{} is no mapping: it has [map], [set] and [replace.FIELD] with texts in them", path.display())
    })?;
    let mut rules = MappingRules::default();
    for (field, columns) in file.map {
        add_columns(field, columns, &mut rules.map);
    }
    for (field, text) in file.set {
        let set = |field, template| FieldTemplate { field, template };
        match text {
            TextOf::One(template) => rules.set.push(set(field, template)),
            TextOf::Group(members) => {
                rules.set.extend(members.into_iter().map(|(member, text)| set(format!("{field}.{member}"), text)));
            }
        }
    }
    for (field, values) in file.replace {
        for (old, new) in values {
            match new {
                TextOf::One(new) => rules.replace.push(FieldReplacement { field: field.clone(), old, new }),
                TextOf::Group(values) => {
                    let field = format!("{field}.{old}");
                    let inner =
                        values.into_iter().map(|(old, new)| FieldReplacement { field: field.clone(), old, new });
                    rules.replace.extend(inner);
                }
            }
        }
    }
    Ok(rules)
}

fn add_columns(field: String, columns: ColumnsOf, map: &mut Vec<FieldColumns>) {
    match columns {
        ColumnsOf::One(column) => map.push(FieldColumns { field, columns: vec![column] }),
        ColumnsOf::Several(columns) => map.push(FieldColumns { field, columns }),
        ColumnsOf::Group(members) => {
            for (member, columns) in members {
                add_columns(format!("{field}.{member}"), columns, map);
            }
        }
    }
}

fn of_flags(header: &[String], options: &ImportOptions) -> anyhow::Result<MappingRules> {
    let mut rules = MappingRules::default();
    for flag in &options.map {
        let (field, columns) = split(flag, "--map", "field=Column")?;
        let columns = named_columns(header, columns).with_context(|| format!("--map {flag}"))?;
        rules.map.push(FieldColumns { field: field.to_owned(), columns });
    }
    for flag in &options.set {
        let (field, template) = split(flag, "--set", "field='text {Column}'")?;
        rules.set.push(FieldTemplate { field: field.to_owned(), template: template.to_owned() });
    }
    for flag in &options.replace {
        let form = || format!("--replace {flag:?}: write --replace field:Value=new, or field:Value= to empty it");
        let (left, new) = flag.split_once('=').with_context(form)?;
        let (field, old) = left.split_once(':').with_context(form)?;
        rules.replace.push(FieldReplacement { field: field.to_owned(), old: old.to_owned(), new: new.to_owned() });
    }
    Ok(rules)
}

fn split<'a>(flag: &'a str, name: &str, form: &str) -> anyhow::Result<(&'a str, &'a str)> {
    let (field, value) = flag.split_once('=').with_context(|| format!("{name} {flag:?}: write {name} {form}"))?;
    anyhow::ensure!(!field.is_empty() && !value.is_empty(), "{name} {flag:?}: write {name} {form}");
    Ok((field, value))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Flags {
        #[command(flatten)]
        options: ImportOptions,
    }

    fn options(flags: &[&str]) -> ImportOptions {
        Flags::parse_from([&["import", "leads.csv", "--source", "Web"], flags].concat()).options
    }

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_mapping_that_was_saved_says_the_same_when_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.toml");
        let header = header(&["Email Address", "Mobile", "Home phone", "Town", "Kind \"x\""]);
        let flags = options(&[
            "--map",
            "answers.city=Town",
            "--set",
            "external_id=l7-{#}",
            "--replace",
            "answers.city:none=",
            "--replace",
            "channel:Kind \"x\"=social",
        ]);
        let mapped = mapping(&header, &flags).unwrap();
        save(&mapped, &path).unwrap();
        let read = mapping(&header, &options(&["--mapping", path.to_str().unwrap()])).unwrap();
        assert_eq!((read.rules().map, read.rules().set), (mapped.rules().map, mapped.rules().set));
        let row = header_row(&["a@example.com", "", "2", "NONE"]);
        assert_eq!(read.lead(&row, 3), mapped.lead(&row, 3));
        assert!(!read.lead(&row, 3).contains_key("answers"));
    }

    fn header_row(cells: &[&str]) -> Vec<String> {
        header(cells)
    }

    #[test]
    fn a_mapping_is_written_by_hand_in_several_ways_and_flags_go_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.toml");
        let text = "[map]\nemail = \"Mail\"\nphone = [\"Mobile\", \"Home\"]\nanswers.city = \"Town\"\n[set]\nnotes = 'from {Town}'\n\
            [replace.answers.city]\nNYC = \"New York\"\n[replace.channel]\nInsta = \"social\"\n";
        std::fs::write(&path, text).unwrap();
        let header = header(&["Mail", "Mobile", "Home", "Town"]);
        let mapped = mapping(&header, &options(&["--mapping", path.to_str().unwrap(), "--map", "phone=Home"])).unwrap();
        let lead = serde_json::Value::Object(mapped.lead(&header_row(&["a@example.com", "1", "2", "nyc"]), 1));
        assert_eq!((lead["phone"].as_str(), lead["Mobile"].as_str()), (Some("2"), Some("1")));
        assert_eq!((lead["answers"]["city"].as_str(), lead["notes"].as_str()), (Some("New York"), Some("from nyc")));
        std::fs::write(&path, "[map]\nemail = \"Mail\"\n[maps]\n").unwrap();
        let error = mapping(&header, &options(&["--mapping", path.to_str().unwrap()])).unwrap_err();
        assert!(format!("{error:#}").contains("maps"), "{error:#}");
    }

    #[test]
    fn mistakes_in_flags_say_what_to_write() {
        let error = |flags: &[&str]| format!("{:#}", mapping(&header(&["Mail", "Note"]), &options(flags)).unwrap_err());
        assert!(error(&["--map", "email"]).contains("write --map field=Column"));
        assert!(error(&["--map", "email=Mial"]).contains("did you mean 'Mail'?"));
        assert!(error(&["--replace", "channel=x"]).contains("field:Value="));
        assert!(error(&["--set", "email={Mail"]).contains("not closed"));
    }
}
