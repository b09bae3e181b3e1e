//! The fields of an HTML form, whichever way they were encoded.

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
    /// A value was not UTF-8, or a file.
    pub lossy: bool,
}
