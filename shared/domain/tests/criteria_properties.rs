//! What holds for any facts: a receipt replays to the same bytes, an open lead has a next step, and conditions come to what
//! the `cel` crate's own evaluator says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's harness stops at the first surprise"
)]

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use cel::{Context, parser::PrattParser};
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, sample::select};
use ripen_domain::{
    criteria::{Answer, Cause, Criteria, Facts, KeptBack, LeadFacts, Origin, Verdict, qualify, replay_decision},
    id::ArrivalId,
    lead::{Channel, Grade, Stage},
};
use serde_json::{Value, json};
use uuid::Uuid;

const EXAMPLES: [&str; 3] = [
    include_str!("../../../deploy/criteria/residential-purchase.toml"),
    include_str!("../../../deploy/criteria/mortgage.toml"),
    include_str!("../../../deploy/criteria/general.toml"),
];
static CRITERIA: LazyLock<[Criteria; 3]> =
    LazyLock::new(|| EXAMPLES.map(|text| Criteria::load(text).unwrap().criteria));
/// Names that the examples ask for, and one that none does.
const QUESTIONS: [&str; 18] = [
    "wants",
    "timeframe_days",
    "move_date",
    "budget",
    "preapproved",
    "works_with_agent",
    "must_sell_first",
    "purpose",
    "amount",
    "home_value",
    "yearly_income",
    "credit",
    "contract_signed",
    "rate_ends",
    "interest",
    "decides",
    "call_again_on",
    "unknown",
];

fn instant() -> impl Strategy<Value = Timestamp> {
    // 1990 to 2100, to the nanosecond.
    (631_152_000_i64..4_102_444_800, 0..1_000_000_000_i32)
        .prop_map(|(second, nanosecond)| Timestamp::new(second, nanosecond).unwrap())
}

fn given() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        (0_i64..1_000_000).prop_map(|number| json!(number)),
        (0_i64..1_000_000).prop_map(|number| json!(number.to_string())),
        any::<bool>().prop_map(|flag| json!(flag)),
        select(vec![
            "buy",
            "both",
            "job",
            "purchase",
            "good",
            "poor",
            "we_do",
            "yes",
            "no",
            "",
            "2999-01-01",
            "2031-06-15",
            "2031-06",
            "2031-Q2",
            "2031",
        ])
        .prop_map(|word| json!(word)),
        instant().prop_map(|at| json!(at.to_string()[..10])),
        any::<String>().prop_map(|text| json!(text)),
        Just(Value::Null),
        any::<Vec<String>>().prop_map(|texts| json!(texts)),
        any::<BTreeMap<String, u64>>().prop_map(|map| json!(map)),
    ]
}

fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        any::<u128>().prop_map(|id| Origin::Arrival(ArrivalId::from_uuid(Uuid::from_u128(id)))),
        any::<String>().prop_map(Origin::Person),
    ]
}

fn answers() -> impl Strategy<Value = BTreeMap<String, Answer>> {
    let answer = (given(), instant(), origin()).prop_map(|(value, at, origin)| Answer { value, at, origin });
    proptest::collection::btree_map(select(QUESTIONS.to_vec()).prop_map(str::to_owned), answer, 0..18)
}

fn lead() -> impl Strategy<Value = LeadFacts> {
    let words = (select(Channel::ALL.to_vec()), select(Stage::ALL.to_vec()), any::<[bool; 5]>(), any::<[u32; 3]>());
    let maybe = || proptest::option::of(instant());
    let times = (instant(), instant(), (maybe(), maybe()), 0_u32..12, proptest::option::of(any::<String>()));
    (words, times).prop_map(|((channel, stage, flags, counts), (first, last, (spoke, agreed_for), rounds, text))| {
        LeadFacts {
            channel,
            stage,

            verified: flags[0],
            do_not_contact: flags[1],
            returned: flags[2],
            has_email: flags[3],
            has_phone: flags[4],
            arrivals: counts[0],
            enquiries: counts[1],
            touches: counts[2],
            last_disposition: text.clone(),
            first_arrived_at: first,
            last_arrived_at: last,
            last_conversation_at: spoke,
            agreed_for,
            rounds,
            country: text.clone(),
            postal_code: text.clone(),
            time_zone: text,
        }
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    (answers(), lead()).prop_map(|(answers, lead)| Facts { answers, lead, ..Facts::default() })
}

fn cause() -> impl Strategy<Value = Cause> {
    let ids = proptest::collection::vec(any::<u128>(), 0..3);
    let before = proptest::option::of(select(vec![Grade::A, Grade::B, Grade::C]));
    let kept_back = proptest::option::of(select(KeptBack::ALL.to_vec()));
    let all = (ids, proptest::option::of(any::<i64>()), any::<bool>(), before, kept_back, any::<bool>());
    all.prop_map(|(arrivals, promise, regrade, before, kept_back, recalled)| Cause {
        arrivals: arrivals.into_iter().map(|id| ArrivalId::from_uuid(Uuid::from_u128(id))).collect(),
        promise,
        regrade,
        before,
        barred: None,
        kept_back,
        recalled,
    })
}

/// What a document may say of the time within which an A must be confirmed: 30 days and less, or nothing.
const LIMITS: [&str; 4] = ["", "", "confirm_within = '30d'", "confirm_within = '2w'"];

/// An example with other thresholds, which leads of all kinds reach now and then, and another limit in time.
fn lenient(example: usize, limit: &str, (b, more): (i32, i32)) -> Criteria {
    let (head, tail) = EXAMPLES[example].split_once("[grades]\n").unwrap();
    let (_, tail) = tail.split_once("[requalify]\n").unwrap();
    let grades = format!("[grades]\nA = {}\nB = {b}\n{limit}\n", b + more);
    let loaded = Criteria::load(&format!("{head}{grades}[requalify]\n{tail}"));
    let loaded = loaded.unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    assert!(loaded.warnings.iter().all(|warning| warning.message.contains("has the points")), "{:?}", loaded.warnings);
    loaded.criteria
}

/// What a lead may have answered that is about to ripen, and when, in hours before it was last heard of.
fn ripening() -> impl Strategy<Value = BTreeMap<String, (Value, i64)>> {
    let days = || prop_oneof![30_i64..45, 90_i64..110].prop_map(|days| json!(days));
    let dates =
        || select(vec!["2027-02-20", "2027-03", "2027-Q2", "2027-05-10", "2026-Q4", "2027"]).prop_map(Value::from);
    let words = |words: &[&'static str]| select(words.to_vec()).prop_map(Value::from).boxed();
    let flag = || any::<bool>().prop_map(Value::from).boxed();
    let amount = || (1_i64..900_000).prop_map(Value::from).boxed();
    let answers = vec![
        ("wants", words(&["buy", "both"])),
        ("timeframe_days", days().boxed()),
        ("move_date", dates().boxed()),
        ("rate_ends", dates().boxed()),
        ("call_again_on", dates().boxed()),
        ("budget", amount()),
        ("preapproved", flag()),
        ("works_with_agent", flag()),
        ("must_sell_first", flag()),
        ("purpose", words(&["purchase", "refinance"])),
        ("amount", amount()),
        ("home_value", amount()),
        ("yearly_income", amount()),
        ("credit", words(&["good", "poor"])),
        ("contract_signed", flag()),
        ("interest", words(&["A roof"])),
        ("decides", words(&["we_do", "somebody_else"])),
    ];
    let answers = answers.into_iter().map(|(id, value)| {
        // Young, or about to go stale.
        let ago = prop_oneof![0_i64..240, 2_700_i64..2_900, 4_200_i64..4_400];
        proptest::option::weighted(0.8, (value, ago)).prop_map(move |answer| Some((id.to_owned(), answer?)))
    });
    answers.collect::<Vec<_>>().prop_map(|answers| answers.into_iter().flatten().collect())
}

/// A lead that was verified and can become A.
fn living_facts() -> impl Strategy<Value = Facts> {
    (ripening(), lead(), proptest::option::of(0_i64..400), 0_i64..400).prop_map(|(answers, lead, spoke, arrived)| {
        let last: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        let ago = |hours: i64| last - SignedDuration::from_hours(hours);
        let answers = answers
            .into_iter()
            .map(|(id, (value, hours))| (id, Answer { value, at: ago(hours), origin: Origin::Person("Casey".into()) }));
        let lead = LeadFacts {
            verified: true,
            do_not_contact: false,
            returned: false,
            first_arrived_at: ago(arrived),
            last_arrived_at: ago(arrived),
            last_conversation_at: spoke.map(ago),
            ..lead
        };
        Facts { answers: answers.collect(), lead, ..Facts::default() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_receipt_replays_to_the_same_bytes(
        facts in facts(), cause in cause(), now in instant(), example in 0..3_usize, version in any::<u32>(),
    ) {
        let criteria = CRITERIA[example].clone().with_version(version);
        let decision = qualify(&facts, &criteria, &cause, now);
        let stored = decision.receipt.to_json();
        prop_assert_eq!(&replay_decision(&stored, &criteria).unwrap(), &stored);

        // What a database gives back is what was put in.
        let kept: Facts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
        prop_assert_eq!(qualify(&kept, &criteria, &cause, now).receipt.to_json(), stored);

        let open = decision.closed.is_none() && decision.grade != Grade::A;
        prop_assert_eq!(decision.next.is_some(), open);
        if let Some(next) = decision.next {
            prop_assert!(next.due_at > now && next.due_at.as_nanosecond() % 60_000_000_000 == 0);
        }
        let points: i64 = decision.receipt.rules.iter().map(|rule| i64::from(rule.points.unwrap())).sum();
        prop_assert_eq!(i64::from(decision.score), points);
    }

    #[test]
    fn time_alone_never_makes_an_a(
        facts in living_facts(), limit in select(LIMITS.to_vec()), thresholds in (0..40_i32, 1..40_i32), example in 0..3_usize,
        decided in 0..24_i64, steps in proptest::collection::vec(1_i64..20, 1..8),
    ) {
        let criteria = lenient(example, limit, thresholds);
        let begin = facts.lead.last_arrived_at.max(facts.lead.last_conversation_at.unwrap_or(Timestamp::MIN));
        let mut now = begin + SignedDuration::from_hours(decided);
        let mut before = qualify(&facts, &criteria, &Cause::regrade(), now);
        for (generation, hours) in (0_i64..).zip(steps) {
            now += SignedDuration::from_hours(hours * 6);
            let cause = Cause::promise(generation).after(Some(before.grade));
            let after = qualify(&facts, &criteria, &cause, now);
            let stored = after.receipt.to_json();
            prop_assert_eq!(&replay_decision(&stored, &criteria).unwrap(), &stored);
            prop_assert!(before.grade == Grade::A || after.grade != Grade::A, "{}", stored);
            let limit = SignedDuration::from_hours(30 * 24);
            prop_assert!(after.grade != Grade::A || now.duration_since(begin) <= limit, "{}", stored);
            before = after;
        }
    }

    #[test]
    fn conditions_come_to_what_the_crate_says(condition in condition(), known in any::<[bool; 3]>(), n in -5_i64..10) {
        let document = format!(
            "name = 'x'\n[grades]\nA = 1\nB = 0\n[[rule]]\nid = 'r'\npoints = 1\nbecause = 'y'\nwhen = '''{condition}'''\n\
             [[question]]\nid = 'n'\nask = '?'\ntype = 'number'\n[[question]]\nid = 'yes'\nask = '?'\ntype = 'yes_no'\n\
             [[question]]\nid = 'words'\nask = '?'\ntype = 'text'\n",
        );
        let loaded = Criteria::load(&document);
        let too_long = |mistake: &ripen_domain::criteria::Mistake| mistake.message.contains("words and signs") || mistake.message.contains("bytes");
        prop_assume!(!loaded.as_ref().is_err_and(|mistakes| mistakes.iter().all(too_long)));
        let criteria = loaded.unwrap_or_else(|mistakes| panic!("{condition}: {mistakes:?}")).criteria;
        let given = [("n", json!(n)), ("yes", json!(n % 2 == 0)), ("words", json!("abc"))];
        let mut facts = Facts::default();
        facts.lead.arrivals = 3;
        facts.lead.verified = true;
        for ((id, value), _) in given.into_iter().zip(known).filter(|(_, known)| *known) {
            let answer = Answer { value, at: Timestamp::UNIX_EPOCH, origin: Origin::Person("x".into()) };
            facts.answers.insert(id.to_owned(), answer);
        }
        let verdict = qualify(&facts, &criteria, &Cause::regrade(), Timestamp::UNIX_EPOCH).receipt.rules[0].result;
        let ours = match verdict {
            Verdict::Yes => Some(true),
            Verdict::No => Some(false),
            Verdict::Missing | Verdict::Error => None,
        };
        prop_assert_eq!(ours, by_the_crate(&condition, &facts), "{}", condition);
    }
}

/// What the crate's evaluator makes of a condition; absent facts are absent keys.
fn by_the_crate(condition: &str, facts: &Facts) -> Option<bool> {
    let answer = |value: &Value| match value {
        Value::Bool(flag) => cel::Value::Bool(*flag),
        Value::Number(number) => cel::Value::Int(number.as_i64().unwrap()),
        other => cel::Value::from(other.as_str().unwrap()),
    };
    let answers: HashMap<String, cel::Value> =
        facts.answers.iter().map(|(id, given)| (id.clone(), answer(&given.value))).collect();
    let lead: HashMap<String, cel::Value> = HashMap::from([
        ("arrivals".to_owned(), cel::Value::Int(i64::from(facts.lead.arrivals))),
        ("touches".to_owned(), cel::Value::Int(i64::from(facts.lead.touches))),
        ("verified".to_owned(), cel::Value::Bool(facts.lead.verified)),
    ]);
    let mut context = Context::default();
    context.add_variable_from_value("answers", answers);
    context.add_variable_from_value("lead", lead);
    let parsed = PrattParser::new().parse(condition).unwrap();
    match cel::Value::resolve(&parsed, &context) {
        Ok(cel::Value::Bool(flag)) => Some(flag),
        Ok(other) => panic!("{condition}: {other:?}"),
        Err(_) => None,
    }
}

/// Whole numbers that no answer is part of, so that they divide as in CEL.
fn count() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (-4_i64..10).prop_map(|number| number.to_string()),
        Just(i64::MAX.to_string()),
        select(vec!["lead.arrivals", "lead.touches", "size('abcd')"]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        (inner.clone(), select(vec!["+", "-", "*", "/", "%"]), inner)
            .prop_map(|(left, sign, right)| format!("({left} {sign} {right})"))
    })
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        count(),
        Just("answers.n".to_owned()),
        (count(), select(vec!["+", "-", "*"])).prop_map(|(count, sign)| format!("(answers.n {sign} {count})")),
        Just("-answers.n".to_owned()),
        Just("size(answers.words)".to_owned()),
        Just("2.5".to_owned()),
    ]
}

fn text() -> impl Strategy<Value = String> {
    select(vec!["'abc'", "'b'", "''", "answers.words", "'ü'"]).prop_map(str::to_owned)
}

fn condition() -> impl Strategy<Value = String> {
    let compare = || select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        select(vec!["true", "false", "answers.yes", "lead.verified", "has(answers.n)", "has(answers.yes)"])
            .prop_map(str::to_owned),
        (number(), compare(), number()).prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
        (text(), compare(), text()).prop_map(|(left, sign, right)| format!("{left} {sign} {right}")),
        (text(), select(vec!["startsWith", "endsWith", "contains"]), text())
            .prop_map(|(left, name, right)| format!("{left}.{name}({right})")),
        (number(), number(), count()).prop_map(|(one, other, third)| format!("{one} in [{other}, {third}]")),
    ];
    let tree = leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), select(vec!["&&", "||"]), inner.clone())
                .prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
            (inner.clone(), select(vec!["&&", "||"]), inner.clone(), inner.clone())
                .prop_map(|(one, sign, other, third)| format!("({one} {sign} {other} {sign} {third})")),
            inner.clone().prop_map(|one| format!("!({one})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(one, yes, no)| format!("({one} ? {yes} : {no})")),
        ]
    });
    prop_oneof![
        4 => tree.clone(),
        1 => (tree, select(vec!["exists", "all"]), compare(), select(vec!["&&", "||"])).prop_map(
            |(inner, name, sign, logic)| format!("[1, lead.arrivals, 7].{name}(x, x {sign} 3 {logic} {inner})")
        ),
    ]
}
