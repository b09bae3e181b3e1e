//! The page at `/`: what answers here, and nothing that is nobody's business.

use crate::harness::app;

#[tokio::test]
async fn the_address_without_a_path_says_what_answers_here_and_nothing_of_anybody() {
    let app = app().await;
    app.client("acme").await;
    let page = app.send("GET", "/", &[("accept", "text/html")], "").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "text/html; charset=utf-8"));
    for link in
        ["href=\"/login\"", "href=\"/api/docs\"", "href=\"/readyz\"", "href=\"/healthz\"", "href=\"/o/style.css\""]
    {
        assert!(page.text.contains(link), "{link}: {}", page.text);
    }
    assert!(!page.text.contains("/v1/problems"), "this process takes no leads");
    assert!(!page.text.to_lowercase().contains("acme") && !page.text.contains("<script"), "{}", page.text);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("unsafe"), "{policy}");
    let head = app.send("HEAD", "/", &[], "").await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    assert_eq!(app.send("POST", "/", &[], "x").await.status, 405);
}
