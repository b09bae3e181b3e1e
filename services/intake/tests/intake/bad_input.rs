//! The table of bad input: each is a precise problem, or kept with flags; never a 500, never a lost lead.

use futures::StreamExt as _;
use ripen_domain::flag::FlagCode;

use crate::harness::app;

/// A refused body, its status, and words of the answer that say why.
const REFUSED: &[(&[u8], u16, &str)] = &[
    (b"{\"email\": \"a@example.com\"", 400, "line 1, column"),
    (b"{\"email\": \"a@example.com\",}", 400, "line 1, column"),
    (b"{'email': 'a@example.com'}", 400, "line 1, column 2"),
    (b"{\"email\": \"\xc3\x28@example.com\"}", 400, "offset 11"),
    (b"\xff\xfe{\x00}\x00", 400, "offset 0"),
    (b"{\"email\": \"a\x00@example.com\"}", 400, "line 1, column"),
    (b"{\"email\": \"a@example.com\", \"email\": \"b@example.com\"}", 400, "\"pointer\":\"/email\""),
    (b"{\"email\": \"a@example.com\", \"answers\": {\"x\": 1, \"x\": 2}}", 400, "\"pointer\":\"/answers/x\""),
    (b"{\"email\": \"a@example.com\", \"budget\": 1e999}", 400, "number out of range"),
    (b"{\"email\": \"\\ud800@example.com\"}", 400, "line 1, column"),
    (b"[]", 400, "empty"),
    (b"", 400, "empty"),
    (b"true", 400, "JSON object"),
    (b"{\"name\": \"Casey\"}", 422, "\"code\":\"missing\""),
    (b"{\"email\": {}, \"phone\": [1]}", 422, "\"code\":\"invalid\""),
    (b"{\"email\": \"a@example.com\\r\\nBcc: b@example.com\"}", 422, "/email"),
    (b"{\"phone\": \"+999 12\"}", 422, "/phone"),
];

#[tokio::test]
async fn what_cannot_be_used_is_refused_precisely() {
    let app = app().await;
    for (body, status, words) in REFUSED {
        let shown = String::from_utf8_lossy(body);
        let answer = app.post(*body).await;
        assert_eq!(answer.status.as_u16(), *status, "{shown}: {}", answer.text);
        answer.problem();
        assert!(answer.text.contains(words), "{shown}: {}", answer.text);
        assert!(!answer.text.contains("example.com"), "no contact data in an answer: {}", answer.text);
    }
    assert!(app.spooled().await.is_empty());
}

/// A body that is kept, and what it is flagged with.
const KEPT: &[(&str, &[FlagCode])] = &[
    (r#"{"email": "a@example.com", "phone": "nonsense"}"#, &[FlagCode::PhoneUnusable]),
    (r#"{"email": "nonsense", "phone": "+44 20 7031 3000"}"#, &[FlagCode::EmailUnusable]),
    (r#"{"email": "a\u0000@example.com"}"#, &[FlagCode::ControlCharacters]),
    (r#"{"email": "a@example.com", "\u0000x": {"y\u0000": "\u0000"}}"#, &[FlagCode::ControlCharacters]),
    (r#"{"email": "a@example.com", "first_name": {"a": 1}}"#, &[FlagCode::FieldUnusable]),
    (r#"{"email": "a@example.com", "answers": [1, 2]}"#, &[FlagCode::FieldUnusable]),
    (r#"{"email": "a@example.com", "submitted_at": "0000-00-00"}"#, &[FlagCode::SubmittedAtUnusable]),
    (r#"{"email": "a@example.com", "submitted_at": "9999-12-31T23:59:59Z"}"#, &[FlagCode::SubmittedAtUnusable]),
    (r#"{"email": "a@example.com", "first_name": "Ann\r\nBcc: b@example.com"}"#, &[FlagCode::ControlCharacters]),
    (r#"{"email": "a@example.com", "first_name": "<script>alert(1)</script>"}"#, &[]),
    (r#"{"email": "a@example.com", "first_name": "محمد", "last_name": "👩‍🌾"}"#, &[]),
    (r#"{"phone": "+971 50 123 4567"}"#, &[]),
    (r#"{"phone": "050 123 4567", "country": "AE"}"#, &[]),
];

#[tokio::test]
async fn what_can_be_used_is_kept_with_flags_and_its_raw_body() {
    for (body, flags) in KEPT {
        let app = app().await;
        app.post(*body).await.arrival();
        let arrival = app.arrival().await;
        assert_eq!(arrival.submission.flag_codes(), *flags, "{body}");
        assert_eq!(arrival.raw.text, *body);
    }
}

#[tokio::test]
async fn ten_thousand_levels_are_a_problem_alone_and_in_an_array() {
    let app = app().await;
    let deep = "[".repeat(10_000) + &"]".repeat(10_000);
    assert_eq!(app.post(format!("{{\"email\": \"a@example.com\", \"x\": {deep}}}")).await.problem(), "malformed-body");
    let answer = app.post(format!("[{{\"email\": \"a@example.com\"}}, {{\"x\": {deep}}}, {deep}]")).await.json();
    assert_eq!((&answer["received"], &answer["refused"]), (&1.into(), &2.into()));
    assert_eq!(app.arrivals().await.len(), 1);
}

#[tokio::test]
async fn what_is_nested_deep_can_still_be_read_by_the_qualifier() {
    let app = app().await;
    let deep = "{\"x\":".repeat(120) + "1" + &"}".repeat(120);
    app.post(format!("{{\"email\": \"a@example.com\", \"answers\": {{\"a\": {deep}}}}}")).await.arrival();
    assert_eq!(app.arrival().await.submission.flag_codes(), [FlagCode::FieldUnusable]);
}

#[tokio::test]
async fn a_form_with_bytes_that_are_no_text_is_kept() {
    let app = app().await;
    assert_eq!(app.browse(&b"email=a%40example.com&first_name=J\xf6rg%00&notes=%FF"[..]).await.status, 303);
    let arrival = app.arrival().await;
    assert_eq!(arrival.submission.flag_codes(), [FlagCode::EncodingGuessed, FlagCode::ControlCharacters]);
    assert!(!arrival.raw.text.contains('\0'));
}

#[tokio::test]
async fn no_key_of_many_is_refused_or_mistaken_for_another() {
    let mut settings = ripen_runtime::config::Settings::default();
    settings.limits.burst = 10_000;
    let app = crate::harness::app_with(&settings, |_| {}).await;
    let posts = (0..2_000).map(|n| {
        let app = &app;
        async move {
            let key = format!("key-{n}");
            app.post_with(&[("idempotency-key", &key)], "{\"email\": \"a@example.com\"}").await.arrival()
        }
    });
    // Not all at once: on a busy machine the last of them would wait for the database longer than a sender is let wait.
    let ids: std::collections::HashSet<_> = futures::stream::iter(posts).buffer_unordered(50).collect().await;
    assert_eq!(ids.len(), 2_000);
}
