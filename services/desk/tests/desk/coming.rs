//! Which promised calls `/work` says are coming: an agent's own, and everybody's to whoever manages the desk.

use jiff::SignedDuration;
use ripen_domain::actor::UserRole;

use crate::{
    harness::{User, app},
    work::between,
};

/// How many promised calls have this in their row.
fn calls(page: &str, told: &str) -> usize {
    page.split("<tr>").filter(|row| row.contains("Promised call") && row.contains(told)).count()
}

#[tokio::test]
async fn agents_read_the_calls_that_they_promised_and_managers_and_admins_everybodys() {
    let app = app().await;
    let (acme, other) = (app.client("acme").await, app.client("other").await);
    let (lee, kim) = (app.user(UserRole::Agent, None).await, app.user(UserRole::Agent, None).await);
    let promises =
        [(&acme, "+13125550142", Some(&lee)), (&other, "+13125550143", Some(&kim)), (&other, "+13125550144", None)];
    for (client, phone, by) in promises {
        let lead = app.waiting(client, phone).await;
        let at = app.clock.now() + SignedDuration::from_hours(2);
        app.promised(client, lead, (true, at)).await;
        let promised_by = "update promise set user_id = $2 where lead_id = $1";
        let by = by.map(|user: &User| user.id.uuid());
        sqlx::query(promised_by).bind(lead).bind(by).execute(&app.pool).await.unwrap();
    }
    for (user, name) in [(&lee, "Lee"), (&kim, "Kim")] {
        let named = "update user_account set name = $2 where id = $1";
        sqlx::query(named).bind(user.id.uuid()).bind(name).execute(&app.pool).await.unwrap();
    }
    let coming = async |user: &User| {
        let page = app.page(&app.browser(user.id).await, "/work").await;
        between(&page.text, "aria-labelledby=\"h-coming\">", "</section>").to_owned()
    };
    for (agent, own, others) in [(&lee, "ACME", "OTHER"), (&kim, "OTHER", "ACME")] {
        let page = coming(agent).await;
        assert!(page.contains("Coming up for you"), "{page}");
        assert_eq!((calls(&page, own), calls(&page, others)), (1, 0), "{page}");
        assert!(!page.contains("Lee") && !page.contains("Kim"), "{page}");
    }
    for role in [UserRole::Manager, UserRole::Admin] {
        let page = coming(&app.user(role, None).await).await;
        assert!(page.contains("Coming up<") && !page.contains("for you"), "{page}");
        for (told, times) in [("ACME", 1), ("OTHER", 2), (">Lee<", 1), (">Kim<", 1)] {
            assert_eq!(calls(&page, told), times, "{told}: {page}");
        }
    }
}
