//! Whether hours are written as 1 to 12, by the tag of a locale.
//!
//! Source: Unicode CLDR 48, `supplemental/timeData`, the hour that a region prefers (`h`, or `H` for 0 to 23).

/// The regions that prefer `h`, in the order of their codes; 419 is Latin America.
const TWELVE: [&str; 105] = [
    "419", "AE", "AG", "AL", "AR", "AS", "AU", "BB", "BD", "BH", "BM", "BN", "BO", "BS", "BT", "CA", "CL", "CO", "CR",
    "CU", "CY", "DJ", "DM", "DO", "DZ", "EC", "EG", "EH", "ER", "ET", "FJ", "FM", "GD", "GH", "GM", "GR", "GT", "GU",
    "GY", "HK", "HN", "IN", "IQ", "JM", "JO", "KH", "KI", "KN", "KP", "KR", "KW", "KY", "LB", "LC", "LR", "LS", "LY",
    "MH", "MO", "MP", "MR", "MW", "MX", "MY", "NA", "NI", "NZ", "OM", "PA", "PE", "PG", "PH", "PK", "PR", "PS", "PW",
    "PY", "QA", "SA", "SB", "SD", "SG", "SL", "SO", "SS", "SV", "SY", "SZ", "TC", "TD", "TN", "TO", "TT", "TW", "UM",
    "US", "UY", "VC", "VE", "VG", "VI", "VU", "WS", "YE", "ZM",
];

/// Whether whoever reads by this tag (BCP 47) writes hours as 1 to 12 with am and pm. A tag without a region says nothing of it, and
/// hours run to 23.
pub fn has_twelve_hours(tag: &str) -> bool {
    let Some(region) = region(tag) else { return false };
    let language = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    match (language.as_str(), region.as_str()) {
        // Languages that prefer another hour than their region.
        ("fr", "CA") => false,
        ("ar" | "en", "001") => true,
        (_, region) => TWELVE.binary_search(&region).is_ok(),
    }
}

/// The region of a tag, in capitals: behind the language and its script, `TW` of `zh-Hant-TW`.
fn region(tag: &str) -> Option<String> {
    let is_region = |part: &str| match part.len() {
        2 => part.bytes().all(|byte| byte.is_ascii_alphabetic()),
        3 => part.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    // Behind a single letter extensions begin, whose parts look like regions: `en-u-ca-gregory`.
    let mut parts = tag.split('-').skip(1).take_while(|part| part.len() > 1);
    parts.find(|part| is_region(part)).map(str::to_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_in_the_order_in_which_they_are_looked_up() {
        assert!(TWELVE.is_sorted());
    }

    #[test]
    fn hours_are_written_as_the_region_of_the_tag_does() {
        for tag in ["en-US", "en-us", "en-AU", "ar-EG", "ar-SA", "ur-PK", "bn-BD", "ms-MY", "ko-KR", "es-MX", "es-419"]
        {
            assert!(has_twelve_hours(tag), "{tag}");
        }
        for tag in ["zh-Hant-TW", "zh-yue-HK", "en-US-posix", "en-CA", "en-001", "es-US-u-ca-gregory"] {
            assert!(has_twelve_hours(tag), "{tag}");
        }
        for tag in ["en-GB", "de-DE", "fr-CA", "es-ES", "pt-BR", "zh-Hans-CN", "en-ZA", "ja-JP", "en-150", "fr-001"] {
            assert!(!has_twelve_hours(tag), "{tag}");
        }
        for tag in ["", "en", "zh-Hant", "en-u-ca-gregory", "de-x-us"] {
            assert!(!has_twelve_hours(tag), "{tag}: no region");
        }
    }
}
