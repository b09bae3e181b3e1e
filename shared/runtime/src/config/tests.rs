//! Where settings come from, which place wins, and what is refused.

use jiff::civil::Weekday;
use ripen_domain::calling::Hours;

use super::{
    ConfigError, ForwardedHeaderName, LogFormat, Role, Settings,
    layers::{environment, flags, toml},
};

fn pairs(given: &[(&str, &str)]) -> Vec<(String, String)> {
    given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn load(file: &str, variables: &[(&str, &str)], overrides: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let file = toml("ripen.toml", file)?;
    Settings::from_layers(vec![file, environment(pairs(variables))?, flags(pairs(overrides))?])
}

#[test]
fn nothing_given_means_the_defaults() {
    assert_eq!(load("", &[("PATH", "/bin"), ("RIPEN_DATA_DIR", "/x")], &[]).unwrap(), Settings::default());
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = "[http]\nlisten = \"127.0.0.1:1\"\n[limits]\nbody_bytes = 1\nburst = 1\n[log]\nformat = \"json\"\n";
    let variables = [("RIPEN__HTTP__LISTEN", "127.0.0.1:2"), ("RIPEN__LIMITS__BODY_BYTES", "2")];
    let settings = load(file, &variables, &[("http.listen", "127.0.0.1:3")]).unwrap();
    assert_eq!(settings.http.listen.port(), 3);
    assert_eq!((settings.limits.body_bytes, settings.limits.burst), (2, 1));
    assert_eq!(settings.log.format, LogFormat::Json);
}

#[test]
fn every_kind_is_read_from_text() {
    let variables = [
        ("RIPEN__DISPATCHER__ALLOW_PRIVATE", "true"),
        ("RIPEN__DISPATCHER__RETRY_SCHEDULE_S", "1, 2,3"),
        ("RIPEN__HTTP__TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.1"),
        ("RIPEN__HTTP__FORWARDED_HEADER", "Forwarded"),
        ("RIPEN__HTTP__ADMIN_LISTEN", "0.0.0.0:9090"),
        ("RIPEN__MAIL__FROM", "0123@example.com"),
    ];
    let settings = load("", &variables, &[]).unwrap();
    assert!(settings.dispatcher.allow_private);
    assert_eq!(settings.dispatcher.retry_schedule_s, [1, 2, 3]);
    assert_eq!(settings.http.trusted_proxies.len(), 2);
    assert_eq!(settings.http.forwarded_header, ForwardedHeaderName::Forwarded);
    assert_eq!(Settings::default().http.forwarded_header, ForwardedHeaderName::XForwardedFor);
    assert_eq!(settings.http.admin_listen.unwrap().port(), 9090);
    assert_eq!(settings.mail.from, "0123@example.com");
    let file =
        "[dispatcher]\nretry_schedule_s = [7]\n[http]\ntrusted_proxies = [\"::1\"]\nadmin_listen = \"[::1]:1\"\n";
    assert_eq!(load(file, &[], &[]).unwrap().dispatcher.retry_schedule_s, [7]);
}

#[test]
fn calling_hours_are_read_from_the_file_and_from_text() {
    let file = "[calling]\nfrom = \"08:30\"\ndays = [\"mon\", \"sun\"]\nexceptions = [\"US-UT mon-sun 10:00-17:00\"]\n\
        holidays = [\"US 12-24\"]\nlimits = [\"all 2 in 24h\"]\nloosen = [{ place = \"US-UT\", what = \"hours\", why = \"they asked\" }]\n";
    let settings = load(file, &[("RIPEN__CALLING__TO", "21:00")], &[]).unwrap();
    let variables = [
        ("RIPEN__CALLING__FROM", "08:30"),
        ("RIPEN__CALLING__TO", "21:00"),
        ("RIPEN__CALLING__DAYS", "mon, sun"),
        ("RIPEN__CALLING__EXCEPTIONS", "US-UT mon-sun 10:00-17:00"),
        ("RIPEN__CALLING__HOLIDAYS", "US 12-24"),
        ("RIPEN__CALLING__LIMITS", "all 2 in 24h"),
        ("RIPEN__CALLING__LOOSEN", "US-UT hours: they asked"),
    ];
    assert_eq!(load("", &variables, &[]).unwrap().calling, settings.calling);
    let hours = settings.calling.hours().unwrap();
    let from =
        |region: &str, weekday| hours.on(region.parse().ok(), weekday).first().map(|window| window.from().to_string());
    assert_eq!(from("US-UT", Weekday::Sunday).as_deref(), Some("10:00"));
    assert_eq!(from("US-NY", Weekday::Monday).as_deref(), Some("08:30"));
    assert_eq!(from("US-NY", Weekday::Tuesday), None);
    assert_eq!(Settings::default().calling.hours(), Ok(Hours::default()));
}

#[test]
fn calling_hours_that_cannot_be_kept_are_refused() {
    for (file, message) in [
        (
            "from = \"9 am\"",
            "calling.from in ripen.toml: \"9 am\" is no time of day: write it as 09:00, from 00:00 to 24:00",
        ),
        (
            "exceptions = [\"US-UT sat closed\", \"Utah sun closed\"]",
            "calling.exceptions in ripen.toml: \"Utah\" is no place: write a country such as DE, or a state such as US-UT",
        ),
        (
            "exceptions = [\"US-WA mon 09:00-21:00\"]",
            "calling.exceptions: \"US-WA mon 09:00-21:00\" allows more than US-WA: all 08:00-20:00 (Wash. Rev. Code § 80.36.390, as \
             amended by HB 1497 (2022)): keep within it, or add \"US-WA hours: why you may\" to calling.loosen",
        ),
        (
            "loosen = [\"JP: we may\"]",
            "calling.loosen: for JP no such rule is shipped: `ripen calling rules` lists them",
        ),
        ("form = \"09:00\"", "unknown key calling.form in ripen.toml (did you mean calling.from?)"),
        ("to = \"08:00\"", "calling.to: 09:00-08:00 are no hours: they have to end after they begin"),
        ("days = []", "calling.days: name at least one day of the week, such as \"mon\""),
        (
            "exceptions = [\"US-UT sat closed\", \"US-UT all 09:00-12:00\"]",
            "calling.exceptions: two exceptions speak of sat in US-UT",
        ),
        (
            "exceptions = [\"DE mon-sat closed\"]",
            "calling.exceptions: DE is closed on every day of the week, so no promise there could ever be kept: open at \
             least one",
        ),
    ] {
        let refused = load(&format!("[calling]\n{file}\n"), &[], &[]).expect_err(message);
        assert_eq!(refused.to_string(), message);
    }
    let of_days = load("[calling]\ndays = [\"monday\"]\n", &[], &[]).unwrap_err().to_string();
    assert!(of_days.starts_with("calling.days in ripen.toml: ") && of_days.contains("monday"), "{of_days}");
}

#[test]
fn mistakes_name_the_key_and_where_it_came_from() {
    for (file, variables, overrides, message) in [
        (
            "[database]\nulr = \"\"\n",
            vec![],
            vec![],
            "unknown key database.ulr in ripen.toml (did you mean database.url?)",
        ),
        ("[databse]\nurl = \"\"\n", vec![], vec![], "unknown key databse in ripen.toml (did you mean [database]?)"),
        ("[zebra]\nurl = \"\"\n", vec![], vec![], "unknown key zebra in ripen.toml (see deploy/ripen.sample.toml)"),
        ("database = 3\n", vec![], vec![], "database in ripen.toml: expected a section [database], given the number 3"),
        (
            "",
            vec![("RIPEN__LIMITS__BODYBYTES", "1")],
            vec![],
            "unknown key RIPEN__LIMITS__BODYBYTES in the environment (did you mean RIPEN__LIMITS__BODY_BYTES?)",
        ),
        (
            "",
            vec![("RIPEN__URL", "1")],
            vec![],
            "unknown key RIPEN__URL in the environment (see deploy/ripen.sample.toml)",
        ),
        (
            "",
            vec![],
            vec![("http.lissen", "x")],
            "unknown key http.lissen in the command line (did you mean http.listen?)",
        ),
        (
            "[limits]\nburst = \"many\"\n",
            vec![],
            vec![],
            "limits.burst in ripen.toml: expected a whole number, not negative, given the text \"many\"",
        ),
        (
            "[limits]\nburst = -1\n",
            vec![],
            vec![],
            "limits.burst in ripen.toml: expected a whole number, not negative, given the number -1",
        ),
        (
            "[limits]\nburst = true\n",
            vec![],
            vec![],
            "limits.burst in ripen.toml: expected a whole number, not negative, given the flag true",
        ),
        (
            "",
            vec![("RIPEN__DISPATCHER__ALLOW_PRIVATE", "perhaps")],
            vec![],
            "RIPEN__DISPATCHER__ALLOW_PRIVATE in the environment: expected true or false, given the text \"perhaps\"",
        ),
        (
            "",
            vec![("RIPEN__LIMITS__BURST", "5000000000")],
            vec![],
            "RIPEN__LIMITS__BURST in the environment: expected an unsigned 32 bit integer, given 64-bit unsigned integer \
             `5000000000`",
        ),
        ("[http]\nlisten = \"here\"\n", vec![], vec![], "http.listen in ripen.toml: invalid socket address syntax"),
        (
            "[log]\nformat = \"xml\"\n",
            vec![],
            vec![],
            "log.format in ripen.toml: expected pretty or json, given \"xml\"",
        ),
        (
            "",
            vec![("RIPEN__HTTP__TRUSTED_PROXIES", "127.0.0.1,lan")],
            vec![],
            "RIPEN__HTTP__TRUSTED_PROXIES in the environment: \"lan\" is neither an address nor a network such as \
             10.0.0.0/8",
        ),
    ] {
        let refused = load(file, &variables, &overrides).expect_err(message);
        assert_eq!(refused.to_string(), message);
    }
}

#[test]
fn values_that_cannot_be_meant_name_their_key() {
    for (file, overrides, message) in [
        ("[limits]\nburst = 0\n", vec![], "limits.burst: must be at least 1"),
        ("", vec![("amqp.url", "http://x")], "amqp.url: expected amqp://… or amqps://…"),
        ("", vec![("http.public_url", "ripen.example")], "http.public_url: expected http://… or https://…"),
    ] {
        let refused = load(file, &[], &overrides).expect_err(message);
        assert_eq!(refused.to_string(), message);
    }
}

#[test]
fn bounds_of_zero_are_refused() {
    for key in [
        "database.acquire_timeout_s",
        "limits.addresses",
        "limits.connections_per_address",
        "limits.durable_timeout_s",
        "limits.visitor_forms_burst",
        "limits.visitor_forms_per_minute",
        "limits.write_timeout_s",
        "limits.wrong_tokens_per_minute",
    ] {
        let refused = load("", &[], &[(key, "0")]).expect_err(key);
        assert_eq!(refused.to_string(), format!("{key}: must be at least 1"));
    }
}

#[test]
fn a_password_is_in_no_error_and_in_no_debug() {
    let settings = load("", &[("RIPEN__DATABASE__URL", "postgres://ripen:s3cret@db/ripen")], &[]).unwrap();
    assert_eq!(settings.database.url.reveal(), "postgres://ripen:s3cret@db/ripen");
    let shown = [
        format!("{settings:?}"),
        load("[database]\nurl = \"postgres://ripen:s3cret@db\nmax_connections = 3\n", &[], &[])
            .unwrap_err()
            .to_string(),
        load("", &[], &[("mail.url", "imap://me:s3cret@mail")]).unwrap_err().to_string(),
        load("[amqp]\nurl = [\"amqp://me:s3cret@mq\"]\n", &[], &[]).unwrap_err().to_string(),
        load("[secrets]\nkey = \"s3cret\"\n", &[], &[]).unwrap_err().to_string(),
        load("[secrets]\nprevious_keys = \"s3cret\"\n", &[], &[]).unwrap_err().to_string(),
        load("[secrets]\nprevious_keys = [\"s3cret\"]\n", &[], &[]).unwrap_err().to_string(),
        load("", &[("RIPEN__SECRETS__KEY", "s3cret")], &[]).unwrap_err().to_string(),
    ];
    for text in &shown {
        assert!(!text.contains("s3cret"), "{text}");
    }
    assert!(shown[1].contains("ripen.toml is not valid TOML: TOML parse error at line 2"), "{}", shown[1]);
}

#[test]
fn a_file_that_was_named_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    assert!(matches!(Settings::load(Some(&path), Vec::new()), Err(ConfigError::Unreadable { .. })));
    std::fs::write(&path, "[clock]\nmax_skew_s = 9\n").unwrap();
    assert_eq!(Settings::load(Some(&path), Vec::new()).unwrap().clock.max_skew_s, 9);
}

#[test]
fn roles_that_could_not_meet_are_refused() {
    let embedded = Settings::default();
    let database = load("[database]\nurl = \"postgres://db/ripen\"\n", &[], &[]).unwrap();
    let both = load("", &[], &[("database.url", "postgres://db/x"), ("amqp.url", "amqp://mq")]).unwrap();
    for (settings, roles, refused) in [
        (&embedded, Role::ALL.as_slice(), None),
        (&embedded, &[Role::Intake], Some("database.url")),
        (&database, &[Role::Intake, Role::Qualifier], Some("amqp.url")),
        (&both, &[Role::Dispatcher], None),
        (&both, &[], Some("--role")),
    ] {
        let named = match settings.check_roles(roles) {
            Ok(()) => None,
            Err(ConfigError::Invalid { key, .. }) => Some(key),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(named, refused, "{roles:?}");
    }
}

#[test]
fn an_address_that_reaches_nobody_is_refused_at_the_start() {
    for key in ["mail.alerts", "mail.reply_to"] {
        for given in
            ["nobody", "desk@firm.example, boss@firm.example", "Desk <desk@firm.example>", "@firm.example", "a@b@c"]
        {
            let refused = load("", &[], &[(key, given)]).expect_err(given).to_string();
            assert!(refused.starts_with(key) && refused.contains("one address such as"), "{refused}");
        }
        for given in ["", "desk@firm.example", "root@localhost"] {
            assert!(load("", &[], &[(key, given)]).is_ok(), "{given}");
        }
    }
}

#[test]
fn a_telephone_that_could_dial_nobody_is_refused_at_the_start() {
    for (dial, url, message) in [
        ("url", "sip:desk", "phone.url: expected an address with {number}"),
        ("http", "sip:{number}", "phone.url: expected http://… or https://…"),
        ("url", "javascript:call({number})", "phone.url: expected an address such as"),
        ("smoke", "", "expected tel, url or http"),
    ] {
        let refused = load("", &[], &[("phone.dial", dial), ("phone.url", url)]).expect_err(message).to_string();
        assert!(refused.contains(message), "{refused}");
    }
    assert!(load("", &[], &[("phone.dial", "url"), ("phone.url", "sip:{number}")]).is_ok());
    let shown = format!("{:?}", load("", &[], &[("phone.url", "https://x/?pass=s3cret")]).unwrap().phone);
    assert!(!shown.contains("s3cret"), "{shown}");
}
