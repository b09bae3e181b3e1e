//! Appointments booked from the pages: what is offered, a slot that is taken meanwhile, and a form that is sent twice.

use ripen_actions::{
    appointment::{BookAppointment, SlotWish},
    rep::AddRep,
};
use ripen_domain::{actor::Actor, id::LeadId};

use crate::work::{Desk, Page, between, desk};

const BOOKED: &str = "select count(*) from appointment where state = 'booked'";
const TOLD: &str = "select count(*) from notice where kind = 'appointment_booked'";

/// The desk with two reps of its client, and one of another.
pub async fn with_reps() -> Desk {
    let desk = desk().await;
    desk.app.client("other").await;
    for (client, name) in [("acme", "Dana Hill"), ("acme", "Lee Park"), ("other", "Kim Foreign")] {
        let email = format!("{}@{client}.example", name.split(' ').next().unwrap().to_lowercase());
        let rep = AddRep { client: client.to_owned(), name: name.to_owned(), email };
        desk.actions.run(&Actor::operator("dana"), &rep).await.unwrap();
    }
    desk
}

/// What a page offers, as its form posts it, of the rep of this name.
fn offered(page: &str, rep: &str) -> Vec<String> {
    let options = between(page, "<select id=\"slot\"", "</select>").split("<option value=\"").skip(1);
    let of_rep = options.filter(|option| option.contains(&format!("with {rep}")));
    of_rep.map(|option| option.split('"').next().unwrap().to_owned()).collect()
}

/// Somebody else books it for their lead.
async fn taken(desk: &Desk, slot: &str, lead: LeadId) {
    let (rep, at) = slot.split_once(' ').unwrap();
    let wish = SlotWish { lead, rep: rep.to_owned(), at: at.parse().unwrap() };
    desk.actions.run(&Actor::operator("dana"), &BookAppointment { wish, note: None }).await.unwrap();
}

#[tokio::test]
async fn an_agent_books_a_free_slot_during_the_call_and_a_double_click_books_it_once() {
    let desk = with_reps().await;
    let other = desk.lead("Robin", "+13125550143").await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let hidden = page.form();
    let lead_field = hidden.iter().find(|(name, _)| name == "lead").unwrap().1.clone();
    assert_eq!(lead_field, lead.to_string(), "the newest");
    let shown = desk.page(&format!("/work?lead={lead}&open=appointment")).await;
    let (dana, lee) = (offered(&shown.0, "Dana Hill"), offered(&shown.0, "Lee Park"));
    assert!(dana.len() > 5 && lee.len() > 5, "{}", shown.0);
    assert!(offered(&shown.0, "Kim Foreign").is_empty(), "a rep of another client");

    // Taken while they talk: refused in words at the field, and nothing that was typed is lost.
    taken(&desk, &dana[0], other).await;
    let typed = |slot| page.typed(&hidden, &[("note", "Wants a garden"), ("slot", slot), ("slot_note", "Bring plans")]);
    let refused = desk.post("/work/book", &typed(dana[0].as_str())).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let said = between(&refused.text, "id=\"slot-e\">", "</p>");
    assert!(said.contains("he rep has something else then; free are: "), "{said}");
    assert!(refused.text.contains("Wants a garden") && refused.text.contains("value=\"Bring plans\""));
    assert!(!offered(&refused.text, "Dana Hill").contains(&dana[0]), "it is offered no more");

    // From the page that came back, which knows the draft that was kept with it.
    let back = Page(refused.text);
    let hidden = back.form();
    let typed = |slot| back.typed(&hidden, &[("note", "Wants a garden"), ("slot", slot), ("slot_note", "Bring plans")]);
    let fields = typed(dana[1].as_str());
    let (one, two) = tokio::join!(desk.post("/work/book", &fields), desk.post("/work/book", &fields));
    for answer in [&one, &two] {
        let to = format!("/work?lead={lead}&told=booked");
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, to.as_str()), "{}", answer.text);
    }
    assert_eq!((desk.app.count(BOOKED).await, desk.app.count(TOLD).await), (2, 2), "Robin's, and this one once");
    desk.page(&format!("/work?lead={lead}&told=booked")).await.holds(&["The appointment is booked.", "Wants a garden"]);
    let second = desk.post("/work/book", &typed(lee[4].as_str())).await;
    assert_eq!(second.status, 422, "a lead has one appointment");
    assert!(second.text.contains("move or cancel it"), "{}", second.text);

    let page = desk.page(&format!("/leads/{lead}")).await;
    page.holds(&["<strong>Appointment</strong>", "with Dana Hill"]);
}

#[tokio::test]
async fn what_was_typed_beside_a_newer_draft_of_another_tab_stands_on_the_page_that_booked() {
    let desk = with_reps().await;
    let lead = desk.lead("Casey", "+13125550142").await;
    let page = desk.next().await;
    let other = desk.page("/work").await;
    let (hidden, theirs) = (page.form(), other.form());
    let kept = other.typed(&theirs, &[("note", "of the other tab")]);
    assert_eq!(desk.post_for("/work/draft", &kept, "application/json").await.json()["version"], 1);
    let slots = offered(&desk.page(&format!("/work?lead={lead}&open=appointment")).await.0, "Dana Hill");
    let typed = [("note", "of this tab"), ("slot", slots[0].as_str()), ("slot_note", "")];
    let booked = desk.post("/work/book", &page.typed(&hidden, &typed)).await;
    assert_eq!(booked.status, 200, "{}", booked.text);
    assert!(booked.text.contains("The appointment is booked.") && booked.text.contains("of this tab"));
    assert!(booked.text.contains("name=\"version\" value=\"0\""), "it was shown nothing of the newer one");
    assert_eq!(desk.app.count(BOOKED).await, 1);
    assert_eq!(desk.app.count("select count(*) from desk_draft where note = 'of the other tab'").await, 1);
}

#[tokio::test]
async fn the_lead_page_books_once_and_says_what_is_free_where_somebody_was_quicker() {
    let desk = with_reps().await;
    let (lead, other) = (desk.lead("Casey", "+13125550142").await, desk.lead("Robin", "+13125550143").await);
    let path = format!("/leads/{lead}/appointment");
    let shown = desk.page(&format!("/leads/{lead}?open=appointment")).await;
    let lee = offered(&shown.0, "Lee Park");
    taken(&desk, &lee[0], other).await;
    let refused = desk.post(&path, &[("slot", lee[0].as_str()), ("note", "Bring plans")]).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.text.contains("the rep has something else then; free are: "), "{}", refused.text);
    assert!(refused.text.contains("value=\"Bring plans\"") && !offered(&refused.text, "Lee Park").contains(&lee[0]));
    let none = desk.post(&path, &[("slot", "")]).await;
    assert!(none.status == 422 && none.text.contains("choose one of the free slots"), "{}", none.text);

    let fields = [("slot", lee[1].as_str()), ("note", "Bring plans")];
    let (one, two) = tokio::join!(desk.post(&path, &fields), desk.post(&path, &fields));
    for answer in [&one, &two] {
        let to = format!("/leads/{lead}?done=appointment");
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, to.as_str()), "{}", answer.text);
    }
    assert_eq!((desk.app.count(BOOKED).await, desk.app.count(TOLD).await), (2, 2), "Robin's, and this one once");
    let page = desk.page(&format!("/leads/{lead}?done=appointment")).await;
    page.holds(&["The appointment is booked.", "<strong>Appointment</strong>", "with Lee Park"]);
}
