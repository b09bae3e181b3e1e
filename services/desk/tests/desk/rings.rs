//! A number that rings: whose it is, that nobody may call it, and whoever is written down because of it.

use axum::http::StatusCode;
use ripen_actions::{person::PersonQuery, suppression::SuppressIdentity};
use ripen_domain::{
    actor::{Actor, UserRole},
    id::SourceId,
};
use ripen_runtime::random;

use crate::work::{Desk, desk, signed_in};

impl Desk {
    /// Has nobody of ACME call this number.
    pub async fn barred(&self, phone: &str) {
        let of = PersonQuery { phone: Some(phone.to_owned()), ..PersonQuery::default() };
        let request = SuppressIdentity { of, client: Some("acme".to_owned()), why: "asked by letter".to_owned() };
        self.actions.run(&Actor::operator("dana"), &request).await.unwrap();
        self.app.pass(60);
    }

    /// A source for people who ring.
    async fn hotline(&self) -> SourceId {
        let source = random::uuid_v7(self.app.pass(1));
        let sql = "insert into source (id, client_id, name, channel, token_hash, created_at)
            values ($1, $2, 'Hotline ' || $1::text, 'phone', sha256(convert_to($1::text, 'utf8')), 'epoch')";
        sqlx::query(sql).bind(source).bind(self.acme.id.uuid()).execute(&self.app.pool).await.unwrap();
        SourceId::from_uuid(source)
    }
}

#[tokio::test]
async fn the_last_four_digits_open_a_lead_or_show_whose_they_are() {
    let desk = desk().await;
    let casey = desk.lead("Casey", "+13125550142").await;
    let robin = desk.lead("Robin", "+17735550142").await;
    let several = desk.post("/work/take", &[("phone", "0142")]).await;
    assert_eq!(several.status, StatusCode::OK, "{}", several.text);
    for told in
        ["Several open leads have this number", "Casey Smith", "Robin Smith", &casey.to_string(), &robin.to_string()]
    {
        assert!(several.text.contains(told), "{told}: {}", several.text);
    }
    let ada = desk.lead("Ada", "+13125550199").await;
    let one = desk.post("/work/take", &[("phone", "0199")]).await;
    assert_eq!(one.header("location"), format!("/work?lead={ada}"), "{}", one.text);
    let nobody = desk.post("/work/take", &[("phone", "0001")]).await;
    assert!(
        nobody.text.contains("No lead has this number.") && nobody.text.contains("/leads/new?phone=0001"),
        "{}",
        nobody.text
    );
}

#[tokio::test]
async fn a_number_that_nobody_may_call_says_for_whom_and_a_manager_lifts_it() {
    let mut desk = desk().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    desk.barred("+13125550142").await;
    // As the qualifier does of whoever may not be contacted.
    let closed = "update lead set stage = 'closed', closed_at = created_at, closed_reason = 'must not be contacted' where id = $1";
    sqlx::query(closed).bind(lead.uuid()).execute(&desk.app.pool).await.unwrap();
    for typed in ["(312) 555-0142", "0142"] {
        let shown = desk.post("/work/take", &[("phone", typed)]).await;
        for told in ["This number is not to be contacted", "ACME", "asked by letter", "Note that they rang"] {
            assert!(shown.text.contains(told), "{typed} {told}: {}", shown.text);
        }
        assert!(
            !shown.text.contains("Write down who called") && !shown.text.contains("value=\"lift\""),
            "{}",
            shown.text
        );
        assert!(shown.text.contains(&format!("href=\"/leads/{lead}\"")), "the lead that ended: {}", shown.text);
    }
    let rang = [("phone", "+13125550142"), ("what", "note")];
    let empty = desk.post("/work/rang", &rang).await;
    assert!(empty.status == 422 && empty.text.contains("write what they wanted"), "{}", empty.text);
    let noted = desk.post("/work/rang", &[rang.as_slice(), &[("note", "wants a brochure")]].concat()).await;
    assert!(noted.status == 200 && noted.text.contains("It is noted that they rang."), "{}", noted.text);
    assert!(noted.text.contains("data-kept-until=\"rang/+13125550142\""), "{}", noted.text);
    let kept = "select count(*) from audit a join note n on n.text = 'Rang of their own wish: wants a brochure'
        where a.action = 'suppression.rang' and a.object like 'lead_%'";
    assert_eq!(desk.app.count(kept).await, 1, "whoever opens the lead reads it");
    let lift =
        [("phone", "+13125550142"), ("what", "lift"), ("client", "acme"), ("note", "Casey asks for calls again")];
    assert_eq!(desk.post("/work/rang", &lift).await.status, StatusCode::NOT_FOUND, "an agent lifts nothing");

    let manager = desk.app.user(UserRole::Manager, None).await.id;
    desk.agent = signed_in(&desk.app, manager).await;
    let shown = desk.post("/work/take", &[("phone", "+13125550142")]).await;
    assert!(shown.text.contains("value=\"lift\""), "{}", shown.text);
    let silent = desk.post("/work/rang", &lift[..3]).await;
    assert!(silent.status == 422 && silent.text.contains("say who allows it"), "{}", silent.text);
    let lifted = desk.post("/work/rang", &lift).await;
    assert_eq!(lifted.header("location"), "/leads/new?lifted=true&phone=%2B13125550142", "{}", lifted.text);
    assert_eq!(desk.app.count("select count(*) from suppression").await, 0);
    desk.hotline().await;
    let form = desk.get(lifted.header("location")).await.text;
    assert!(form.contains("Nothing bars this number any more") && form.contains("value=\"+13125550142\""), "{form}");
}

#[tokio::test]
async fn whoever_is_written_down_is_asked_the_questions_of_the_script() {
    let desk = desk().await;
    desk.hotline().await;
    let one = desk.get("/leads/new?phone=%2B13125550142").await.text;
    assert!(one.contains("value=\"+13125550142\""), "the number that rang: {one}");
    assert!(
        one.contains("id=\"name\" name=\"name\" dir=\"auto\" autocomplete=\"off\" autofocus"),
        "of one source nothing is chosen: {one}"
    );
    assert!(one.contains("When would you like") || one.contains("In how many days"), "its questions: {one}");
    let second = desk.hotline().await;
    let several = desk.get("/leads/new").await.text;
    assert!(several.contains("data-presses=\"ask\" autofocus") && !several.contains("In how many days"), "{several}");

    let second = second.to_string();
    let typed = [("source", second.as_str()), ("key", "k"), ("name", "Casey"), ("phone", "+1 312 555 0142")];
    let asked = desk.post("/leads/new", &[typed.as_slice(), &[("ask", "1")]].concat()).await;
    assert_eq!(asked.status, StatusCode::OK);
    assert!(asked.text.contains("In how many days") && asked.text.contains("value=\"Casey\""), "{}", asked.text);
    assert_eq!(desk.app.count("select count(*) from spool").await, 0, "nothing is entered yet");
    let wrong = desk.post("/leads/new", &[typed.as_slice(), &[("a.timeframe_days", "soon")]].concat()).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("value=\"soon\"") && wrong.text.contains("aria-invalid=\"true\""), "{}", wrong.text);
    let answers = [("a.timeframe_days", "30"), ("a.lender", "yes"), ("asked.area", "1"), ("a.area.Lakeview", "1")];
    let done = desk.post("/leads/new", &[typed.as_slice(), &answers].concat()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let body: Vec<u8> = sqlx::query_scalar("select body from spool").fetch_one(&desk.app.pool).await.unwrap();
    let message: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let said = &message["submission"]["answers"];
    assert_eq!(said["area"], serde_json::json!(["Lakeview"]), "{said}");
    assert_eq!(
        (&said["timeframe_days"], &said["lender"]),
        (&30.into(), &true.into()),
        "as their questions type them: {said}"
    );
    assert!(said.get("budget").is_none(), "what is not typed is not answered: {said}");
}
