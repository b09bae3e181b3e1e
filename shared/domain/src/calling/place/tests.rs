//! Where a number, a postal code, a zone or nothing at all says that somebody is.

use rstest::rstest;

use super::*;

fn shown(whereabouts: Whereabouts<'_>) -> String {
    let places = whereabouts.places();
    let shown = places.iter().map(|place| {
        let region = place.region.map_or_else(|| "?".to_owned(), |region| region.to_string());
        format!("{region} {}", place.zone.iana_name().unwrap_or("?"))
    });
    shown.collect::<Vec<_>>().join(", ")
}

const NOTHING: Whereabouts<'_> =
    Whereabouts { time_zone: None, country: None, postal_code: None, phone: None, client_time_zone: "America/Chicago" };

#[rstest]
#[case("+12125550100", "US-NY America/New_York")]
#[case("+14155550100", "US-CA America/Los_Angeles")]
#[case("+13125550100", "US-IL America/Chicago")]
#[case("+16025550100", "US-AZ America/Phoenix")]
#[case("+19285550100", "US-AZ America/Phoenix, US-AZ America/Denver")]
#[case("+18085550100", "US-HI Pacific/Honolulu")]
#[case("+19075550100", "US-AK America/Anchorage, US-AK America/Adak")]
#[case("+19155550100", "US-TX America/Denver")]
#[case("+15125550100", "US-TX America/Chicago")]
#[case("+18505550100", "US-FL America/Chicago, US-FL America/New_York")]
#[case("+13055550100", "US-FL America/New_York")]
#[case("+12085550100", "US-ID America/Denver, US-ID America/Los_Angeles")]
#[case("+16155550100", "US-TN America/Chicago")]
#[case("+18655550100", "US-TN America/New_York")]
#[case("+12195550100", "US-IN America/Chicago, US-IN America/New_York")]
#[case("+17875550100", "US-PR America/Puerto_Rico")]
#[case("+16715550100", "US-GU Pacific/Guam")]
#[case("+12025550100", "US-DC America/New_York")]
#[case("+14165550100", "CA-ON America/Toronto")]
#[case("+16045550100", "CA-BC America/Vancouver")]
#[case("+17095550100", "CA-NL America/St_Johns, CA-NL America/Halifax")]
#[case(
    "+18675550100",
    "CA-NT America/Edmonton, CA-NT America/Toronto, CA-NT America/Whitehorse, CA-NT America/Winnipeg, \
     CA-NU America/Edmonton, CA-NU America/Toronto, CA-NU America/Whitehorse, CA-NU America/Winnipeg, \
     CA-YT America/Edmonton, CA-YT America/Toronto, CA-YT America/Whitehorse, CA-YT America/Winnipeg"
)]
#[case("+19025550100", "CA-NS America/Halifax, CA-PE America/Halifax")]
#[case("+18765550100", "JM America/Jamaica")]
#[case("+18005550100", "? America/Chicago")]
#[case("+442070313000", "GB Europe/London")]
#[case("+33142685300", "FR Europe/Paris")]
#[case("+61892223333", "AU Australia/Adelaide, AU Australia/Perth")]
#[case("+61293744000", "AU Australia/Sydney")]
#[case("+34922123456", "ES Atlantic/Canary")]
#[case("+34612345678", "ES Europe/Madrid, ES Atlantic/Canary")]
#[case("+5565992345678", "BR America/Manaus")]
#[case("+526641234567", "MX America/Tijuana")]
#[case("+74232221111", "RU Asia/Vladivostok")]
#[case("+77012345678", "KZ Asia/Almaty, KZ Asia/Qyzylorda")]
#[case("+6281234567890", "ID Asia/Jakarta, ID Asia/Makassar, ID Asia/Jayapura")]
#[case("+99912345678", "? America/Chicago")]
#[case("+1415", "? America/Chicago")]
fn an_area_code_says_where(#[case] phone: &str, #[case] places: &str) {
    assert_eq!(shown(Whereabouts { phone: Some(phone), ..NOTHING }), places);
}

#[rstest]
#[case("10001", "US-NY America/New_York")]
#[case("94103-1234", "US-CA America/Los_Angeles")]
#[case("60601", "US-IL America/Chicago")]
#[case("85001", "US-AZ America/Phoenix")]
#[case("86515", "US-AZ America/Denver, US-AZ America/Phoenix")]
#[case("02139", "US-MA America/New_York")]
#[case("00901", "US-PR America/Puerto_Rico")]
#[case("32501", "US-FL America/Chicago")]
#[case("33101", "US-FL America/New_York")]
#[case("79901", "US-TX America/Denver")]
#[case("73301", "US-TX America/Chicago")]
#[case("75201", "US-TX America/Chicago")]
#[case("37201", "US-TN America/Chicago")]
#[case("37901", "US-TN America/New_York")]
#[case("47701", "US-IN America/Chicago")]
#[case("46204", "US-IN America/New_York")]
#[case("57701", "US-SD America/Denver")]
#[case("83814", "US-ID America/Los_Angeles")]
#[case("83702", "US-ID America/Denver")]
#[case("99501", "US-AK America/Anchorage")]
#[case("99546", "US-AK America/Adak")]
#[case("02134", "US-MA America/New_York")]
#[case("2134", "US-MA America/New_York")]
#[case("2134.0", "US-MA America/New_York")]
#[case("601341234", "US-IL America/Chicago")]
#[case("60134.0", "US-IL America/Chicago")]
#[case("96799", "US-AS Pacific/Pago_Pago")]
#[case("89883", "US-NV America/Denver, US-NV America/Los_Angeles")]
#[case("96813", "US-HI Pacific/Honolulu")]
#[case("20001", "US-DC America/New_York")]
#[case("20101", "US-VA America/New_York")]
#[case("30301", "US-GA America/New_York")]
#[case("39901", "US-GA America/New_York")]
#[case("82901", "US-WY America/Denver")]
#[case("98101", "US-WA America/Los_Angeles")]
#[case("H2X 1Y4", "CA-QC America/Toronto")]
#[case("x0a0h0", "CA-NT America/Edmonton, CA-NU America/Toronto, CA-NU America/Winnipeg, CA-NU America/Edmonton")]
#[case("09012", EVERYWHERE)]
#[case("1000", "US-MA America/New_York")]
#[case("10001-12", EVERYWHERE)]
#[case("W1A 0AX", EVERYWHERE)]
fn a_postal_code_says_where(#[case] code: &str, #[case] places: &str) {
    assert_eq!(shown(Whereabouts { postal_code: Some(code), country: Some("US"), ..NOTHING }), places);
}

#[rstest]
#[case("6000", "AU Australia/Perth")]
#[case("2000", "AU Australia/Sydney")]
#[case("3000", "AU Australia/Sydney")]
#[case("4000", "AU Australia/Brisbane")]
#[case("5000", "AU Australia/Adelaide")]
#[case("7000", "AU Australia/Sydney")]
#[case("0800", "AU Australia/Darwin")]
#[case("800", "AU Australia/Darwin")]
#[case("0200", "AU Australia/Sydney")]
#[case("0872", "AU Australia/Darwin, AU Australia/Adelaide, AU Australia/Perth")]
#[case("2880", "AU Australia/Adelaide, AU Australia/Sydney")]
#[case("2898", "AU Australia/Lord_Howe")]
#[case("6443", "AU Australia/Perth, AU Australia/Eucla")]
fn an_australian_postcode_settles_the_clock_of_a_mobile_number(#[case] code: &str, #[case] places: &str) {
    let mobile = Whereabouts { phone: Some("+61412999001"), country: Some("AU"), ..NOTHING };
    let there = Whereabouts { client_time_zone: "Australia/Sydney", postal_code: Some(code), ..mobile };
    assert_eq!(shown(there), places);
}

#[test]
fn a_number_that_is_elsewhere_than_the_address_counts_beside_it() {
    let of = |phone, code| {
        let postal_code = Some(code);
        shown(Whereabouts { phone: Some(phone), country: Some("AU"), postal_code, ..NOTHING })
    };
    assert_eq!(of("+61892221234", "6000"), "AU Australia/Perth", "08 is of three states: the address says which");
    assert_eq!(of("+61293744000", "6000"), "AU Australia/Perth, AU Australia/Sydney");
    assert_eq!(of("+442070313000", "6000"), "AU Australia/Perth, GB Europe/London");
    let unknown = of("+61412999001", "1");
    assert!(unknown.contains("Australia/Perth") && unknown.contains("Australia/Sydney"), "{unknown}");
    // Four digits are a code of Australia only there.
    let austrian = Whereabouts { postal_code: Some("6000"), country: Some("AT"), ..NOTHING };
    assert_eq!(shown(austrian), "AT Europe/Vienna");
}

#[test]
fn five_digits_are_a_code_of_the_us_only_there() {
    let berlin = Whereabouts { postal_code: Some("10115"), country: Some("DE"), ..NOTHING };
    assert_eq!(shown(berlin), "DE Europe/Berlin");
    assert_eq!(shown(Whereabouts { country: None, ..berlin }), "? America/Chicago");
    let with_phone = Whereabouts { phone: Some("+12125550100"), postal_code: Some("94103"), ..NOTHING };
    assert_eq!(shown(with_phone), "US-CA America/Los_Angeles, US-NY America/New_York");
}

#[test]
fn ones_own_zone_settles_the_clock_and_no_states_hours() {
    let phone = Whereabouts { phone: Some("+14155550100"), country: Some("US"), ..NOTHING };
    let at = |time_zone| shown(Whereabouts { time_zone: Some(time_zone), ..phone });
    assert_eq!(at("America/Los_Angeles"), "US-CA America/Los_Angeles");
    assert_eq!(at("America/New_York"), "US-CA America/New_York, US America/New_York");
    assert_eq!(at("Asia/Calcutta"), "US-CA Asia/Calcutta, IN Asia/Calcutta");
    for machine in ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Etc/GMT+0", "Zulu", "Mars/Olympus", ""] {
        assert_eq!(at(machine), "US-CA America/Los_Angeles", "{machine}");
    }
    assert_eq!(shown(Whereabouts { time_zone: Some("Asia/Dubai"), ..NOTHING }), "AE Asia/Dubai");
}

#[rstest]
#[case("Asia/Calcutta", "IN Asia/Calcutta")]
#[case("America/Buenos_Aires", "AR America/Buenos_Aires")]
#[case("Europe/Kiev", "UA Europe/Kiev")]
#[case("America/Indianapolis", "US America/Indianapolis")]
#[case("US/Pacific", "US US/Pacific")]
#[case("Japan", "JP Japan")]
#[case("EST5EDT", "US EST5EDT")]
#[case("Etc/GMT-8", "US Etc/GMT-8")]
#[case("Etc/GMT+12", "US Etc/GMT+12")]
#[case("GMT+0530", EVERYWHERE)]
fn old_names_and_offsets_are_somebodys_clock(#[case] zone: &str, #[case] places: &str) {
    assert_eq!(shown(Whereabouts { time_zone: Some(zone), country: Some("US"), ..NOTHING }), places);
}

#[test]
fn an_offset_does_not_outweigh_where_a_number_is() {
    let phone = Whereabouts { phone: Some("+14155550100"), country: Some("US"), ..NOTHING };
    let at = |time_zone| shown(Whereabouts { time_zone: Some(time_zone), ..phone });
    assert_eq!(at("Etc/GMT+5"), "US-CA America/Los_Angeles, US-CA Etc/GMT+5");
    assert_eq!(at("EST"), "US-CA America/Los_Angeles, US-CA EST");
    let eight_ahead = Whereabouts { time_zone: Some("Etc/GMT-8"), ..NOTHING }.places();
    assert_eq!(eight_ahead[0].zone.to_offset("2027-01-01T00:00:00Z".parse().unwrap()).to_string(), "+08");
}

const EVERYWHERE: &str = "US America/Chicago, US America/New_York, US America/Denver, US America/Phoenix, \
    US America/Los_Angeles, US America/Anchorage, US America/Adak, US Pacific/Honolulu";

#[test]
fn where_nothing_is_known_all_of_the_country_counts_and_never_the_clients_zone_alone() {
    assert_eq!(shown(Whereabouts { country: Some("US"), ..NOTHING }), EVERYWHERE);
    let toll_free = Whereabouts { country: Some("US"), phone: Some("+18005550100"), ..NOTHING };
    assert_eq!(shown(toll_free), EVERYWHERE);
    let abroad = shown(Whereabouts { country: Some("BR"), ..NOTHING });
    assert_eq!(abroad, "BR America/Sao_Paulo, BR America/Manaus, BR America/Rio_Branco, BR America/Noronha");
    assert_eq!(shown(Whereabouts { country: Some("DE"), ..NOTHING }), "DE Europe/Berlin");
    assert_eq!(shown(NOTHING), "? America/Chicago", "not even a country");
    assert_eq!(shown(Whereabouts { client_time_zone: "nowhere", ..NOTHING }), "? UTC");
    assert_eq!(format!("{:?}", Whereabouts { phone: Some("+14155550100"), ..NOTHING }), "Whereabouts(…)");
}

#[test]
fn a_number_of_another_country_leaves_the_country_open() {
    let british = Whereabouts { country: Some("US"), phone: Some("+442070313000"), ..NOTHING };
    assert_eq!(shown(british), format!("GB Europe/London, {EVERYWHERE}"));
    let austrian = Whereabouts { country: Some("DE"), phone: Some("+431234567"), ..NOTHING };
    assert_eq!(shown(austrian), "AT Europe/Vienna, DE Europe/Berlin");
}
