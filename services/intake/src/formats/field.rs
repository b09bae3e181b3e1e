//! The fields of an HTML form, whichever way they were encoded.

use ripen_domain::flag::{Flag, FlagCode};

use super::charset::{self, Charset};

/// Fields that hold other fields.
const GROUPS: [&str; 3] = ["answers", "tracking", "consent"];
/// Names that belong to `tracking` without saying so: what landing pages add by themselves.
const TRACKED: [&str; 2] = ["page_url", "click_id"];

/// A name with its value. A name may come several times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormField {
    /// The name.
    pub name: String,
    /// The value; of a file, its name.
    pub value: String,
}

/// Fields in the order in which they were posted.
#[derive(Debug, Default)]
pub struct FormFields {
    /// The fields.
    pub fields: Vec<FormField>,
    /// What could not be taken as it came: an encoding that had to be guessed, a file.
    pub flags: Vec<Flag>,
}

/// A name with its value as bytes.
#[derive(Debug, Default)]
pub struct RawField {
    /// The name.
    pub name: Vec<u8>,
    /// The value; of a file, its name.
    pub value: Vec<u8>,
    /// What the part says of its own encoding.
    pub charset: Option<Charset>,
    /// The value is the name of a file, whose content is not kept.
    pub is_file: bool,
}

impl FormFields {
    /// Reads the bytes of all fields. What the browser says it used goes before what the body's header says; a part's own word
    /// goes before both.
    pub fn read(raw: Vec<RawField>, of_body: Option<Charset>) -> Self {
        let named = raw.iter().find(|field| field.name == charset::FIELD.as_bytes());
        let named = named.and_then(|field| std::str::from_utf8(&field.value).ok()).and_then(Charset::named);
        let of_body = named.or(of_body).unwrap_or_default();
        let mut form = Self::default();
        for RawField { name, value, charset, is_file } in raw {
            let charset = charset.unwrap_or(of_body);
            let (name, value) = (charset.read(name), charset.read(value));
            let field = flagged_field(&name.text);
            if name.is_guessed || value.is_guessed {
                form.flags.push(Flag::new(field, FlagCode::EncodingGuessed).saying(&value.text));
            }
            // A field for a file that was left empty is no loss.
            if is_file && !value.text.is_empty() {
                form.flags.push(Flag::new(field, FlagCode::FieldUnusable).saying(&value.text));
            }
            form.fields.push(FormField { name: name.text, value: value.text });
        }
        form
    }
}

/// The group and the member that a name means.
pub fn member(name: &str) -> Option<(&str, &str)> {
    if name.starts_with("utm_") || TRACKED.contains(&name) {
        return Some(("tracking", name));
    }
    let (group, member) = match name.split_once('.') {
        Some(parts) => parts,
        None => name.strip_suffix(']')?.split_once('[')?,
    };
    // Any other name with a point or a bracket is a field of the sender's own, and is kept under that name.
    (GROUPS.contains(&group) && !member.is_empty()).then_some((group, member))
}

/// How a flag names the field: a question by its id.
fn flagged_field(name: &str) -> &str {
    let name = name.strip_suffix("[]").unwrap_or(name);
    member(name).map_or(name, |(group, member)| if group == "answers" { member } else { name })
}
