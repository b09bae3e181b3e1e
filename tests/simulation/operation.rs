//! What can happen, as values: printed they are Rust, so that the list of a failure can be kept as a literal. Lists are
//! made from a seed, always the same for the same seed. What an operation does is the world's business.

use ripen_domain::touch::Disposition;

use super::team::TEAMS;

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Something is posted and kept, as intake keeps it.
    Arrive(Post),
    /// The sender or the queue repeats a message that was sent before.
    Repeat(u8),
    /// The qualifier takes what waits.
    Decide(Waiting, Way),
    /// The qualifier's sweeper looks for what is due.
    Sweep,
    /// The dispatcher offers what is owed, leases what waits and attempts it.
    Deliver(Fate),
    /// What could not be delivered goes on to others, and is told.
    FollowUp,
    /// An agent writes down when this person wants to move, perhaps after a conversation.
    Answer { person: u8, days: u16, spoken: bool },
    /// The person asks not to be contacted.
    OptOut(u8),
    /// The firm suppresses what this person is always reached under.
    Suppress(u8),
    /// An agent tries to reach this person, who may agree to be called in so many days.
    Touch { person: u8, how: Disposition, agreed: Option<u16> },
    /// Somebody moves the person's next step by so many days from now.
    Move { person: u8, days: u16, agreed: bool },
    /// The clock goes on.
    Minutes(u16),
    /// The clock goes on.
    Days(u16),
    /// One of the documents becomes the active one.
    Activate(u8),
    /// The process ends at once and starts again.
    Restart,
    /// What was published and not taken is gone, and nobody knows.
    LoseOffers,
    /// The broker is cut off with all it held, or comes back empty.
    Broker(bool),
    /// The firm pauses the client, or ends the pause.
    Pause(bool),
    /// The client's endpoints are switched on, or off.
    Endpoints(bool),
    /// The client's team is organised in one of some ways.
    Organise(u8),
    /// Somebody accepts an offer that was sent, or passes.
    AnswerOffer { which: u8, accept: bool },
    /// An agent takes this person's lead back.
    Recall(u8),
    /// The client says what became of the lead of this person that it got last.
    Say { person: u8, what: Said },
    /// The client changes to the other program, or back.
    Program(bool),
}

/// What a client says of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Accepted,
    Returned,
    /// It may be one in so many days.
    NotYet(u16),
    Won,
    Lost,
}

/// What is posted. The same person, key and body say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Post {
    pub person: u8,
    pub key: Key,
    pub body: u8,
    /// The form's honeypot was filled in.
    pub trapped: bool,
}

/// What the sender gives to make its retries harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Nothing: only the content tells.
    Nothing,
    /// Its own id of the lead.
    External(u8),
    /// The header `Idempotency-Key`.
    Idempotency(u8),
}

/// Which queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    Arrivals,
    Requalify,
}

/// How a batch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As it should.
    Once,
    /// Each message in a batch of its own.
    Apart,
    /// The answer to the commit is lost: all of it comes again.
    Twice,
    /// Two workers have the same messages at the same time.
    AtOnce,
    /// The batch fails there and runs again.
    Again(Point, Fault),
    /// The batch fails there, and the process ends.
    Crash(Point, Fault),
    /// The process ends after the commit, before anything else.
    CrashAfter,
    /// The firm suppresses what this person is always reached under at the same time.
    Suppressed(u8),
}

/// Where a batch fails: when it has just written this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    Seen,
    Person,
    Arrival,
    Promise,
    Lead,
    Maturation,
    Regrade,
    Commit,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The statement is refused.
    Refused,
    /// The connection to the database is cut.
    Cut,
}

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The client takes it.
    Taken,
    /// The client fails; it is tried again later.
    Failed,
    /// The client refuses it for good.
    Refused,
    /// The client wants no more at this endpoint.
    Gone,
    /// Of the persons whose bits are set in `mails` mailboxes take no mail, as if there were no such address, and of those in `records`
    /// webhooks no record; or, where `gone`, such a webhook wants no more at all. Everything else is taken.
    Picky { mails: u8, records: u8, gone: bool },
    /// It was sent; the process ends before that is recorded.
    Unrecorded,
    /// It was leased; the process ends before it is sent.
    Unsent,
}

/// How many persons, keys of a kind, bodies and documents there are.
pub const PERSONS: u8 = 5;
const KEYS: u8 = 3;
pub const BODIES: u8 = 8;
pub const DOCUMENTS: u8 = 3;

/// In how many days people agree to be called again.
const AGREED: [u16; 5] = [1, 6, 30, 140, 800];

const POINTS: [Point; 8] = [
    Point::Seen,
    Point::Person,
    Point::Arrival,
    Point::Promise,
    Point::Lead,
    Point::Maturation,
    Point::Regrade,
    Point::Commit,
];

/// Numbers from a seed (SplitMix64): a list must be the same wherever and whenever it is made.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `sides`.
    fn below(&mut self, sides: u8) -> u8 {
        u8::try_from(self.next() % u64::from(sides)).unwrap()
    }

    fn chance(&mut self, percent: u8) -> bool {
        self.below(100) < percent
    }

    fn one_of<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::from(self.below(u8::try_from(from.len()).unwrap()))]
    }
}

/// The list of a seed: 3 to 18 operations.
pub fn list(seed: u64) -> Vec<Operation> {
    let mut dice = Dice(seed);
    let length = 3 + usize::from(dice.below(16));
    let mut list: Vec<_> = (0..length).map(|_| operation(&mut dice)).collect();
    // Most installations have criteria from the start.
    if dice.chance(80) {
        list.insert(0, Operation::Activate(dice.below(DOCUMENTS)));
    }
    list
}

fn operation(dice: &mut Dice) -> Operation {
    match dice.below(100) {
        0..22 => Operation::Arrive(post(dice)),
        22..24 => Operation::Organise(dice.below(TEAMS)),
        24..26 => Operation::AnswerOffer { which: dice.below(u8::MAX), accept: dice.chance(70) },
        26..29 => Operation::Repeat(dice.below(u8::MAX)),
        29..50 => {
            Operation::Decide(dice.one_of(&[Waiting::Arrivals, Waiting::Arrivals, Waiting::Requalify]), way(dice))
        }
        50..56 => Operation::Sweep,
        56..58 => {
            let not_yet = Said::NotYet(dice.one_of(&AGREED));
            let (person, what) =
                (dice.below(PERSONS), dice.one_of(&[Said::Accepted, Said::Returned, not_yet, Said::Won, Said::Lost]));
            if dice.chance(60) { Operation::Say { person, what } } else { Operation::Program(dice.chance(60)) }
        }
        58..67 => Operation::Deliver(fate(dice)),
        67..68 => Operation::FollowUp,
        68..73 => {
            let (person, days) = (dice.below(PERSONS), dice.one_of(&[10, 80, 200, 700]));
            Operation::Answer { person, days, spoken: dice.chance(50) }
        }
        73..74 => {
            let person = dice.below(PERSONS);
            if dice.chance(50) { Operation::OptOut(person) } else { Operation::Suppress(person) }
        }
        74..75 => Operation::Recall(dice.below(PERSONS)),
        75..80 => {
            let (person, how) = (dice.below(PERSONS), dice.one_of(Disposition::ALL));
            Operation::Touch { person, how, agreed: dice.chance(30).then(|| dice.one_of(&AGREED)) }
        }
        80..82 => {
            let (person, days) = (dice.below(PERSONS), dice.one_of(&AGREED));
            Operation::Move { person, days, agreed: dice.chance(50) }
        }
        82..86 => Operation::Minutes(dice.one_of(&[1, 2, 9, 11, 90, 1439])),
        86..91 => Operation::Days(dice.one_of(&[1, 7, 29, 31, 91, 400, 3650])),
        91..94 => Operation::Activate(dice.below(DOCUMENTS)),
        94..96 => Operation::Restart,
        96..97 => Operation::LoseOffers,
        97..98 => Operation::Pause(dice.chance(50)),
        98..99 => Operation::Broker(dice.chance(30)),
        _ => Operation::Endpoints(dice.chance(60)),
    }
}

fn post(dice: &mut Dice) -> Post {
    let key = match dice.below(10) {
        0..5 => Key::Nothing,
        5..9 => Key::External(dice.below(KEYS)),
        _ => Key::Idempotency(dice.below(KEYS)),
    };
    Post { person: dice.below(PERSONS), key, body: dice.below(BODIES), trapped: dice.chance(6) }
}

fn way(dice: &mut Dice) -> Way {
    let fault = |dice: &mut Dice| (dice.one_of(&POINTS), dice.one_of(&[Fault::Refused, Fault::Cut]));
    match dice.below(20) {
        0..10 => Way::Once,
        10..11 => Way::Apart,
        11..12 => Way::Twice,
        12..13 => Way::Suppressed(dice.below(PERSONS)),
        13..14 => Way::AtOnce,
        14..16 => {
            let (point, how) = fault(dice);
            Way::Again(point, how)
        }
        16..19 => {
            let (point, how) = fault(dice);
            Way::Crash(point, how)
        }
        _ => Way::CrashAfter,
    }
}

fn fate(dice: &mut Dice) -> Fate {
    match dice.below(24) {
        0..11 => Fate::Taken,
        11..14 => Fate::Failed,
        14..15 => Fate::Refused,
        15..16 => Fate::Gone,
        18..22 => {
            let (mails, records) = (dice.below(1 << PERSONS), dice.below(1 << PERSONS));
            // As often mailboxes alone: a webhook has the lead beside them then.
            Fate::Picky { mails, records: if dice.chance(50) { 0 } else { records }, gone: dice.chance(20) }
        }
        16..18 => Fate::Unrecorded,
        _ => Fate::Unsent,
    }
}
