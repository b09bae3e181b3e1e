//! Receipts come back byte for byte, are small, and what is damaged is told; on a real database.

use ripen_domain::{
    actor::Actor,
    criteria::{Answer, Cause, Criteria, Facts, Origin, qualify},
    id::{ArrivalId, ClientId, LeadId, ProgramId},
    lead::{Channel, Grade},
};
use ripen_testkit::postgres::database;
use serde_json::json;

use super::*;
use crate::StoreOptions;
use crate::{Transaction, criteria::activate::Activation};

const EXAMPLES: [&str; 4] = [
    include_str!("../../../../../deploy/criteria/general.toml"),
    include_str!("../../../../../deploy/criteria/mortgage.toml"),
    include_str!("../../../../../deploy/criteria/residential-purchase.toml"),
    include_str!("../../../../../deploy/criteria/web-enquiry.toml"),
];

fn criteria(document: &str) -> Criteria {
    Criteria::load(document).unwrap().criteria.with_version(3)
}

fn decision() -> DecisionId {
    DecisionId::from_uuid(Uuid::from_u128(17))
}

/// The receipt of some lead: numbers that seem random, but are the same each time.
fn receipt(criteria: &Criteria, number: u64) -> String {
    let dice = |of: u64, sides: u64| (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> of) % sides;
    let micros = 1_790_000_000_000_000 + i64::try_from(dice(3, 20_000_000_000_000)).unwrap();
    let at = jiff::Timestamp::from_microsecond(micros).unwrap();
    let rest = u128::from(number.wrapping_mul(0xd6e8_feb8_6659_fd93)) | (7 << 76);
    let arrival = ArrivalId::from_uuid(Uuid::from_u128((u128::try_from(at.as_millisecond()).unwrap() << 80) | rest));
    let mut facts = Facts::default();
    for (place, question) in criteria.questions().iter().enumerate() {
        let value = [json!(dice(7, 500)), json!(dice(9, 2) == 0), json!("buy"), json!("2027-05-12"), json!(450_000)]
            [(usize::try_from(dice(11, 5)).unwrap() + place) % 5]
            .clone();
        if dice(13 + u64::try_from(place).unwrap(), 4) != 0 {
            let answer = Answer { value, at, origin: Origin::Arrival(arrival) };
            facts.answers.insert(question.id.to_string(), answer);
        }
    }
    facts.lead.channel = Channel::ALL[usize::try_from(dice(23, Channel::ALL.len() as u64)).unwrap()];
    (facts.lead.arrivals, facts.lead.enquiries, facts.lead.has_email) = (1, 1, true);
    (facts.lead.first_arrived_at, facts.lead.last_arrived_at) = (at, at);
    let now = at + jiff::SignedDuration::from_micros(i64::try_from(dice(29, 90_000)).unwrap());
    qualify(&facts, criteria, &Cause::arrivals(vec![arrival]), now).receipt.to_json()
}

fn packed(dictionary: &Arc<Dictionary>, bytes: Vec<u8>) -> PackedReceipt {
    PackedReceipt { decision: decision(), bytes, dictionary: Some(Arc::clone(dictionary)) }
}

#[test]
fn receipts_of_every_example_come_back_and_are_small() {
    for document in EXAMPLES {
        let criteria = criteria(document);
        let dictionary = Arc::new(Dictionary::prepare(&criteria.dictionary()).unwrap());
        let mut packer = dictionary.packer().unwrap();
        let (mut bytes, count) = (0, 300);
        for number in 1..=count {
            let text = receipt(&criteria, number);
            let packed = packed(&dictionary, pack(&mut packer, &text).unwrap());
            bytes += packed.bytes.len() as u64;
            assert_eq!(packed.open().unwrap(), text);
        }
        assert!(bytes / count < 350, "{}: {} bytes", criteria.name(), bytes / count);
    }
}

#[test]
fn the_dictionary_is_the_same_each_time_and_another_for_another_document() {
    let derive = || EXAMPLES.map(|document| criteria(document).dictionary());
    assert_eq!(derive(), derive());
    assert_eq!(derive().into_iter().collect::<BTreeSet<_>>().len(), EXAMPLES.len());
}

proptest::proptest! {
    #[test]
    fn any_text_comes_back(text in "\\PC{0,400}", of in 0_usize..4) {
        let dictionary = Arc::new(Dictionary::prepare(&criteria(EXAMPLES[of]).dictionary()).unwrap());
        let bytes = pack(&mut dictionary.packer().unwrap(), &text).unwrap();
        assert_eq!(packed(&dictionary, bytes).open().unwrap(), text);
    }

    #[test]
    fn damaged_bytes_are_never_another_text(number in 1_u64.., at in 0_usize..400, with in 1_u8..) {
        let criteria = criteria(EXAMPLES[3]);
        let dictionary = Arc::new(Dictionary::prepare(&criteria.dictionary()).unwrap());
        let text = receipt(&criteria, number);
        let mut bytes = pack(&mut dictionary.packer().unwrap(), &text).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= with;
        if let Ok(read) = packed(&dictionary, bytes).open() {
            assert_eq!(read, text, "only what says nothing of the content may differ");
        }
    }
}

#[test]
fn what_cannot_be_read_says_whose_it_is() {
    let criteria = criteria(EXAMPLES[0]);
    let dictionary = Arc::new(Dictionary::prepare(&criteria.dictionary()).unwrap());
    let whole = pack(&mut dictionary.packer().unwrap(), &receipt(&criteria, 5)).unwrap();
    let other = Arc::new(Dictionary::prepare(&self::criteria(EXAMPLES[1]).dictionary()).unwrap());
    let cut = whole[..whole.len() - 1].to_vec();
    let mut endless = whole.clone();
    endless[4] = 0xe0;
    endless.splice(5..7, u64::MAX.to_le_bytes());
    let orphan = PackedReceipt { decision: decision(), bytes: whole.clone(), dictionary: None };
    for (packed, why) in [
        (packed(&dictionary, cut), "its bytes are damaged"),
        (packed(&dictionary, endless), "its bytes are damaged"),
        (packed(&dictionary, vec![0xff, 0xfe]), "its bytes are damaged"),
        (packed(&other, whole), "its bytes are damaged"),
        (orphan, "the dictionary of its criteria is missing"),
    ] {
        let said = packed.open().unwrap_err().to_string();
        assert!(said.contains(&decision().to_string()) && said.ends_with(why), "{said}");
        assert!(!format!("{packed:?}").contains("bytes"), "{packed:?}");
    }
    let erased = PackedReceipt { decision: decision(), bytes: b"null".to_vec(), dictionary: None };
    assert_eq!(erased.open().unwrap(), "null");
}

async fn write(batch: &mut Transaction, criteria: CriteriaId, receipt: &str) -> DecisionId {
    let id = DecisionId::from_uuid(Uuid::from_u128(u128::from_be_bytes(receipt.as_bytes()[..16].try_into().unwrap())));
    let new = NewDecision {
        id,
        lead: LeadId::from_uuid(Uuid::from_u128(2)),
        client: ClientId::from_uuid(Uuid::from_u128(3)),
        criteria,
        at: "2026-12-01T00:00:00Z".parse().unwrap(),
        grade: Grade::B,
        score: 1,
        receipt: receipt.to_owned(),
    };
    batch.leads_write(&[], &[new], &[], "2026-12-01T00:00:00Z".parse().unwrap()).await.unwrap();
    id
}

/// Another version of Ripen derives another dictionary: what counts is the one that is kept with the criteria.
#[tokio::test(flavor = "multi_thread")]
async fn the_dictionary_that_is_kept_is_the_one_that_is_used() {
    let database = database().await;
    let store = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let id = CriteriaId::from_uuid(Uuid::from_u128(9));
    let new = Activation {
        program: "general",
        document: EXAMPLES[0],
        version_id: id,
        program_id: ProgramId::from_uuid(Uuid::from_u128(8)),
        by: &Actor::operator("test"),
        backtest: None,
        spread: jiff::SignedDuration::ZERO,
    };
    let now: jiff::Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    let activate = async |at| {
        let mut tx = store.begin().await.unwrap();
        tx.criteria_activate(&new, at).await.unwrap();
        tx.commit().await.unwrap();
    };
    activate(now).await;
    sqlx::query("update criteria set dictionary = 'the dictionary of an older version'")
        .execute(&store.pool)
        .await
        .unwrap();
    activate(now + jiff::SignedDuration::from_secs(1)).await;
    let text = "the dictionary of an older version is what this refers to";
    let mut batch = store.begin().await.unwrap();
    let decision = write(&mut batch, id, text).await;
    batch.commit().await.unwrap();

    let later = Store::open(&StoreOptions::new(database.url(), 2)).unwrap();
    let mut readers = later.decisions_all(Actor::operator("test").scope(), 1).await.unwrap();
    let read = readers[0].next_decisions(10).await.unwrap().unwrap();
    assert_eq!((read.len(), read[0].id), (1, decision));
    assert_eq!(read[0].receipt.open().unwrap(), text);
    assert!(read[0].receipt.bytes.len() < 50, "it refers to the dictionary");
    assert!(readers[0].next_decisions(10).await.unwrap().is_none());

    sqlx::query("update decision set criteria_id = gen_random_uuid()").execute(&store.pool).await.unwrap();
    let orphaned = Store::open(&StoreOptions::new(database.url(), 2))
        .unwrap()
        .decisions_all(Actor::operator("test").scope(), 1)
        .await
        .unwrap()[0]
        .next_decisions(10)
        .await
        .unwrap()
        .unwrap();
    assert!(orphaned[0].receipt.open().unwrap_err().to_string().contains("dictionary of its criteria is missing"));
}
