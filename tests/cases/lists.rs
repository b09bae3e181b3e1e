//! Lists as spreadsheets, vendors and people write them, through `ripen import`: what is read, what is refused and where, and
//! that nothing is lost in silence.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use serde_json::{Value, json};

mod flagged;

use crate::harness::{
    CRITERIA, Installation, Kind, Source,
    workbook::{Sheet, row, workbook},
};

/// An installation with one source, and a folder for lists.
struct Desk {
    installation: Installation,
    source: Source,
}

impl Desk {
    async fn new() -> Self {
        let installation = Installation::new(Kind::Local).await;
        let source = installation.client("acme").await;
        Self { installation, source }
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.installation.folder().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    async fn run(&self, path: &Path, flags: &[&str]) -> Output {
        let path = path.to_str().unwrap();
        self.installation.run(&[&["import", path, "--source", &self.source.id, "--json"], flags].concat()).await
    }

    /// Imports a list that is read to its end, whatever is refused of it.
    async fn import(&self, name: &str, content: impl AsRef<[u8]>, flags: &[&str]) -> Value {
        let path = self.file(name, content);
        report(&self.run(&path, flags).await, flags.contains(&"--dry-run"))
    }

    /// Why a list is not read at all.
    async fn refusal(&self, name: &str, content: impl AsRef<[u8]>, flags: &[&str]) -> String {
        let path = self.file(name, content);
        let output = self.run(&path, flags).await;
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        String::from_utf8(output.stderr).unwrap()
    }

    async fn texts(&self, sql: &'static str) -> Vec<String> {
        sqlx::query_scalar(sql).fetch_all(self.installation.pool()).await.unwrap()
    }

    /// `lead list`.
    async fn leads(&self, flags: &[&str]) -> Value {
        self.installation.json(&[&["lead", "list"], flags].concat()).await
    }

    async fn names(&self) -> Vec<String> {
        self.texts(
            "select coalesce(submission->>'first_name', submission->>'name', '') from arrival order by received_at, 1",
        )
        .await
    }
}

fn report(output: &Output, is_dry: bool) -> Value {
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    let is_new = report["received"] != 0 || report["amended"] != 0;
    let is_clean = report["refused"] == 0 && (is_new || !is_dry);
    assert_eq!(output.status.code(), Some(i32::from(!is_clean)), "{report}");
    report
}

fn counts(report: &Value) -> Value {
    let count = |name: &str| (name.to_owned(), report[name].clone());
    ["rows", "received", "repeated", "amended", "refused", "unreadable"]
        .into_iter()
        .map(count)
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn all_received(rows: u64) -> Value {
    json!({"rows": rows, "received": rows, "repeated": 0, "amended": 0, "refused": 0, "unreadable": 0})
}

fn utf_16(text: &str, mark: bool, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    format!("{mark}{text}").encode_utf16().flat_map(order).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheets_unicode_text_is_read_by_its_mark_or_without() {
    let text =
        "email\tfirst_name\tphone\r\nzoe@example.com\tZoë\t415-555-0101\r\navi@example.com\tאבי\t415-555-0102\r\n";
    let desk = Desk::new().await;
    let first = desk.import("le.csv", utf_16(text, true, u16::to_le_bytes), &[]).await;
    assert_eq!(counts(&first), all_received(2));
    assert_eq!((&first["file"]["encoding"], &first["file"]["delimiter"]), (&json!("UTF-16LE"), &json!("tab")));
    let mut names = desk.names().await;
    names.sort();
    assert_eq!(names, ["Zoë", "אבי"]);
    for (name, bytes) in [
        ("bare.csv", utf_16(text, false, u16::to_le_bytes)),
        ("be.csv", utf_16(text, true, u16::to_be_bytes)),
        ("utf8.csv", text.as_bytes().to_vec()),
    ] {
        let again = desk.import(name, bytes, &[]).await;
        assert_eq!((&again["received"], &again["repeated"]), (&json!(0), &json!(2)), "{name}: the same rows");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_names_the_separator_and_windows_1252_are_understood() {
    let desk = Desk::new().await;
    let named =
        "sep=;\r\nemail;first_name;phone\r\nsep1@example.com;Gus;415-555-0103\r\nsep2@example.com;Hal;415-555-0104\r\n";
    assert_eq!(counts(&desk.import("sep.csv", named, &[]).await), all_received(2));
    let pipes = "Email Address|Full Name\nlou@example.com|Lou, the second\n";
    assert_eq!(counts(&desk.import("pipes.csv", pipes, &[]).await), all_received(1));
    let latin = desk.import("latin.csv", b"email,first_name\nrene@example.com,Ren\xe9\n", &[]).await;
    assert!(latin["file"]["encoding"].as_str().unwrap().starts_with("windows-1252 in 1 row"), "{latin}");
    assert_eq!(desk.names().await, ["Gus", "Hal", "Lou, the second", "René"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_columns_for_a_field_the_filled_one_counts_and_nothing_is_lost() {
    let desk = Desk::new().await;
    let list = "external_id,Email,Phone,E-Mail,Phone,Name\nc28-1,d1@example.com,415-555-0105,,,Joe Example\n\
        c28-2,,,d2@example.com,415-555-0106,Kay Example\nc28-3,d3@example.com,415-555-0107,d3b@example.com,415-555-0108,Lee Example\n";
    let report = desk.import("two.csv", list, &[]).await;
    assert_eq!(counts(&report), all_received(3));
    assert_eq!(report["fields"]["email"], "Email, E-Mail");
    let flags = report["flags"].as_array().unwrap();
    for (field, code) in [("phone", "second_phone"), ("email", "field_unusable")] {
        let told = flags.iter().find(|flag| flag["field"] == field && flag["flag"] == code);
        assert_eq!(told.map(|flag| &flag["rows"]), Some(&json!(1)), "{report}");
    }
    let kept = desk
        .texts("select concat_ws(' ', submission->>'email', submission->>'phone', submission->'extra'->>'E-Mail', submission->'extra'->>'Phone 2') from arrival order by 1")
        .await;
    assert_eq!(
        kept,
        [
            "d1@example.com +14155550105",
            "d2@example.com +14155550106",
            "d3@example.com +14155550107 d3b@example.com 415-555-0108"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_with_too_many_cells_is_refused_with_its_line_and_the_others_received() {
    let desk = Desk::new().await;
    let list = "external_id,email,phone,name,postal_code,answers.timeframe_days,answers.budget\n\
        c29-1,m1@example.com,415-555-0109,Mia Example,60134,20,450000\nc29-2,m2@example.com,415-555-0110,Example, Ned,60134,20,450000\n\
        c29-3,m3@example.com,415-555-0111,Oda Example,60134,20,450000,,\nc29-4,m4@example.com,415-555-0148,Pia Example\n";
    let report = desk.import("cells.csv", list, &[]).await;
    assert_eq!(
        (&report["received"], &report["refused"], &report["refused_rows"][0]["line"]),
        (&json!(3), &json!(1), &json!(3))
    );
    assert!(report["refused_rows"][0]["problem"].as_str().unwrap().contains("8 cells and the header 7"), "{report}");
    assert_eq!(desk.installation.count("select count(*) from lead").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_row_is_mended_and_makes_no_lead_twice() {
    let desk = Desk::new().await;
    let list = |fourth: &str| {
        let row =
            |n: u32| format!("c34-{n},{},P{n}\n", if n == 4 { fourth.to_owned() } else { format!("p{n}@example.com") });
        format!("external_id,email,first_name\n{}", (1..=7).map(row).collect::<String>())
    };
    for (content, [received, repeated, refused]) in
        [(list("no-address"), [6, 0, 1]), (list("p4@example.com"), [1, 6, 0]), (list("p4@example.com"), [0, 7, 0])]
    {
        let dry = desk.import("list.csv", &content, &["--dry-run"]).await;
        let done = desk.import("list.csv", &content, &[]).await;
        assert_eq!(
            (&done["received"], &done["repeated"], &done["refused"]),
            (&json!(received), &json!(repeated), &json!(refused)),
            "{done}"
        );
        assert_eq!(counts(&dry), counts(&done), "a dry run says the same before");
        if refused > 0 {
            for report in [&dry, &done] {
                assert_eq!(
                    (&report["refused_rows"][0]["line"], &report["refused_rows"][0]["column"]),
                    (&json!(5), &json!("email"))
                );
                assert!(!report["refused_rows"].to_string().contains("/email"), "no pointers: {report}");
            }
        }
    }
    assert_eq!(desk.installation.count("select count(*) from lead").await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclosed_quotation_mark_swallows_no_row_and_lines_are_an_editors() {
    let desk = Desk::new().await;
    let list = "email,first_name,notes\r\n\r\nq1@example.com,Q1,\"two\r\nlines\"\r\n\r\nq2@example.com,\"Q2,never closed\r\n\
        q3@example.com,Q3,\"a, b\"\r\nnobody,Q4,\r\nq5@example.com,Q5,\"open to the end\r\n";
    let refused = desk.installation.folder().join("refused.csv");
    let report = desk.import("quotes.csv", list, &["--refused", refused.to_str().unwrap()]).await;
    // Two of them are known before the one between is answered for.
    let written = fs::read_to_string(&refused).unwrap();
    let lines: Vec<_> = written.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["6", "8", "9"], "{written}");
    assert_eq!(
        counts(&report),
        json!({"rows": 5, "received": 2, "repeated": 0, "amended": 0, "refused": 3, "unreadable": 2})
    );
    let lines: Vec<_> = (0..3).map(|n| report["refused_rows"][n]["line"].clone()).collect();
    assert_eq!(lines, [6, 8, 9].map(|line| json!(line)), "{report}");
    assert_eq!(desk.names().await, ["Q1", "Q3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_rows_of_one_file_are_counted_as_what_they_are() {
    let desk = Desk::new().await;
    let list = "external_id,email,first_name\nr1,r1@example.com,Ann\nr2,r2@example.com,Bo\nr1,r1@example.com,Ann\n\
        r1,r1@example.com,Anna\nr2,r2@example.com,Bo\nr3,nobody,Cy\nr3,nobody,Cy\n";
    let expected = json!({"rows": 7, "received": 2, "repeated": 2, "amended": 1, "refused": 2, "unreadable": 0});
    assert_eq!(counts(&desk.import("rows.csv", list, &["--dry-run"]).await), expected);
    assert_eq!(counts(&desk.import("rows.csv", list, &[]).await), expected);
    let without_id = "email,first_name\ns1@example.com,Ann\ns1@example.com,Ann\ns2@example.com,Bo\n";
    let report = desk.import("plain.csv", without_id, &[]).await;
    assert_eq!((&report["received"], &report["repeated"]), (&json!(2), &json!(1)));
    let moved = "email,first_name\ns2@example.com,Bo\ns1@example.com,Ann\n";
    let report = desk.import("moved.csv", moved, &[]).await;
    assert_eq!(
        (&report["received"], &report["repeated"]),
        (&json!(0), &json!(2)),
        "where a row stands does not matter"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_says_what_would_be_refused_flagged_and_misunderstood() {
    let desk = Desk::new().await;
    desk.installation.activate(CRITERIA).await;
    let list = "Email Address,Phone number (recommended),answers.timeframe_day,Timeframe days\n\
        t1@example.com,12,20,30\nt2@example.com,13,20,30\n";
    let report = desk.import("dry.csv", list, &["--dry-run"]).await;
    assert_eq!(counts(&report), all_received(2));
    assert_eq!(report["fields"]["email"], "Email Address");
    assert_eq!(report["fields"]["phone"], "Phone number (recommended)");
    assert!(
        report["unknown_answers"][0].as_str().unwrap().contains("did you mean 'answers.timeframe_days'?"),
        "{report}"
    );
    assert!(
        report["likely_answers"][0].as_str().unwrap().contains("--map 'answers.timeframe_days=Timeframe days'"),
        "{report}"
    );
    let phone = report["flags"].as_array().unwrap().iter().find(|flag| flag["field"] == "phone").unwrap();
    assert_eq!((&phone["rows"], &phone["first_lines"]), (&json!(2), &json!([2, 3])));
    assert_eq!(desk.installation.count("select count(*) from arrival").await, 0, "nothing is sent");
    let hopeless = desk.import("hopeless.csv", "Name,Fax\nAnn,1\nBo,2\n", &["--dry-run"]).await;
    assert_eq!((&hopeless["received"], &hopeless["refused"]), (&json!(0), &json!(2)));
    let refusal = desk.refusal("hopeless.csv", "Name,Fax\nAnn,1\n", &[]).await;
    assert!(refusal.contains("fills email or phone") && refusal.contains("Name, Fax"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_for_a_server_elsewhere_says_which_rows_no_server_takes() {
    let desk = Desk::new().await;
    // Nobody listens there: nothing is sent.
    let flags = ["--server", "http://127.0.0.1:9", "--key-env", "KEY", "--dry-run"];
    let hopeless = desk.import("hopeless.csv", "Email,Phone\nnobody,12\n,\"call me\"\n", &flags).await;
    assert_eq!((&hopeless["received"], &hopeless["refused"]), (&json!(0), &json!(2)), "{hopeless}");
    assert_eq!(hopeless["refused_rows"][0]["line"], 2);
    let list = "Email,Phone\nann@example.com,12\n,(415) 555-0100\n,0152 28817386\nnobody,\nann@example.com,12\n";
    let report = desk.import("mixed.csv", list, &flags).await;
    assert_eq!(
        (&report["received"], &report["repeated"], &report["refused"]),
        (&json!(3), &json!(1), &json!(1)),
        "{report}"
    );
    assert_eq!(report["flags"][0]["flag"], "phone_unusable");
    assert!(report["not_checked"].as_str().unwrap().contains("country"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_rows_are_written_down_mended_and_imported_again() {
    let desk = Desk::new().await;
    let refused = desk.installation.folder().join("refused.csv");
    let flags = ["--set", "external_id=l7-{#}", "--refused", refused.to_str().unwrap()];
    let list = "Mail,Name\nu1@example.com,Ann\nu2 at example.com,Bo\nu3@example.com,Cy,too,many\nu4@example.com,Di\n";
    let report = desk.import("list.csv", list, &flags).await;
    assert_eq!((&report["received"], &report["refused"]), (&json!(2), &json!(2)));
    let written = fs::read_to_string(&refused).unwrap();
    let header = "refused_line,refused_row,refused_because,Mail,Name\n";
    assert!(written.starts_with(header) && written.contains("u3@example.com,Cy,too,many\n"), "{written}");
    assert!(written.contains("\n3,2,") && written.contains("u2 at example.com,Bo\n"), "{written}");
    let mended = written.replace("u2 at example.com", "u2@example.com").replace(",too,many", "");
    let report = desk.import("mended.csv", mended, &flags[..2]).await;
    assert_eq!(counts(&report), all_received(2));
    let ids = desk.texts("select external_id from arrival order by 1").await;
    assert_eq!(ids, ["l7-1", "l7-2", "l7-3", "l7-4"], "a mended row keeps its number");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_numbers_the_one_that_is_none_is_passed_over_and_said() {
    let desk = Desk::new().await;
    let list =
        "Email;Mobile;Home\nv1@example.com;0312 555;(415) 555-0100\nv2@example.com;(415) 555-0101;(415) 555-0102\n";
    for flags in [&["--map", "phone=Mobile,Home", "--dry-run"][..], &["--map", "phone=Mobile,Home"]] {
        let report = desk.import("numbers.csv", list, flags).await;
        assert_eq!(counts(&report), all_received(2));
        let passed = report["flags"].as_array().unwrap().iter().find(|flag| flag["flag"] == "column_passed_over");
        let passed = passed.unwrap_or_else(|| panic!("{report}"));
        assert_eq!(
            (&passed["field"], &passed["rows"], &passed["first_lines"]),
            (&json!("phone"), &json!(1), &json!([2]))
        );
        assert_eq!(passed["said"], json!(["Mobile: 0312 555"]));
    }
    let kept = desk
        .texts("select concat_ws(' ', submission->>'phone', submission->'extra'->>'Mobile', submission->'extra'->>'Home') from arrival order by 1")
        .await;
    assert_eq!(kept, ["+14155550100 0312 555", "+14155550101 (415) 555-0102"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_is_said_once_and_kept() {
    let desk = Desk::new().await;
    let file = desk.installation.folder().join("spring.toml");
    let file = file.to_str().unwrap();
    let list =
        "Contact,Mobile,Home,Kind\nv1@example.com,,415-555-0121,INSTA\nv2@example.com,n/a,415-555-0122,web_form\n";
    let flags = [
        "--map",
        "email=contact",
        "--map",
        "phone=Mobile,Home",
        "--map",
        "channel=Kind",
        "--replace",
        "channel:insta=social",
        "--replace",
        "phone:N/A=",
        "--save-mapping",
        file,
    ];
    assert_eq!(counts(&desk.import("list.csv", list, &flags).await), all_received(2));
    let again = desk.import("list.csv", list, &["--mapping", file]).await;
    assert_eq!(
        (&again["received"], &again["repeated"]),
        (&json!(0), &json!(2)),
        "{}",
        fs::read_to_string(file).unwrap()
    );
    assert_eq!(
        desk.texts("select submission->>'phone' from arrival order by 1").await,
        ["+14155550121", "+14155550122"]
    );
    assert_eq!(
        desk.installation.count("select count(*) from arrival where submission->>'channel' = 'social'").await,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_number_is_the_phone_where_the_cells_are_numbers() {
    let desk = Desk::new().await;
    let file = desk.installation.folder().join("contacts.toml");
    let list = "Name,Contact Number\nAnn,415-555-0131\nBob,(415) 555-0132\nCy,+1 415 555 0133\n";
    let save = ["--save-mapping", file.to_str().unwrap()];
    for flags in [&["--dry-run"][..], &save] {
        let report = desk.import("list.csv", list, flags).await;
        assert_eq!(counts(&report), all_received(3), "{report}");
        let from = report["fields"]["phone"].as_str().unwrap_or_default();
        assert!(from.starts_with("Contact Number (by its values"), "{report}");
    }
    assert_eq!(
        desk.texts("select submission->>'phone' from arrival order by 1").await,
        ["+14155550131", "+14155550132", "+14155550133"]
    );
    let saved = fs::read_to_string(&file).unwrap();
    assert!(saved.contains("phone = \"Contact Number\""), "{saved}");
    let ids = desk.import("ids.csv", "Email,Contact No.\nd@example.com,1001\ne@example.com,1002\n", &[]).await;
    assert_eq!((&ids["fields"]["phone"], &ids["kept_as_they_are"]), (&Value::Null, &json!(["Contact No."])));
    let why = desk.refusal("none.csv", "Name,Contact No.\nAnn,1001\n", &[]).await;
    assert!(why.contains("fills email or phone"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_named_and_its_client_where_several_have_one() {
    let desk = Desk::new().await;
    desk.installation.json(&["client", "add", "other", "--country", "US"]).await;
    desk.installation.source("other", "Web site").await;
    let path = desk.file("list.csv", "email\nw1@example.com\n");
    let import = async |flags: &[&str]| {
        desk.installation.run(&[&["import", path.to_str().unwrap(), "--json"], flags].concat()).await
    };
    let several = import(&["--source", "web site"]).await;
    let said = String::from_utf8_lossy(&several.stderr).into_owned();
    assert!(said.contains("--client") && said.contains("acme, other"), "{said}");
    let unknown = import(&["--source", "Web sight"]).await;
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("\"Web site\" (acme)"));
    assert_eq!(report(&import(&["--source", "web site", "--client", "other"]).await, false)["received"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_is_read_as_its_cells_mean_it() {
    let desk = Desk::new().await;
    let sheet = |name, is_hidden, rows: &[String]| Sheet { name, is_hidden, rows: rows.concat() };
    let book = workbook(&[
        sheet("Hidden", true, &[row(1, &["email"]), row(2, &["hidden@example.com"])]),
        sheet("Empty", false, &[]),
        sheet(
            "Leads",
            false,
            &[
                row(1, &["Spring fair"]),
                row(3, &["Email", "Phone", "ZIP", "Created at", "answers.budget", "Name"]),
                row(4, &["x1@example.com", "#4155550131", "%501", "@46000", "#450000.5", "Xi"]),
                row(6, &["nobody", "", "", "", "", "Yo"]),
            ],
        ),
        sheet("More", false, &[row(1, &["email"]), row(2, &["x2@example.com"])]),
    ]);
    let report = desk.import("book.xlsx", &book, &[]).await;
    assert_eq!((&report["received"], &report["refused_rows"][0]["line"]), (&json!(1), &json!(6)), "{report}");
    assert_eq!((&report["file"]["sheet"], &report["file"]["other_sheets"]), (&json!("Leads"), &json!(["More"])));
    let said = desk
        .texts("select concat_ws(' ', submission->>'phone', submission->>'postal_code', submission->>'submitted_at', submission->'answers'->>'budget') from arrival")
        .await;
    assert!(said[0].starts_with("+14155550131 00501 2025-12-09") && said[0].ends_with("450000.5"), "{said:?}");
    assert_eq!(desk.import("book.xlsx", &book, &["--sheet", "more"]).await["received"], 1);
    let none = desk.refusal("book.xlsx", &book, &["--sheet", "Autumn"]).await;
    assert!(none.contains("Hidden, Empty, Leads, More"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_list_is_said_to_be_none_and_what_to_do() {
    let desk = Desk::new().await;
    for (content, said) in [
        (&b""[..], "is empty"),
        (b"\n\n", "no header row"),
        (b"email,name\n", "no row under it"),
        (b"email\na\0@example.com\n", "line 2 holds a NUL"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"PK\x03\x04nothing", "ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "save it as"),
        (b"a@example.com,Ann\n", "where the names of the columns should be"),
        (b"\"email,name\na,b\n", "quotation mark"),
    ] {
        for flags in [&[][..], &["--dry-run"]] {
            let refusal = desk.refusal("list.csv", content, flags).await;
            assert!(refusal.contains("list.csv") && refusal.contains(said), "{refusal}");
        }
    }
    let folder = desk.installation.folder();
    let output = desk.run(&folder, &[]).await;
    assert!(String::from_utf8_lossy(&output.stderr).contains("is a folder"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_in_a_list_is_the_persons_day() {
    let desk = Desk::new().await;
    let list = "external_id,email,time_zone,submitted_at\nc37-csv,day1@example.com,America/Chicago,2025-11-20\n";
    assert_eq!(counts(&desk.import("day.csv", list, &[]).await), all_received(1));
    assert_eq!(desk.texts("select submission->>'submitted_at' from arrival").await, ["2025-11-20T06:00:00Z"]);
}
