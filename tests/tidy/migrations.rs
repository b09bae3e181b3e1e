//! What has landed stays: databases remember the content of each migration they were made by, and refuse another.

use std::fs;

use sha2::{Digest as _, Sha256};

use crate::{refuse, repository::root};

/// Every landed migration with its SHA-256. A new one is a new line; a line is never changed.
const LANDED: &[(&str, &str)] = &[
    ("0001_foundation.sql", "f7dd073ebe44870e7a0e39feca50565f283cf91ed1153e3186f1f1f7ee4922f7"),
    ("0002_audit.sql", "30bd45a9e240c0e126cbe4c2808fcb54cf125737f8cb2eb8420452f88f1be128"),
    ("0003_endpoint_disabled_by.sql", "0461e234f6f44805e00120aba76d69b5f9cd59eb66cae9da97706c84c201a87f"),
    ("0004_phone_extension.sql", "2172a0210287f0487552bd2a3b7a6b28707076035fc36c252ff030b0636f1792"),
    ("0005_promise_agreed_civil.sql", "05a3f8b79b411f4d601b1920b3666d27ac6582e48da28c7e67b331519b88821e"),
    ("0006_arrival_keys.sql", "5011010c8677479fc01b3f24520628d43ad18fda88c3e351d330826bea318489"),
    ("0007_quarantine.sql", "22e454f9dde196d48b0995cf55903906e702d857a50bac402384910be5d5c867"),
    ("0008_nothing_waits_for_ever.sql", "2968454432486ab264733823460b1672de002dbe0c04dfdd29c5182ee9c30141"),
    ("0009_whom_and_whether.sql", "d4993c99b59fd53167059b24838ae4d15a4036efdb1f0949316e240c35ad16af"),
    ("0010_by_month.sql", "8d5bb52f9f82401f6b06ab28afbbc9908c130a07e9cfef755738d6bb946c5d3e"),
    ("0011_persons.sql", "9620211fd50ec7de5eb8819c683e8c796cdcf1d19cc873618334d740fdfc8d13"),
    ("0012_bodies.sql", "5dad95d4975b89d783760c9fb2fab74d17e65a86279744f6d49c68f54e68359e"),
    ("0013_secrets.sql", "08e602d4c26a102b9630661e47a9a89b3fe0340411141e56c88bbf3c5c50607d"),
    ("0014_outcomes.sql", "7198f12b5118330098c8ada62fb961c84c4abe37c537ce062fcdcb28269f5d7b"),
    ("0015_bounces.sql", "bbb2b824525f08cc85dcf75772b751e6c2997fc0cfffb8a833bd20ea8331d8d3"),
    ("0016_fallback.sql", "77646f4cd2017fc1ee1de612561f2b0114bd4f3424407db5bc8f8753ff7d8068"),
    ("0017_slots.sql", "a6e12dabd686ec102032913b0ccc439aa1321c57f5d4313aca13f456ada5dbad"),
    ("0018_reps.sql", "fd5275b3686a54c7b82d20b2540075077038d9fc3c0d81e89be0521324c27d82"),
    ("0019_shared_mail_circuit.sql", "005310ca7ca69a542e13b175c603fcb7bbd3cb530d32deaf46333c5eb267836b"),
    ("0020_common_ids.sql", "7485cd593519225a3dfd445372713088bcc516105854562104cf6333132190cf"),
    ("0021_news_nobody_got.sql", "d3b65d735706f57671951bc908357fa180273a03a2234a78993046a36028a10f"),
    ("0022_desk.sql", "673c6b0ffa81fb195daa97d9965b8ef6bc1ab87d68803c42d4b54e7b39fad871"),
    ("0023_lists.sql", "0addfffe29115071f58ce3636cfa345bdca36ef1cee49c60aeab0e5abce02bab"),
    ("0024_given_on.sql", "3cb12bdf64d88bcaa408d5548f6c19f6ae0516e2be8cd42f5934eac8afa98745"),
    ("0025_desk_order.sql", "9ba673cfa332380592d04df3fb65f5b65f3144a19d105a84815205474fbbcfc4"),
    ("0026_front.sql", "d69a3227119212b28c197d2527677c9e675630e9d6f0bd28346a2f8c91fadc8b"),
    ("0027_each_body.sql", "d4dd83c427d60a1e41ac371b33a37c8dab0c9b7d9cd4667208c39d8cffa9fab9"),
    ("0028_words.sql", "6139d14e991c5ee3da76b705be19b732c7d6b6aa6ed30699acf2b3f12a649066"),
    ("0029_refusals.sql", "1c13abd354078c144060d62872a9fe8e457ba8036e97ba69db348551ce69ba8d"),
    ("0030_lead_views.sql", "faed7945892d83b18568db5530cd7d095271c8321b2f10b75ca6370d0556404e"),
    ("0031_who_may_be_given.sql", "4cceeeddaf42a21acaaadd82c6564f3f3bb02efea31d7ffd44f91c90d32271c9"),
    ("0032_ended.sql", "9be5d1ad91f0fada322f5d1f8febe6146a21b412ad6f3a33c8d5151cbe862431"),
    ("0033_said_contacts.sql", "7bbde357e3c56e5d2fbe5865bc77efd5ecbe925f0cd76a2fef1cc965b5b144fd"),
    ("0034_mailboxes.sql", "91814b45315a07cbc443494ad93eb67da0a4100fadbce6f5d6fb51d120f32d76"),
    ("0035_handed_over.sql", "579f6860a56efe98e0f8fc726acff61e73bd42402e3e0ede687d3763d21e64d6"),
    ("0036_late_answers.sql", "2865ad237f8d4f1df4d4498ec2b987e58b340369f042890cd974925ffae9e639"),
    ("0037_codes.sql", "6d36fe0fe684a494de72499f7e3b9593d811f97926f27dd33f80e962302261e5"),
    ("0038_wish_sweep.sql", "603cba681c5a16daecbc1bc58a88dba686efefecc49abc404af3a2d32f6d012b"),
    ("0039_undated.sql", "fe6391632176dcee1f691ef3986e2418327213aa7ab938eb4b139723f3af6fe2"),
    ("0040_fuller_names.sql", "ebc26f9c3dc6ccf65de36f8d45874139ce5d87f4c4669256f9265e2721f8e41c"),
    ("0041_drafts_and_lost_numbers.sql", "30d87e296fe20852eb8f2e3e3369159af6818f7f1f9c82b9c03ae231c86957bf"),
    ("0042_had_and_spoken.sql", "30bf2b2ae4447e8872fd15526b21b8beab7801350e2a8dd98bb4b5622daab343"),
    ("0043_had_by.sql", "4e83c498eb02cb3d2c0f9d8aebda57d90315f50f1d4451a65353cf6e839317ba"),
    ("0044_call_start_and_why_it_waits.sql", "5804ca539cdb5f52690c2438bafbc9a01aaafd7359450553227703f0146a389b"),
    ("0045_said_again.sql", "db54404f9906d13aff23f8fd1c5e95a5753f7114f5ef11fb9597fcec139d4b44"),
    ("0046_number_of_a_lease.sql", "38ce199ab4688bc8f9ef506060929a09e69a8e32dc0e35022bff3e4e2ad75938"),
];

#[test]
fn landed_migrations_are_frozen() {
    let folder = fs::read_dir(root().join("migrations")).unwrap();
    let mut files: Vec<(String, String)> = folder
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), hash(&fs::read(entry.path()).unwrap())))
        .collect();
    files.sort();
    let landed: Vec<_> = LANDED.iter().map(|(name, hash)| ((*name).to_owned(), (*hash).to_owned())).collect();
    refuse(&differences(&landed, &files));
}

fn hash(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn differences(landed: &[(String, String)], files: &[(String, String)]) -> Vec<String> {
    let of = |list: &[(String, String)], name: &str| {
        list.iter().find(|(other, _)| other == name).map(|(_, hash)| hash.clone())
    };
    let changed = landed.iter().filter_map(|(name, hash)| match of(files, name) {
        None => Some(format!("{name} has landed and is gone")),
        Some(now) if now != *hash => Some(format!("{name} has landed and was changed: write another migration")),
        Some(_) => None,
    });
    let new = files.iter().filter(|(name, _)| of(landed, name).is_none());
    let new =
        new.map(|(name, hash)| format!("{name} is new: add (\"{name}\", \"{hash}\") to tests/tidy/migrations.rs"));
    changed.chain(new).collect()
}

#[test]
fn the_check_of_migrations_finds_what_it_is_for() {
    let file = |name: &str, content: &[u8]| (name.to_owned(), hash(content));
    let landed = [file("0001_a.sql", b"create table a ()"), file("0002_b.sql", b"create table b ()")];
    assert!(differences(&landed, &landed).is_empty());
    let found = differences(&landed, &[file("0001_a.sql", b"create table a (b int)"), file("0003_c.sql", b"")]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("was changed") && found[1].contains("is gone") && found[2].contains("is new"));
}
