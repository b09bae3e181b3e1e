//! Outcomes: said by people, programs, links and answers, and imported.

use ripen_actions::{
    Refusal,
    outcome::{OutcomeResult, RecordAnswer, RecordOutcome, newest},
    outcome_import::{OutcomeImport, OutcomeRow},
};
use ripen_domain::{
    actor::{Actor, System, UserRole},
    id::DeliveryId,
    outcome::{How, OutcomeFields},
};

use crate::harness::{office, office_of, operator, program, user};

fn said(outcome: &str) -> OutcomeFields {
    OutcomeFields { outcome: Some(outcome.to_owned()), ..OutcomeFields::default() }
}

fn request(delivery: DeliveryId, said: OutcomeFields) -> RecordOutcome {
    RecordOutcome { delivery, said, how: How::Api, seen: None }
}

#[tokio::test]
async fn every_wrong_field_is_said_at_once() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let won = OutcomeFields { amount: Some("much".to_owned()), ..said("won") };
    let Err(Refusal::Invalid(errors)) = office.actions.run(&operator(), &request(delivery, won)).await else {
        panic!("it was recorded")
    };
    assert_eq!(errors.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["amount", "currency"]);
    assert!(office.audited().await.is_empty() && office.count("select count(*) from outcome").await == 0);
}

#[tokio::test]
async fn a_program_reports_on_its_own_deliveries_once_and_a_rehearsal_leaves_nothing() {
    let office = office().await;
    let (acme, other) = (office.client("Acme").await, office.client("Other").await);
    let delivery = office.delivered(&acme).await.delivery;
    let lost = OutcomeFields { reason: Some("Casey moved away".to_owned()), ..said("lost") };
    let lost = request(delivery, lost);
    assert_eq!(office.actions.rehearse(&program(acme.id), &lost).await.unwrap(), OutcomeResult::Recorded);
    assert!(office.audited().await.is_empty() && office.count("select count(*) from outcome").await == 0);
    let elsewhere = office.actions.run(&program(other.id), &lost).await;
    assert!(matches!(elsewhere, Err(Refusal::Missing { what: "sent delivery", .. })), "{elsewhere:?}");
    let broker = office.actions.run(&user(UserRole::Broker, Some(acme.id)), &lost).await;
    assert!(matches!(broker, Err(Refusal::Forbidden { .. })), "{broker:?}");

    assert_eq!(office.actions.run(&program(acme.id), &lost).await.unwrap(), OutcomeResult::Recorded);
    assert_eq!(office.actions.run(&program(acme.id), &lost).await.unwrap(), OutcomeResult::Repeated);
    let kept = newest(&office.actions, &program(acme.id), delivery).await.unwrap().unwrap();
    assert_eq!((kept.by.as_str(), kept.kind.word()), ("CRM", "lost"));
    assert!(newest(&office.actions, &program(other.id), delivery).await.unwrap().is_none());
    assert_eq!(office.audited().await, ["outcome.record"]);
    let audit = format!("{:?}", office.changes().await[0]);
    assert!(!audit.contains("moved away"), "no words of the client: {audit}");
}

#[tokio::test]
async fn one_connection_is_enough_to_import_a_row() {
    let office = office_of(1).await;
    office.delivered(&office.client("Acme").await).await;
    let operator = operator();
    let mut import = OutcomeImport::begin(&office.actions, &operator, "acme", false).await.unwrap();
    let email = Some("casey@example.com".to_owned());
    import.row(OutcomeRow { line: 2, email, said: said("accepted"), ..OutcomeRow::default() }).await.unwrap();
    assert_eq!(import.finish().recorded, 1);
}

#[tokio::test]
async fn an_answer_that_says_nothing_sound_is_kept_as_refused() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let wait = "insert into outcome_answer (delivery_id, said, at) select id, '{}', created_at from delivery";
    sqlx::query(wait).execute(&office.pool).await.unwrap();
    let dispatcher = Actor::system(System::Dispatcher);
    let answer = RecordAnswer { delivery, said: said("splendid") };
    let refused = office.actions.run(&dispatcher, &answer).await.unwrap();
    assert!(matches!(refused, OutcomeResult::Refused(_)), "{refused:?}");
    let kept = "select count(*) from outcome_answer where refused is not null";
    assert_eq!((office.count(kept).await, office.count("select count(*) from outcome").await), (1, 0));

    let returned = RecordAnswer { delivery, said: said("returned") };
    assert_eq!(office.actions.run(&dispatcher, &returned).await.unwrap(), OutcomeResult::Recorded);
    let kept = newest(&office.actions, &dispatcher, delivery).await.unwrap().unwrap();
    assert_eq!((kept.reason.as_deref(), kept.by.as_str()), (Some("no reason given"), "its answer"));
    assert_eq!(office.count("select count(*) from outcome_answer").await, 0, "its wait has ended");
    assert_eq!(office.changes().await[0].actor, "system:dispatcher");
}

#[tokio::test]
async fn each_row_of_an_import_stands_alone_and_a_rehearsal_leaves_nothing() {
    let office = office().await;
    let delivery = office.delivered(&office.client("Acme").await).await.delivery;
    let rows = || {
        let by_email = |email: &str, said| OutcomeRow { email: Some(email.to_owned()), said, ..OutcomeRow::default() };
        let by_id =
            OutcomeRow { delivery: Some(delivery.to_string()), said: said("accepted"), ..OutcomeRow::default() };
        [
            by_email("casey@example.com", said("accepted")),
            by_email("nobody@example.com", said("accepted")),
            by_email("casey@example.com", said("won")),
            by_id,
        ]
    };
    let actor = operator();
    for (is_rehearsal, recorded, repeated) in [(true, 2, 0), (false, 1, 1), (false, 0, 2)] {
        let mut import = OutcomeImport::begin(&office.actions, &actor, "acme", is_rehearsal).await.unwrap();
        for row in rows() {
            import.row(row).await.unwrap();
        }
        let report = import.finish();
        assert_eq!((report.rows, report.recorded, report.repeated), (4, recorded, repeated));
        assert_eq!(report.left.iter().map(|row| row.left).collect::<Vec<_>>(), ["unmatched", "refused"]);
        let audited = usize::from(!is_rehearsal);
        assert_eq!(office.audited().await.len(), audited, "what is recorded is audited, once");
    }
    let agent = user(UserRole::Agent, None);
    assert!(matches!(
        OutcomeImport::begin(&office.actions, &agent, "acme", true).await.map(|_| ()),
        Err(Refusal::Forbidden { .. })
    ));
}
