//! Phone numbers are read as Google's library reads them: every region, every usual way of writing, at home and at a source of
//! another country. Where we differ on purpose, the reason is here.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's harness stops at the first surprise")]

use ripen_domain::contact::{InvalidPhone, Phone};

const VERDICTS: &str = include_str!("corpus/phone_verdicts.txt");

fn ours(text: &str, region: &str) -> String {
    match Phone::parse(text, Some(region.trim_start_matches('@'))) {
        Ok(read) => format!("{}{}", read.phone.as_str(), if read.doubtful { "?" } else { "" }),
        Err(InvalidPhone::MadeUp) => "made up".to_owned(),
        Err(_) => "-".to_owned(),
    }
}

/// What we do differently: numbers that nobody has, the 1 of Mexican mobiles, 00 for + wherever the source is, and a zero in
/// brackets where the number has none.
fn is_ours(text: &str, said: &str, read: &str) -> bool {
    let is_changed = text.starts_with("+521") || text.starts_with("00");
    read == "made up" || is_changed && said == "-" || is_needless_zero(text, said, read)
}

/// Where Google's library finds no number with the zero, or one that is a digit longer than any of its country: it keeps the zero
/// of an Italian mobile and of Ascension, and makes other numbers of them.
fn is_needless_zero(text: &str, said: &str, read: &str) -> bool {
    let is_none = said == "-" || said.ends_with('?');
    let is_overlong = ["+39031", "+2470"].iter().any(|start| said.starts_with(start)) && said.len() == read.len() + 1;
    let without = || ours(&text.replace("(0)", ""), "");
    text.contains("(0)") && (is_none || is_overlong) && !read.ends_with('?') && read == without()
}

#[test]
fn numbers_of_every_region_are_read_as_googles_library_reads_them() {
    let (mut count, mut differences) = (0, Vec::new());
    for line in VERDICTS.lines().filter(|line| !line.starts_with('#')) {
        let [region, text, said] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let ours = ours(text, region);
        count += 1;
        if ours != said && !is_ours(text, said, &ours) {
            differences.push(format!("{region} {text}: Google {said}, ours {ours}"));
        }
    }
    assert!(count > 7_000, "{count}");
    assert!(differences.is_empty(), "{} of {count}:\n{}", differences.len(), differences.join("\n"));
}
