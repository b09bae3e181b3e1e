//! Forms: browsers are sent on, scripts are answered JSON, bots and paused sources are thanked and put aside.

use ripen_domain::arrival::{QuarantineReason, Sameness};
use ripen_runtime::config::Settings;

use ripen_store::source::source_record::SourceFormat;

use crate::harness::{app, app_with};

const FORM: &str = "email=casey%40example.com&first_name=Casey&answers.budget=450000&_sid=s-1&_hp=";

#[tokio::test]
async fn a_browser_is_thanked_at_ripens_page_or_the_sources() {
    let app = app().await;
    let answer = app.browse(FORM).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/v1/thanks"));
    assert!(app.send("GET", "/v1/thanks", &[], "").await.text.contains("Thank you"));
    let arrival = app.arrival().await;
    assert_eq!(arrival.sameness, Sameness::Form);
    assert_eq!(arrival.submission.answers["budget"], "450000");
    assert_eq!(arrival.raw.text, FORM);

    let own = app_with(&Settings::default(), |source| source.thanks_url = Some("https://acme.example/ok".into())).await;
    assert_eq!(own.browse(FORM).await.header("location"), "https://acme.example/ok");
}

#[tokio::test]
async fn a_script_is_answered_json() {
    let app = app().await;
    let first = app.form(&[("accept", "application/json")], FORM).await.arrival();
    let twice = app.form(&[("accept", "application/json")], FORM).await.arrival();
    assert_eq!(first, twice, "a double click is one arrival");
    let refused = app.form(&[("accept", "application/json")], "first_name=Casey").await;
    assert_eq!(refused.problem(), "invalid-lead");
}

#[tokio::test]
async fn a_script_that_prefers_to_wait_for_the_grade_of_a_form_waits() {
    let app = app().await;
    // Nobody decides here: whoever waits is answered after its time that it is received.
    let wait = ("prefer", "wait=1");
    let begun = std::time::Instant::now();
    app.form(&[("accept", "application/json"), wait], FORM).await.arrival();
    assert!(begun.elapsed().as_millis() >= 900, "it waited");
}

#[tokio::test]
async fn a_form_in_latin_1_is_read_as_it_was_written() {
    let app = app().await;
    let wait = [("accept", "application/json")];
    app.form(&wait, "email=a%40example.com&first_name=J%F6rg&last_name=M%FCller").await.arrival();
    let arrival = app.arrival().await;
    assert_eq!(
        (arrival.submission.first_name.as_deref(), arrival.submission.last_name.as_deref()),
        (Some("Jörg"), Some("Müller"))
    );
    let flags: Vec<_> = arrival.submission.flags.iter().map(ripen_domain::flag::Flag::in_words).collect();
    assert_eq!(flags, ["first_name: encoding guessed (Jörg)", "last_name: encoding guessed (Müller)"]);
}

#[tokio::test]
async fn multipart_is_a_form_too() {
    let app = app().await;
    let body = "--cut\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@example.com\r\n--cut--\r\n";
    let kind = ("content-type", "multipart/form-data; boundary=cut");
    let answer = app.send("POST", &format!("/v1/in/{}", app.token), &[kind], body).await;
    assert_eq!(answer.status, 303);
    assert_eq!(app.arrival().await.raw.text, body);
}

#[tokio::test]
async fn a_refused_browser_gets_back_what_was_typed() {
    let app = app().await;
    let answer = app.browse("first_name=%3Cb%3EAnn&email=no&notes=a%0Ab&_sid=s").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (422, "text/html; charset=utf-8"));
    assert!(answer.text.contains("value=\"&#60;b&#62;Ann\"") && !answer.text.contains("<b>Ann"), "{}", answer.text);
    assert!(answer.text.contains("name=\"_sid\" value=\"s\""));
    assert!(app.spooled().await.is_empty());
}

#[tokio::test]
async fn a_bot_hears_what_a_person_hears() {
    let app = app().await;
    let person = app.browse("email=a%40example.com&_hp=").await;
    let bot = app.browse("email=a%40example.com&_hp=x").await;
    let hopeless = app.browse("_hp=x").await;
    for answer in [&bot, &hopeless] {
        assert_eq!((answer.status, &answer.text), (person.status, &person.text));
        assert_eq!(answer.headers, person.headers);
    }
    let reasons: Vec<_> = app.arrivals().await.into_iter().map(|arrival| arrival.quarantine).collect();
    assert_eq!(reasons.iter().filter(|reason| **reason == Some(QuarantineReason::Honeypot)).count(), 2);
    assert_eq!(reasons.len(), 3);
}

#[tokio::test]
async fn a_form_of_a_paused_source_is_thanked_and_put_aside() {
    let app = app().await;
    app.pause().await;
    assert_eq!(app.browse(FORM).await.status, 303);
    assert_eq!(app.arrival().await.quarantine, Some(QuarantineReason::SourcePaused));
}

#[tokio::test]
async fn a_test_of_a_paused_source_is_thanked_and_stays_a_test() {
    let app = app().await;
    app.pause().await;
    assert_eq!(app.browse("email=a%40example.com&test=on").await.status, 303);
    assert_eq!(app.arrival().await.quarantine, Some(QuarantineReason::Test));
}

#[tokio::test]
async fn json_that_is_posted_as_a_form_is_read_and_answered_as_json() {
    let app = app().await;
    // As `curl -d` does it.
    let any = [("accept", "*/*")];
    app.form(&any, " {\"email\": \"a@example.com\"}").await.arrival();
    assert_eq!(app.arrival().await.raw.media_type, "application/json");
    assert_eq!(app.form(&any, "[{\"email\": \"b@example.com\"}]").await.json()["received"], 1);
    assert_eq!(app.form(&any, "{\"first_name\": \"Casey\"}").await.problem(), "invalid-lead");
    assert_eq!(app.form(&any, "{\"email\": ").await.problem(), "malformed-body");
    let urlencoded = ("content-type", "application/x-www-form-urlencoded");
    app.post_with(&[urlencoded], "{\"email\": \"c@example.com\"}").await.arrival();
}

#[tokio::test]
async fn a_source_of_one_format_takes_what_the_body_is_whatever_it_is_called() {
    let takes = async |format| app_with(&Settings::default(), |source| source.format = format).await;
    takes(SourceFormat::Json).await.form(&[], "{\"email\": \"a@example.com\"}").await.arrival();
    let refused = takes(SourceFormat::Form).await.form(&[], "{\"email\": \"a@example.com\"}").await;
    assert_eq!(refused.problem(), "unsupported-media-type");
    assert!(refused.text.contains("This is JSON"), "{}", refused.text);
}

#[tokio::test]
async fn a_program_that_posts_a_form_and_does_not_ask_for_a_page_is_refused_in_json() {
    let app = app().await;
    assert_eq!(app.form(&[("accept", "*/*")], "first_name=Casey").await.problem(), "invalid-lead");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let wrong = [("authorization", "Bearer key_0"), form];
    assert_eq!(app.send("POST", "/v1/leads", &wrong, FORM).await.status, 401);
    assert!(app.send("POST", "/v1/leads", &wrong, FORM).await.header("content-type").contains("json"));
    let page = app.send("POST", "/v1/leads", &[wrong[0], form, ("accept", "text/html,*/*")], FORM).await;
    assert!(page.status == 401 && page.header("content-type").contains("html"));
}
