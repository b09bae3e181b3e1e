//! The character set of a form, and its bytes as text. A browser posts in the encoding of the page, and pages that were made
//! long ago are in Windows-1252 or in another one of single bytes.

use encoding_rs::{Encoding, UTF_8};
use ripen_domain::list::encoding::{DecodedCell, cell_text};

/// The field that browsers fill with the name of the encoding they used (HTML, 4.10.18.5).
pub const FIELD: &str = "_charset_";

/// What somebody said a text is encoded in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Charset(Option<&'static Encoding>);

/// Bytes as text.
#[derive(Debug, PartialEq, Eq)]
pub struct DecodedText {
    /// What they say.
    pub text: String,
    /// They are not what was said of them, nor UTF-8 where nothing was said.
    pub is_guessed: bool,
}

impl Charset {
    /// The one with this name, where it is known.
    pub fn named(name: &str) -> Option<Self> {
        Encoding::for_label(name.trim().trim_matches('"').as_bytes()).map(|encoding| Self(Some(encoding)))
    }

    /// The one that a content type names; none where it names none that is known.
    pub fn of(content_type: &str) -> Option<Self> {
        parameter(content_type).and_then(Self::named)
    }

    /// Reads bytes: by what was said of them, else as UTF-8, else as Windows-1252, of which each byte is a character.
    pub fn read(self, bytes: Vec<u8>) -> DecodedText {
        // No form is posted in UTF-16, whatever its page says of itself.
        match self.0.map(Encoding::output_encoding).filter(|encoding| *encoding != UTF_8) {
            Some(encoding) => {
                let (text, has_errors) = encoding.decode_without_bom_handling(&bytes);
                DecodedText { text: text.into_owned(), is_guessed: has_errors }
            }
            None => {
                let DecodedCell { text, is_utf8 } = cell_text(bytes);
                DecodedText { text, is_guessed: !is_utf8 }
            }
        }
    }
}

/// The `charset` parameter of a content type.
pub fn parameter(content_type: &str) -> Option<&str> {
    let mut parameters = content_type.split(';').skip(1).filter_map(|one| one.split_once('='));
    let (_, value) = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_goes_before_what_is_guessed() {
        let read = |name: Option<&str>, bytes: &[u8]| {
            let read = name.map_or_else(Charset::default, |name| Charset::named(name).unwrap()).read(bytes.to_vec());
            (read.text, read.is_guessed)
        };
        let said = |text: &str, is_guessed| (text.to_owned(), is_guessed);
        assert_eq!(read(None, "Jörg".as_bytes()), said("Jörg", false));
        assert_eq!(read(None, b"J\xf6rg \x80"), said("Jörg €", true));
        assert_eq!(read(Some("utf-8"), b"J\xf6rg"), said("Jörg", true));
        assert_eq!(read(Some("ISO-8859-1"), b"J\xf6rg"), said("Jörg", false));
        assert_eq!(read(Some("windows-1250"), b"\xc8apek"), said("Čapek", false));
        assert_eq!(read(Some("utf-16"), "Jörg".as_bytes()), said("Jörg", false));
        assert!(read(Some("shift_jis"), b"\x93\xff").1);
        assert_eq!(Charset::named("klingon"), None);
    }

    #[test]
    fn a_content_type_names_it() {
        assert_eq!(parameter("text/plain; Charset=\"ISO-8859-1\"; x=y"), Some("ISO-8859-1"));
        assert_eq!((parameter("text/plain"), Charset::of("text/plain;charset=klingon")), (None, None));
    }
}
