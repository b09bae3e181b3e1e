//! What is ours to mend: told with the id under which it stands in the log.

use ripen_domain::actor::UserRole;

use crate::harness::app;

#[tokio::test]
async fn an_error_of_ours_is_told_with_its_id_on_the_page_to_programs_and_by_the_api() {
    let app = app().await;
    let admin = app.browser(app.user(UserRole::Admin, None).await.id).await;
    sqlx::query("alter table audit rename to audit_that_was").execute(&app.pool).await.unwrap();
    let page = app.page(&admin, "/audit").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (500, "text/html; charset=utf-8"));
    assert!(page.text.contains("This page broke"), "{}", page.text);
    let cookie = [("cookie", admin.cookie.as_str())];
    let program = app.send("GET", "/audit", &cookie, "").await;
    let api = app.send("GET", "/api/v1/audit", &cookie, "").await;
    let mut ids = Vec::new();
    for answer in [&program, &api] {
        assert_eq!(answer.problem(), "internal-error");
    }
    for answer in [page, program, api] {
        assert!(!answer.text.contains("audit_that_was") && !answer.text.contains("relation"), "{}", answer.text);
        let (_, said) = answer.text.split_once("It was logged as ").unwrap_or_else(|| panic!("{}", answer.text));
        let id = said.split(':').next().unwrap().to_owned();
        assert!(id.len() == 8 && id.bytes().all(|sign| sign.is_ascii_alphanumeric()), "{id}");
        ids.push(id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3, "each has its own");
}
