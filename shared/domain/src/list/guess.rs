//! In which encoding of single characters, or of one country, a list is whose cells are no UTF-8. Windows-1252 is by far the likeliest, and
//! every byte is a character of it; so another is looked for only where it would make words of the list that no language has.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, WINDOWS_1252};

/// The longest piece of a line that is looked at.
const LONGEST: usize = 8 * 1024;

/// What is seen of a list so far.
pub struct EncodingGuess {
    detector: EncodingDetector,
    line: Vec<u8>,
    /// Bytes beyond ASCII in lines that are no UTF-8,
    high: usize,
    /// those of them behind another one,
    paired: usize,
    /// and those that are signs within words.
    odd: usize,
}

impl Default for EncodingGuess {
    fn default() -> Self {
        Self { detector: EncodingDetector::new(Iso2022JpDetection::Deny), line: Vec::new(), high: 0, paired: 0, odd: 0 }
    }
}

impl EncodingGuess {
    /// Looks at the next bytes of the list; `last` with the last of them.
    pub fn push(&mut self, bytes: &[u8], last: bool) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.line.len() > LONGEST {
                self.end_line();
            }
        }
        if last {
            self.end_line();
        }
    }

    /// The encoding of cells that are no UTF-8.
    #[must_use]
    pub fn encoding(&self) -> &'static Encoding {
        // Accents and umlauts stand alone in a word; of a whole word in another script each letter is such a byte.
        let is_western = self.paired * 2 < self.high && self.odd * 4 < self.high;
        if is_western { WINDOWS_1252 } else { self.detector.guess(None, Utf8Detection::Deny) }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        // Files are glued together from both: what is UTF-8 says nothing of the other lines.
        if line.is_ascii() || std::str::from_utf8(&line).is_ok() {
            return;
        }
        self.detector.feed(&line, false);
        for (at, byte) in line.iter().enumerate().filter(|(_, byte)| !byte.is_ascii()) {
            let before = at.checked_sub(1).and_then(|at| line.get(at)).copied().unwrap_or(b' ');
            let behind = line.get(at + 1).copied().unwrap_or(b' ');
            self.high += 1;
            self.paired += usize::from(!before.is_ascii());
            self.odd += usize::from(is_odd(*byte, before, behind));
        }
    }
}

/// Whether a byte is a sign of Windows-1252 that stands within no word, or none of its characters, and stands within one.
const fn is_odd(byte: u8, before: u8, behind: u8) -> bool {
    let is_sign = matches!(byte, 0x81 | 0x83 | 0x86..=0x89 | 0x8d | 0x8f | 0x90 | 0x98 | 0x9d | 0xa2..=0xa8 | 0xac | 0xaf | 0xb1
        | 0xb3 | 0xb5 | 0xb6 | 0xb8 | 0xb9 | 0xbc..=0xbe | 0xd7 | 0xf7);
    // A cubic metre.
    let is_unit = byte == 0xb3 && matches!(before, b'm' | b'M');
    is_sign && !is_unit && (before.is_ascii_alphabetic() || behind.is_ascii_alphabetic() || !behind.is_ascii())
}

#[cfg(test)]
mod tests {
    use encoding_rs::{GBK, KOI8_U, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1253};

    use super::*;

    fn guessed(text: &str, encoding: &'static Encoding) -> &'static Encoding {
        let (bytes, _, has_errors) = encoding.encode(text);
        assert!(!has_errors, "{text}");
        let mut guess = EncodingGuess::default();
        // However it comes.
        bytes.chunks(7).for_each(|piece| guess.push(piece, false));
        guess.push(&[], true);
        guess.encoding()
    }

    #[test]
    fn lists_of_other_scripts_are_told_from_those_of_western_europe() {
        let russian =
            "email,имя,город\na@example.com,Иван Петров,Москва\nb@example.com,Анна Смирнова,Санкт-Петербург\n";
        let greek = "email,name\na@example.com,Γιώργος Παπαδόπουλος\nb@example.com,Μαρία Ιωάννου\n";
        let japanese = "email,名前\na@example.com,山田太郎\nb@example.com,佐藤花子さん\nc@example.com,メモです\n";
        let chinese = "email,姓名\na@example.com,王小明\nb@example.com,李华在北京工作的客户\n";
        let polish = "email,name\na@example.com,Paweł Łukasz Wiśniewski\nb@example.com,Łucja Żółkiewska\nc@example.com,Michał Dąbrowski z Łodzi\n";
        for (text, encoding) in [
            (russian, WINDOWS_1251),
            (russian, KOI8_U),
            (greek, WINDOWS_1253),
            (japanese, SHIFT_JIS),
            (chinese, GBK),
            (polish, WINDOWS_1250),
        ] {
            assert_eq!(guessed(text, encoding), encoding, "{text}");
        }
    }

    #[test]
    fn lists_of_western_europe_are_windows_1252() {
        for text in [
            "name\nJörg Müller\n",
            "name,notes\nZoë,ça va – 500 €\nJosé,\"Nº 5, 3º B\"\nAña,¿cuánto?\n",
            "name\nO’Neil\nFrançois Lefèvre\n",
            "name,size\nBjørn Åse,80 m²\nÆgir,12 m³\n",
            "name\nplain\n",
            "",
        ] {
            assert_eq!(guessed(text, WINDOWS_1252), WINDOWS_1252, "{text}");
        }
    }

    #[test]
    fn lines_of_utf_8_say_nothing_of_the_others() {
        let mut guess = EncodingGuess::default();
        guess.push("имя,Иван Петров\n".as_bytes(), false);
        guess.push(b"name,J\xf6rg\n", true);
        assert_eq!(guess.encoding(), WINDOWS_1252);
    }
}
