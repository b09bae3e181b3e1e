//! What a manager probably meant: a word that is nearly another, a word from other forms and tables, a letter that only
//! looks like one. Knows nothing of documents and places.

/// `, did you mean 'budget'?` for a word that is nearly one of the candidates or means one of them, else nothing. A letter
/// that only looks like another is named: nobody could see what is wrong otherwise.
#[must_use]
pub fn did_you_mean<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let hint = nearest(given, candidates).map_or_else(String::new, |found| format!(", did you mean '{found}'?"));
    format!("{}{hint}", odd_letter(given))
}

/// The candidate that a word is nearly, or that it means.
pub(crate) fn nearest<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    // The distance costs the product of both lengths, and the word is whatever stands in the document.
    if given.len() > LONGEST {
        return None;
    }
    let lower = given.to_lowercase();
    let letters: Vec<char> = lower.chars().collect();
    let meant = SYNONYMS.iter().filter(|(_, words)| words.contains(&lower.as_str())).map(|(known, _)| *known);
    let meant: Vec<&str> = meant.collect();
    let rank = |candidate: &'a str| {
        // Four letters at least: any word begins with one or two.
        let begins = letters.len() >= 4 && candidate.starts_with(lower.as_str());
        let known: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
        // A third of the word: with more, short words would be near to everything.
        let most = known.len().div_ceil(3).min(3);
        // By length first, which costs nothing.
        let near = known.len().abs_diff(letters.len()) <= most;
        let apart = near.then(|| distance(&letters, &known, most)).flatten();
        let apart = if meant.contains(&candidate) { Some(1) } else { apart.or(begins.then_some(most)) };
        apart.map(|apart| (apart, !begins, candidate))
    };
    let candidates = candidates.into_iter().filter(|candidate| candidate.len() <= LONGEST);
    candidates.filter_map(rank).min().map(|(.., nearest)| nearest)
}

/// Words of the document, and what people write for them who know other forms and other tables.
const SYNONYMS: [(&str, &[&str]); 35] = [
    ("text", &["string", "str", "free_text", "words"]),
    ("number", &["integer", "int", "float", "decimal", "count"]),
    ("money", &["currency", "amount", "price", "dollars"]),
    ("yes_no", &["boolean", "bool", "checkbox", "flag"]),
    ("date", &["datetime", "timestamp", "day", "month"]),
    ("choice", &["select", "enum", "radio", "option", "dropdown"]),
    ("choices", &["multiselect", "checkboxes", "multi", "values", "tags"]),
    ("ask", &["label", "question", "text", "wording", "prompt"]),
    ("type", &["kind", "format"]),
    ("id", &["name", "key", "slug"]),
    ("min", &["minimum", "least", "from"]),
    ("max", &["maximum", "most", "to", "at_most"]),
    ("stale_after", &["expires", "expires_after", "valid_for", "max_age"]),
    ("when", &["if", "condition", "where", "require"]),
    ("require", &["if", "when", "condition", "requires"]),
    ("points", &["score", "weight", "value"]),
    ("because", &["reason", "why", "comment", "description", "note"]),
    ("about", &["description", "comment"]),
    ("at_most", &["cap", "grade", "max_grade"]),
    ("rounds", &["attempts", "tries", "max_rounds"]),
    ("disqualify", &["disqualifier", "reject", "close", "exclude"]),
    ("grades", &["thresholds", "levels", "points"]),
    ("days", &["weeks", "months", "years", "hours", "duration"]),
    ("now", &["today", "current_date"]),
    ("mode", &["method", "strategy", "type", "routing"]),
    ("recipients", &["to", "reps", "recipient", "endpoints", "agents", "team", "assign_to"]),
    ("fallback", &["else", "otherwise", "default", "backup", "fallbacks"]),
    ("owner", &["manager", "broker", "last_resort"]),
    ("weight", &["share", "percent", "points", "ratio"]),
    ("wait_at_most", &["wait", "hold", "hold_for", "max_wait", "patience"]),
    ("claim_within", &["timeout", "time_limit", "limit", "claim_timeout", "accept_within"]),
    ("all", &["broadcast", "everyone", "everybody"]),
    ("round_robin", &["rotate", "rotation", "roundrobin", "turns", "in_turn"]),
    ("weighted", &["percent", "percentage", "ratio", "shares"]),
    ("first_to_claim", &["claim", "race", "first", "first_come", "shark_tank", "first_to_accept"]),
];

/// ` ('а' is U+0430, not 'a')` for the first letter of a word that is none of the English alphabet, else nothing.
pub(crate) fn odd_letter(text: &str) -> String {
    let Some(odd) = text.chars().find(|letter| !letter.is_ascii()) else { return String::new() };
    let code = u32::from(odd);
    match looks_like(odd) {
        Some(plain) => format!(" ('{}' is U+{code:04X}, not '{plain}')", odd.escape_debug()),
        None => format!(" ('{}' is U+{code:04X})", odd.escape_debug()),
    }
}

/// The plain character that another only looks like, as word processors and other alphabets have them.
pub(crate) fn looks_like(character: char) -> Option<&'static str> {
    const PAIRS: [(&str, &str); 40] = [
        ("\u{430}\u{3b1}", "a"),
        ("\u{441}\u{3f2}", "c"),
        ("\u{501}", "d"),
        ("\u{435}", "e"),
        ("\u{4bb}", "h"),
        ("\u{456}\u{3b9}\u{131}", "i"),
        ("\u{458}", "j"),
        ("\u{3ba}", "k"),
        ("\u{4cf}", "l"),
        ("\u{578}", "n"),
        ("\u{43e}\u{3bf}", "o"),
        ("\u{440}\u{3c1}", "p"),
        ("\u{51b}", "q"),
        ("\u{455}", "s"),
        ("\u{3c5}", "u"),
        ("\u{3bd}", "v"),
        ("\u{51d}", "w"),
        ("\u{445}\u{3c7}", "x"),
        ("\u{443}\u{4af}\u{3b3}", "y"),
        ("\u{410}\u{391}", "A"),
        ("\u{412}\u{392}", "B"),
        ("\u{421}", "C"),
        ("\u{415}\u{395}", "E"),
        ("\u{41d}\u{397}", "H"),
        ("\u{406}\u{399}", "I"),
        ("\u{41a}\u{39a}", "K"),
        ("\u{41c}\u{39c}", "M"),
        ("\u{41e}\u{39f}", "O"),
        ("\u{420}\u{3a1}", "P"),
        ("\u{422}\u{3a4}", "T"),
        ("\u{425}\u{3a7}", "X"),
        ("\u{2018}\u{2019}\u{201a}\u{2032}\u{b4}", "'"),
        ("\u{201c}\u{201d}\u{201e}\u{2033}\u{ab}\u{bb}", "\""),
        ("\u{2013}\u{2014}\u{2212}\u{2010}\u{2011}", "-"),
        ("\u{2264}", "<="),
        ("\u{2265}", ">="),
        ("\u{2260}", "!="),
        ("\u{d7}", "*"),
        ("\u{f7}", "/"),
        ("\u{a0}\u{202f}\u{2009}\u{3000}\u{200b}\u{feff}", " "),
    ];
    let full_width = u32::from(character).checked_sub(0xFF01).and_then(|code| usize::try_from(code).ok());
    full_width
        .and_then(|code| PLAIN.get(code..=code))
        .or_else(|| PAIRS.iter().find(|(odd, _)| odd.contains(character)).map(|(_, plain)| *plain))
}

/// The signs and letters of ASCII, in its order.
const PLAIN: &str = "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";

/// A word as it would be written plainly: small letters, '_' for blanks and hyphens, plain letters for those that look
/// like them.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.trim().chars() {
        match looks_like(letter) {
            _ if matches!(letter, ' ' | '-') => plain.push('_'),
            Some(same) => plain.push_str(same),
            None => plain.push(letter),
        }
    }
    plain.make_ascii_lowercase();
    plain
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour (optimal string alignment), if
/// `most` are enough. Only so far from the diagonal is looked at: a hostile document may ask for very many words.
pub(crate) fn distance(one: &[char], other: &[char], most: usize) -> Option<usize> {
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (one, other) = (&one[same..], &other[same..]);
    let beyond = most + 1;
    let mut rows = [vec![beyond; other.len() + 1], (0..=other.len()).collect(), vec![beyond; other.len() + 1]];
    for i in 1..=one.len() {
        let [before, last, row] = &mut rows;
        let (from, to) = (i.saturating_sub(most).max(1), (i + most).min(other.len()));
        row[from - 1] = if from == 1 { i } else { beyond };
        let mut least = row[from - 1];
        for j in from..=to {
            let changed = last[j - 1] + usize::from(one[i - 1] != other[j - 1]);
            let mut apart = changed.min(row[j - 1] + 1);
            if j < i + most {
                apart = apart.min(last[j] + 1);
            }
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                apart = apart.min(before[j - 2] + 1);
            }
            row[j] = apart;
            least = least.min(apart);
        }
        if least > most {
            return None;
        }
        rows.rotate_left(1);
    }
    Some(rows[1][other.len()]).filter(|apart| *apart <= most)
}

/// At most the first forty characters of something a document says, for quoting it in a message.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let short: String = text.chars().take(LONGEST).collect();
    // By bytes: fewer bytes mean that characters were left out.
    let rest = if short.len() < text.len() { "…" } else { "" };
    // Escaped: a control character in a key could drive the terminal or forge a line of the report.
    format!("'{}{rest}'", short.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_offered_and_far_ones_not() {
        let words = ["budget", "preapproved", "type"];
        assert_eq!(did_you_mean("budgt", words), ", did you mean 'budget'?");
        assert_eq!(did_you_mean("tpye", words), ", did you mean 'type'?");
        assert_eq!(did_you_mean("Type", words), ", did you mean 'type'?");
        assert_eq!(did_you_mean("preap", words), ", did you mean 'preapproved'?");
        assert_eq!(did_you_mean("pre", words), "");
        assert_eq!(did_you_mean("income", words), "");
        assert_eq!(did_you_mean(&"b".repeat(9_999), words), "");
    }

    /// The same by the definition: every way to make one word of the other.
    fn by_definition(one: &[char], other: &[char]) -> usize {
        let (Some((a, rest)), Some((b, more))) = (one.split_first(), other.split_first()) else {
            return one.len() + other.len();
        };
        let changed = by_definition(rest, more) + usize::from(a != b);
        let least = changed.min(by_definition(rest, other) + 1).min(by_definition(one, more) + 1);
        if rest.first() == Some(b) && more.first() == Some(a) {
            return least.min(by_definition(&rest[1..], &more[1..]) + 1);
        }
        least
    }

    #[test]
    fn the_distance_is_that_of_the_definition() {
        let words =
            ["", "a", "ab", "ba", "abc", "acb", "abcd", "bacd", "abdc", "xabcd", "abcde", "aabb", "bbaa", "edcba"];
        for (one, other) in words.iter().flat_map(|one| words.iter().map(move |other| (one, other))) {
            let [one, other] = [one, other].map(|word| word.chars().collect::<Vec<_>>());
            for most in 0..4 {
                let expected = Some(by_definition(&one, &other)).filter(|apart| *apart <= most);
                assert_eq!(distance(&one, &other, most), expected, "{one:?} {other:?} {most}");
            }
        }
    }

    #[test]
    fn words_from_elsewhere_are_offered_where_one_of_the_words_means_the_same() {
        let kinds = ["text", "number", "money", "yes_no", "date", "choice", "choices"];
        for (given, meant) in [
            ("boolean", "yes_no"),
            ("Integer", "number"),
            ("string", "text"),
            ("select", "choice"),
            ("currency", "money"),
            ("timestamp", "date"),
        ] {
            assert_eq!(nearest(given, kinds), Some(meant), "{given}");
        }
        assert_eq!(nearest("reason", ["id", "when", "because"]), Some("because"));
        assert_eq!(nearest("reason", ["id", "when"]), None);
    }

    #[test]
    fn letters_that_only_look_alike_are_named() {
        assert_eq!(did_you_mean("n\u{430}me", ["name"]), " ('\u{430}' is U+0430, not 'a'), did you mean 'name'?");
        assert_eq!(odd_letter("gr\u{f6}\u{df}e"), " ('\u{f6}' is U+00F6)");
        assert_eq!((odd_letter("plain"), looks_like('\u{2019}')), (String::new(), Some("'")));
        for (odd, plain) in
            [('\u{ff21}', Some("A")), ('\u{ff5a}', Some("z")), ('\u{ff1d}', Some("=")), ('\u{ff5f}', None)]
        {
            assert_eq!(looks_like(odd), plain, "{odd}");
        }
        assert_eq!((looks_like('a'), looks_like('\u{4e00}')), (None, None));
    }
}
