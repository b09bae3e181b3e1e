//! In which encoding a file is written, and its bytes as UTF-8. What is no text at all is named for what it is.

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Why a file is no list of rows in a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// A format of its own.
    #[error("this is {what}, not a list of rows: save it as CSV or as an Excel workbook (.xlsx)")]
    Other {
        /// What it is.
        what: &'static str,
    },
    /// A byte that no text has.
    #[error(
        "line {line} holds a NUL byte, which no text has: the file is damaged or not a list; export it again as CSV in UTF-8"
    )]
    Nul {
        /// The line, from 1.
        line: u64,
    },
    /// An encoding that is not known.
    #[error(
        "there is no encoding {name:?}: use a name such as utf-8, windows-1252, windows-1250, windows-1251, shift_jis, gbk or macintosh"
    )]
    UnknownEncoding {
        /// What was named.
        name: String,
    },
}

/// Turns the bytes of one file into UTF-8. Where the file is in UTF-8 or an encoding of single bytes that shares ASCII with
/// it, bytes pass as they are: each cell is read by itself, because files are glued together from both.
pub struct TextDecoder {
    decoder: Option<Decoder>,
    name: &'static str,
    mark: usize,
}

impl TextDecoder {
    /// Looks at the beginning of a file; `named` is an encoding that somebody knows it is in.
    ///
    /// # Errors
    /// When it is no text.
    pub fn new(start: &[u8], is_whole: bool, named: Option<&str>) -> Result<Self, NotText> {
        if start.is_empty() {
            return Err(NotText::Empty);
        }
        if let Some(what) = other_format(start) {
            return Err(NotText::Other { what });
        }
        if let Some(name) = named {
            let encoding = Encoding::for_label(name.trim().as_bytes())
                .ok_or_else(|| NotText::UnknownEncoding { name: name.to_owned() })?;
            let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_with_bom_removal());
            let mark = if decoder.is_none() { utf_8_mark(start) } else { 0 };
            return Ok(Self { decoder, name: encoding.name(), mark });
        }
        if let Some(encoding) = utf_16(start, is_whole) {
            let decoder = encoding.new_decoder_with_bom_removal();
            return Ok(Self { decoder: Some(decoder), name: encoding.name(), mark: 0 });
        }
        if let Some(at) = start.iter().position(|byte| *byte == 0) {
            return Err(NotText::Nul { line: 1 + start[..at].iter().filter(|byte| **byte == b'\n').count() as u64 });
        }
        Ok(Self { decoder: None, name: UTF_8.name(), mark: utf_8_mark(start) })
    }

    /// The encoding's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether cells are read one by one, those that are no UTF-8 in an encoding that is guessed.
    #[must_use]
    pub const fn is_by_cell(&self) -> bool {
        self.decoder.is_none()
    }

    /// Appends the next bytes of the file to `text`; `last` with the last of them.
    pub fn push(&mut self, mut bytes: &[u8], text: &mut Vec<u8>, last: bool) {
        let Some(decoder) = &mut self.decoder else {
            let skipped = self.mark.min(bytes.len());
            self.mark -= skipped;
            text.extend_from_slice(&bytes[skipped..]);
            return;
        };
        let mut room = [0; 4096];
        loop {
            let (result, read, written, _) = decoder.decode_to_utf8(bytes, &mut room, last);
            text.extend_from_slice(&room[..written]);
            bytes = &bytes[read..];
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }
}

/// A cell's bytes as text, and whether they were UTF-8. Every byte is a character of Windows-1252.
#[must_use]
pub fn cell_text(bytes: Vec<u8>) -> DecodedCell {
    cell_text_else(bytes, WINDOWS_1252)
}

/// The same with what is no UTF-8 in another encoding.
#[must_use]
pub(super) fn cell_text_else(bytes: Vec<u8>, other: &'static Encoding) -> DecodedCell {
    match String::from_utf8(bytes) {
        Ok(text) => DecodedCell { text, is_utf8: true },
        Err(error) => {
            let (text, _) = other.decode_without_bom_handling(error.as_bytes());
            DecodedCell { text: text.into_owned(), is_utf8: false }
        }
    }
}

/// A cell as text.
pub struct DecodedCell {
    /// What it says.
    pub text: String,
    /// Otherwise its encoding was guessed.
    pub is_utf8: bool,
}

fn utf_8_mark(start: &[u8]) -> usize {
    if start.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// By its mark; or because every other byte of what most lists are made of is zero.
fn utf_16(start: &[u8], is_whole: bool) -> Option<&'static Encoding> {
    if start.starts_with(b"\xff\xfe") {
        return Some(UTF_16LE);
    }
    if start.starts_with(b"\xfe\xff") {
        return Some(UTF_16BE);
    }
    if is_whole && !start.len().is_multiple_of(2) {
        return None;
    }
    let zeros = |side: usize| start.iter().skip(side).step_by(2).filter(|byte| **byte == 0).count();
    let (high, low) = (zeros(0), zeros(1));
    // One stray NUL in a file of single bytes is not UTF-16.
    let enough = |zeros: usize, others: usize| zeros * 10 >= start.len() / 2 && others * 10 < zeros;
    let found = if enough(low, high) { UTF_16LE } else { UTF_16BE };
    let is_found = enough(low, high) || enough(high, low);
    let even = &start[..start.len() & !1];
    // The sample may end within a pair of surrogates.
    let cut = if is_whole { even } else { &even[..even.len().saturating_sub(2)] };
    (is_found && found.decode_without_bom_handling_and_without_replacement(cut).is_some()).then_some(found)
}

/// What is often named `.csv` and is none, by its first bytes.
fn other_format(start: &[u8]) -> Option<&'static str> {
    const BYTES: [(&[u8], &str); 14] = [
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
        (b"%PDF", "a PDF"),
        (b"\x1f\x8b", "a compressed file (gzip)"),
        (b"BZh", "a compressed file (bzip2)"),
        (b"\xfd7zXZ", "a compressed file (xz)"),
        (b"7z\xbc\xaf", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"\x89PNG", "a picture"),
        (b"\xff\xd8\xff", "a picture"),
        (b"GIF8", "a picture"),
        (b"SQLite format 3", "a database"),
        (b"{\\rtf", "a text document (RTF)"),
        (b"\xff\xfe\0\0", "a text in UTF-32"),
    ];
    const TAGS: [(&str, &str); 4] =
        [("!doctype html", "a web page"), ("html", "a web page"), ("table", "a web page"), ("?xml", "an XML document")];
    const JSON: [&str; 2] = ["{\"", "[{"];
    let bytes = BYTES.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, what)| *what);
    bytes.or_else(|| {
        let begin = &start[utf_8_mark(start)..];
        let begin = String::from_utf8_lossy(&begin[..begin.len().min(256)]).trim_start().to_lowercase();
        let tag = begin.strip_prefix('<').and_then(|tag| TAGS.iter().find(|(name, _)| tag.starts_with(name)));
        let is_json = JSON.iter().any(|json| begin.starts_with(json));
        tag.map(|(_, what)| *what).or_else(|| is_json.then_some("a JSON document"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], named: Option<&str>) -> Result<(String, &'static str), NotText> {
        let mut decoder = TextDecoder::new(bytes, true, named)?;
        let mut text = Vec::new();
        // Byte by byte: no character may depend on where a chunk ends.
        bytes.iter().for_each(|byte| decoder.push(&[*byte], &mut text, false));
        decoder.push(&[], &mut text, true);
        Ok((cell_text(text).text, decoder.name()))
    }

    fn utf_16_bytes(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn every_usual_encoding_is_read_with_and_without_its_mark() {
        let text = "email\tname\r\nzoe@example.com\tZoë\r\navi@example.com\tאבי 👩\r\n";
        for mark in ["", "\u{feff}"] {
            let marked = format!("{mark}{text}");
            for (bytes, name) in [
                (marked.clone().into_bytes(), "UTF-8"),
                (utf_16_bytes(&marked, u16::to_le_bytes), "UTF-16LE"),
                (utf_16_bytes(&marked, u16::to_be_bytes), "UTF-16BE"),
            ] {
                assert_eq!(read(&bytes, None).unwrap(), (text.to_owned(), name), "{mark:?}");
            }
        }
        assert_eq!(read(b"name\nCaf\xe9 \x80\n", None).unwrap().0, "name\nCafé €\n");
        assert_eq!(read(b"name\n\xc8va\n", Some("windows-1250")).unwrap().0, "name\nČva\n");
        assert_eq!(read(b"\x93\x8c\n", Some("Shift_JIS")).unwrap().0, "東\n");
    }

    #[test]
    fn what_is_no_text_is_named() {
        assert_eq!(read(b"", None).unwrap_err(), NotText::Empty);
        assert_eq!(read(b"email\na\0b@example.com,cc\n", None).unwrap_err(), NotText::Nul { line: 2 });
        assert!(matches!(read(b"x", Some("klingon")).unwrap_err(), NotText::UnknownEncoding { .. }));
        for bytes in
            [&b"PK\x03\x04xx"[..], b"%PDF-1.7", b"\x1f\x8b\x08", b" <!DOCTYPE html>", b"{\"a\":1}", b"\xd0\xcf\x11\xe0"]
        {
            assert!(matches!(read(bytes, None).unwrap_err(), NotText::Other { .. }), "{bytes:?}");
        }
    }
}
