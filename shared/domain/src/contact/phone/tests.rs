//! Tables of numbers as people, forms and spreadsheets write them.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn read(text: &str, country: &str) -> Result<ReadPhone, InvalidPhone> {
    Phone::parse(text, Some(country).filter(|country| !country.is_empty()))
}

#[rstest]
#[case("(415) 555-0100", "US", "+14155550100")]
#[case("+1 415 555 0100", "", "+14155550100")]
#[case("020 7031 3000", "GB", "+442070313000")]
#[case("+49 30 123456", "US", "+4930123456")]
#[case("050 123 4567", "AE", "+971501234567")]
// What begins with + owes nothing to the country of the source.
#[case("+49 152 28817386", "US", "+4915228817386")]
#[case("+86 138 0013 8000", "US", "+8613800138000")]
#[case("+52 1 55 1234 5678", "US", "+525512345678")]
#[case("+39 06 698 12345", "US", "+390669812345")]
// A trunk prefix left in.
#[case("+44 (0)20 7946 0958", "US", "+442079460958")]
#[case("+33 06 12 34 56 78", "US", "+33612345678")]
#[case("+33 (0)6 12 34 56 78", "FR", "+33612345678")]
#[case("8 (800) 555-01-99", "RU", "+78005550199")]
#[case("+7 800 555 01 99", "RU", "+78005550199")]
#[case("+375 80 011 11 11", "BY", "+375800111111")]
#[case("0044 20 7946 0958", "US", "+442079460958")]
// A zero in brackets where the number has none.
#[case("+48 (0) 512 345 678", "US", "+48512345678")]
#[case("0048 (0) 512 345 678", "US", "+48512345678")]
#[case("48 (0)512 345 678", "PL", "+48512345678")]
#[case("+34 ( 0 ) 612 345 678", "ES", "+34612345678")]
#[case("+65 (0) 6123 4567", "SG", "+6561234567")]
#[case("+39 (0) 339 1234561", "IT", "+393391234561")]
#[case("+39 (0) 3123456789", "IT", "+393123456789")]
#[case("+39 (0) 6 698 12345", "IT", "+390669812345")]
#[case("+39 (0) 331 123456", "IT", "+390331123456")]
#[case("49 (0)6151 4042123", "DE", "+4961514042123")]
// Without its plus, in a country whose own numbers begin with a zero.
#[case("4915228817386", "DE", "+4915228817386")]
#[case("49 6151 4042123", "DE", "+4961514042123")]
#[case("(49) 1514 5678901", "DE", "+4915145678901")]
#[case("4915228817386.0", "DE", "+4915228817386")]
#[case("62811234567", "ID", "+62811234567")]
#[case("38343201234", "XK", "+38343201234")]
#[case("04921 891234", "DE", "+494921891234")]
#[case("393391234567", "IT", "+393391234567")]
#[case("3931234567", "IT", "+393931234567")]
// Characters that nobody sees, digits of other scripts.
#[case("\u{202d}+1 (415) 555\u{2011}0133\u{202c}", "US", "+14155550133")]
#[case("\u{200e}4155550133", "US", "+14155550133")]
#[case("+1\u{fe0e}-415-555-0133", "US", "+14155550133")]
#[case("４１５－５５５－０１３３", "US", "+14155550133")]
#[case("٠١٠٠٥٥٥٠١٩٩", "EG", "+201005550199")]
#[case("०९८७६५ ४३२११", "IN", "+919876543211")]
// What a number is called.
#[case("p:+14155550100", "US", "+14155550100")]
#[case("tel:+1-415-555-0100", "DE", "+14155550100")]
#[case("Tel.: (415) 555-0100", "US", "+14155550100")]
#[case("(cell) 415-555-0100", "US", "+14155550100")]
#[case("415-555-0100 (h)", "US", "+14155550100")]
#[case("415-555-0100 mobile", "US", "+14155550100")]
#[case("m: 415 555 0100", "US", "+14155550100")]
#[case("Handy 0152 28817386", "DE", "+4915228817386")]
// Spreadsheets.
#[case("3023125001.0", "DE", "+493023125001")]
#[case("3023125001,00", "DE", "+493023125001")]
#[case("3.023125002E9", "DE", "+493023125002")]
#[case("7290.0", "TK", "+6907290")]
#[case("211234.0", "SR", "+597211234")]
#[case("20123.0", "TV", "+68820123")]
#[case("22123.0", "WS", "+68522123")]
// Slashes that part nothing.
#[case("030/23125 005", "DE", "+493023125005")]
#[case("02/555 01 99", "BE", "+3225550199")]
#[case("415.555.0100", "US", "+14155550100")]
#[case("01/42/68/53/00", "FR", "+33142685300")]
#[case("0171/1234567", "DE", "+491711234567")]
#[case("030/23125001-02", "DE", "+49302312500102")]
#[case("030 23125 - 123", "DE", "+493023125123")]
#[case("(415) 555 - 0100", "US", "+14155550100")]
fn a_typed_number_becomes_e164(#[case] typed: &str, #[case] country: &str, #[case] e164: &str) {
    let read = read(typed, country).unwrap();
    assert_eq!((read.phone.as_str(), read.doubtful, read.others), (e164, false, Vec::<String>::new()));
}

#[rstest]
#[case("(415) 555-0100 x123", "123")]
#[case("415-555-0100,,124#", "124")]
#[case("+1-415-555-0100;ext=125", "125")]
#[case("415-555-0100 ext. 12", "12")]
#[case("415-555-0100 Extension 007", "007")]
#[case("415-555-0100 #9", "9")]
#[case("(415) 555-0100 (ext 5)", "5")]
#[case("415-555-0100x5", "5")]
#[case("work: 415-555-0100 x5", "5")]
#[case("tel:+1-415-555-0100;ext=125", "125")]
fn an_extension_is_a_part_of_its_own(#[case] typed: &str, #[case] extension: &str) {
    let phone = read(typed, "US").unwrap().phone;
    assert_eq!((phone.number(), phone.extension()), ("+14155550100", Some(extension)));
    assert_eq!(phone.as_str(), format!("+14155550100;ext={extension}"));
    let json = serde_json::to_string(&phone).unwrap();
    assert_eq!(serde_json::from_str::<Phone>(&json).unwrap(), phone);
}

#[rstest]
#[case("415-555-0144 / 415-555-0145", "US", "+14155550144", "+14155550145")]
#[case("415 555 0146 or 415 555 0147", "US", "+14155550146", "+14155550147")]
#[case("415-555-0144, 415-555-0145", "US", "+14155550144", "+14155550145")]
#[case("+49 30 23125005; +49 152 28817386", "US", "+493023125005", "+4915228817386")]
#[case("030 23125005 oder 0152 28817386", "DE", "+493023125005", "+4915228817386")]
#[case("home 415-555-0144 / cell 415-555-0145", "US", "+14155550144", "+14155550145")]
#[case("030/23125001/02", "DE", "+493023125001", "+493023125002")]
#[case("030/23125001 / 02", "DE", "+493023125001", "+493023125002")]
#[case("030/23125001/-02", "DE", "+493023125001", "+493023125002")]
#[case("030/23125001/2", "DE", "+493023125001", "+493023125002")]
#[case("030/23125001 - 05", "DE", "+493023125001", "+493023125005")]
#[case("030/23125001, 02", "DE", "+493023125001", "+493023125002")]
#[case("+49 30 23125001/02", "US", "+493023125001", "+493023125002")]
#[case("415-555-0171 / 0118", "US", "+14155550171", "+14155550118")]
#[case("415-555-0100/01", "US", "+14155550100", "+14155550101")]
fn of_two_numbers_the_first_counts_and_the_second_is_kept(
    #[case] typed: &str,
    #[case] country: &str,
    #[case] first: &str,
    #[case] second: &str,
) {
    let read = read(typed, country).unwrap();
    assert_eq!((read.phone.as_str(), &read.others[..]), (first, &[second.to_owned()][..]));
}

#[rstest]
#[case("415-555-0144 / 415-555-0145 / 415-555-0146", "US", &["+14155550144", "+14155550145", "+14155550146"])]
#[case("(415) 555-0144, (415) 555-0145 and (415) 555-0146", "US", &["+14155550144", "+14155550145", "+14155550146"])]
#[case("415-555-0144 or 415-555-0145; 415-555-0146", "US", &["+14155550144", "+14155550145", "+14155550146"])]
#[case("415-555-0144 / 415-555-0145 / 415-555-0144", "US", &["+14155550144", "+14155550145"])]
#[case("+1 415 555 0144 +1 415 555 0145 +1 415 555 0146", "DE", &["+14155550144", "+14155550145", "+14155550146"])]
#[case("+1 415 555 0144 / 415 555 0145 / 415 555 0146", "", &["+14155550144", "+14155550145", "+14155550146"])]
#[case("home 415-555-0144, cell 415-555-0145, work 415-555-0146 x5", "US", &["+14155550144", "+14155550145", "+14155550146;ext=5"])]
#[case("415-555-0144 / 415-555-0145 / 415-5550-0146-77", "US", &["+14155550144", "+14155550145", "415-5550-0146-77"])]
#[case("030/23125001-02/03", "DE", &["+493023125001", "+493023125002", "+493023125003"])]
#[case("030/23125001/02/03", "DE", &["+493023125001", "+493023125002", "+493023125003"])]
fn of_more_than_two_numbers_each_is_kept(#[case] typed: &str, #[case] country: &str, #[case] numbers: &[&str]) {
    let read = read(typed, country).unwrap();
    let others: Vec<_> = read.others.iter().map(String::as_str).collect();
    assert_eq!([&[read.phone.as_str()], &others[..]].concat(), numbers);
}

#[test]
fn a_number_of_right_length_outside_every_range_is_doubtful() {
    assert!(read("+19991234568", "").unwrap().doubtful);
}

#[rstest]
#[case("", "US", InvalidPhone::Empty)]
#[case("\u{202d}\u{202c}\u{fe0e}", "US", InvalidPhone::Empty)]
#[case("call me", "US", InvalidPhone::NotANumber)]
#[case("12345", "US", InvalidPhone::Length)]
#[case("415 555 0100", "", InvalidPhone::NotANumber)]
#[case("+1 415 555 0100\r\nX: y", "", InvalidPhone::NotANumber)]
#[case("1-800-FLOWERS", "US", InvalidPhone::NotANumber)]
#[case("415-555-O1OO", "US", InvalidPhone::NotANumber)]
#[case("4.93023E+11", "DE", InvalidPhone::Rounded)]
#[case("3.023E9", "DE", InvalidPhone::Rounded)]
#[case("4155550100.5", "US", InvalidPhone::Rounded)]
#[case("1-(512) *** ****", "US", InvalidPhone::NotANumber)]
#[case("(512) xxx-xxxx", "US", InvalidPhone::NotANumber)]
#[case("xxx", "US", InvalidPhone::NotANumber)]
#[case("0000000000", "US", InvalidPhone::MadeUp)]
#[case("000-000-0000", "US", InvalidPhone::MadeUp)]
#[case("1234567890", "US", InvalidPhone::MadeUp)]
#[case("+1 555 000 0000", "US", InvalidPhone::MadeUp)]
#[case("+1 555 555 5555", "US", InvalidPhone::MadeUp)]
#[case("(415) 555-5555", "US", InvalidPhone::MadeUp)]
#[case("9999999999", "US", InvalidPhone::MadeUp)]
#[case("442079460958", "US", InvalidPhone::Length)]
#[case("-4155550101", "US", InvalidPhone::NotANumber)]
#[case("96123-4567", "BR", InvalidPhone::Length)]
// A zero that a spreadsheet took, or a plus: of a length that either number can have.
#[case("4921891234", "DE", InvalidPhone::TwoReadings)]
#[case("468123589", "SE", InvalidPhone::TwoReadings)]
fn a_bad_number_says_why(#[case] typed: &str, #[case] country: &str, #[case] why: InvalidPhone) {
    assert_eq!(read(typed, country).map(|read| read.phone.as_str().to_owned()), Err(why));
}

/// The second is what versions before stored.
#[rstest]
#[case("+49 152 28817386", "US", Some("+495228817386"))]
#[case("+39 06 698 12345", "IT", Some("+39669812345"))]
#[case("4915228817386", "DE", Some("+494915228817386"))]
#[case("+48 (0) 512 345 678", "PL", Some("+480512345678"))]
#[case("+39 (0) 331 123456", "IT", Some("+39331123456"))]
#[case("+33 (0)6 12 34 56 78", "FR", None)]
#[case("(415) 555-0100", "US", None)]
#[case("+1 415 555 0100", "US", None)]
#[case("+49 30 123456", "US", None)]
fn what_was_read_otherwise_is_known(#[case] typed: &str, #[case] country: &str, #[case] formerly: Option<&str>) {
    let read = read(typed, country).unwrap().formerly.map(|phone| phone.as_str().to_owned());
    assert_eq!(read.as_deref(), formerly);
}

#[test]
fn debug_masks_the_number() {
    let phone = read("+14155550100", "").unwrap().phone;
    assert!(!format!("{phone:?} {:?}", crate::contact::Identity::Phone(phone.clone())).contains("415"));
}

proptest! {
    #[test]
    fn no_text_panics_and_what_is_read_is_in_its_form(text in "[0-9+() ./x;,#-]{0,30}|.{0,30}", country in "US|DE|IT|RU|") {
        if let Ok(read) = read(&text, &country) {
            let number = read.phone.number();
            prop_assert!(number.starts_with('+') && number.len() <= 18 && number[1..].bytes().all(|b| b.is_ascii_digit()));
            prop_assert!(read.phone.extension().is_none_or(is_extension));
            // Read again it is the same: what is stored can be looked up by what is shown.
            let again = Phone::parse(read.phone.as_str(), None).unwrap();
            prop_assert_eq!(again.phone, read.phone);
        }
    }
}
