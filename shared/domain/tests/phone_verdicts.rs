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

/// What we do differently: numbers that nobody has, the 1 of Mexican mobiles, and 00 for + wherever the source is.
fn is_ours(text: &str, said: &str, ours: &str) -> bool {
    ours == "made up" || text.starts_with("+521") && said == "-" || text.starts_with("00") && said == "-"
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
