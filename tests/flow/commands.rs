//! What people type: exit codes, and errors that say what to do.

use crate::harness::{Installation, Kind};

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_told_from_refusal() {
    let installation = Installation::new(Kind::Local).await;
    for (arguments, code, said) in [
        (vec!["fly"], 2, "unrecognized subcommand"),
        (vec!["source", "add", "Web", "--client", "nobody", "--channel", "webform"], 2, "web_form"),
        (vec!["source", "add", "Web", "--client", "nobody", "--channel", "web_form"], 1, "ripen client add"),
        (vec!["client", "add", "Acme", "--time-zone", "Mars/Olympus"], 1, "America/Chicago"),
        (vec!["client", "add", "Acme", "--country", "Germany"], 1, "ISO 3166"),
        (vec!["endpoint", "add", "--client", "acme"], 2, "--webhook"),
        (vec!["serve", "--role", "desk-lamp"], 2, "qualifier"),
        (vec!["serve", "--role", "intake"], 1, "amqp.url"),
        (vec!["dead", "show", "0188a5eb-5896-756b-9cd6-733020656857"], 1, "ripen dead list"),
    ] {
        let output = installation.run(&arguments).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {error}");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_in_a_folder_without_ripen_makes_no_database() {
    let installation = Installation::embedded();
    for arguments in [&["promise", "list"][..], &["client", "list"], &["doctor"]] {
        let output = installation.run(arguments).await;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(
            said.contains("there is no Ripen database in ") && said.contains("--data-dir"),
            "{arguments:?}: {said}"
        );
        assert!(!installation.folder().join("ripen-data/postgres").exists(), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_inside_a_private_network_needs_leave() {
    let installation = Installation::new(Kind::Local).await;
    installation.client("acme").await;
    for url in
        ["http://127.0.0.1/x", "http://2130706433/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest"]
    {
        let output = installation.run(&["endpoint", "add", "--client", "acme", "--webhook", url]).await;
        assert_eq!(output.status.code(), Some(1), "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_anybody_on_the_way_can_read_is_taken_with_a_warning() {
    let installation = Installation::new(Kind::Local).await;
    installation.client("acme").await;
    let said = async |arguments: &[&str]| {
        let output = installation.run(arguments).await;
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stderr).contains("without encryption")
    };
    for (url, is_warned) in [
        (&["http://crm.acme.com/hook"][..], true),
        (&["https://crm.acme.com/hook"][..], false),
        (&["http://10.0.0.7/hook", "--allow-private"][..], false),
    ] {
        let add = [&["endpoint", "add", "--client", "acme", "--webhook"][..], url].concat();
        assert_eq!(said(&add).await, is_warned, "{url:?}");
    }
    let endpoint = installation.json(&["endpoint", "list"]).await[1]["id"].as_str().unwrap().to_owned();
    for (url, is_warned) in [("http://crm.acme.com/leads", true), ("https://crm.acme.com/leads", false)] {
        assert_eq!(said(&["endpoint", "set", &endpoint, "--url", url]).await, is_warned, "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_criteria_are_refused_with_line_and_column() {
    let installation = Installation::new(Kind::Local).await;
    let hostile = format!(
        "name = \"x\"\n[[rule]]\nid = \"r\"\nwhen = \"{}1\"\npoints = 1\nbecause = \"x\"\n[grades]\nA = 1\nB = 0\n",
        "1+".repeat(5000)
    );
    let file = installation.folder().join("hostile.toml");
    std::fs::write(&file, hostile).unwrap();
    let output = installation.run(&["criteria", "check", file.to_str().unwrap()]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.lines().any(|line| line.starts_with("4:")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_schema_is_refused_and_an_unknown_key_named() {
    let mut installation = Installation::new(Kind::Local).await;
    sqlx::query("delete from _sqlx_migrations").execute(installation.pool()).await.unwrap();
    let output = installation.run(&["serve"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("ripen migrate"));
    installation.set("HTTP__LISTN", "127.0.0.1:1");
    let output = installation.run(&["client", "list"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.to_lowercase().contains("listn"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demonstration_adds_nothing_to_what_a_firm_has() {
    let installation = Installation::new(Kind::Local).await;
    installation.client("acme").await;
    let output = installation.run(&["serve", "--demo"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("has clients already (acme)") && said.contains("--data-dir"), "{said}");
    assert_eq!(installation.count("select count(*) from client").await, 1);
    assert_eq!(installation.count("select count(*) from source").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_leads_to_what_there_is() {
    let installation = Installation::new(Kind::Local).await;
    let process = installation.serve("").await;
    let (status, page) = process.get("/").await;
    assert_eq!(status, 200, "{page}");
    let links: Vec<_> = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for path in ["/api/docs", "/v1/problems", "/readyz", "/healthz"] {
        assert!(links.contains(&path), "{path}: {page}");
    }
    for path in links {
        // Not ready yet is an answer too.
        assert!([200, 503].contains(&process.get(path).await.0), "{path}");
    }
    assert_eq!(process.stop().await, Some(0));
}
