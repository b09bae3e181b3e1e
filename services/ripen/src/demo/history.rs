//! The weeks before the demonstration begins, event by event in the order of their instants: enquiries come, agents work, reps say
//! what became of it, a manager looks after the rest. All of it by the same actions as ever, each at its own time.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp, civil::Weekday, tz::TimeZone};
use ripen_domain::{
    actor::Actor,
    id::{DeliveryId, LeadId},
    link::Links,
};
use ripen_runtime::config::Settings;
use ripen_store::Store;

use super::{
    agent::AtWork,
    dice::Dice,
    enquiries::{DAYS, Enquiry, enquiries},
    manager::{CHORES, Chore, ManagersView, OnLeave, chore_at},
    outcomes::{Saying, say, sayings},
    past::{PastDesk, PastSetup, TakenLead},
    setting::{Furniture, add_user, furnish, signed_in},
    table::{SampleWorld, WORLD},
};

/// How many leads an agent works in a day of the history.
const A_DAY: usize = 2;
/// In the last hours they work less: something is left to do.
const LATELY: SignedDuration = SignedDuration::from_hours(28);
/// What is due by itself is looked after as often.
const SWEEP: SignedDuration = SignedDuration::from_hours(8);
/// Longer than what was done can be taken back.
const UNDONE_NO_MORE: SignedDuration = SignedDuration::from_secs(25);

/// A sign-in that is shown, for trying. Without `Debug`, which would show the password.
#[derive(Clone)]
pub struct ShownSignIn {
    /// What the person may do.
    pub role: String,
    /// The address.
    pub email: String,
    /// The password, kept nowhere in clear.
    pub password: String,
}

/// Something that happens.
#[derive(Debug)]
enum Happening {
    Enquiry(Box<Enquiry>),
    /// The agent of this place in the table takes a lead.
    Work(usize),
    /// Everybody signs in.
    Monday,
    Said(Box<Saying>),
    Chore(Chore),
    Sweep,
}

/// Where the history is written.
pub struct HistoryStage<'a> {
    /// An empty database.
    pub store: &'a Store,
    /// As the process is configured.
    pub settings: &'a Settings,
    /// Folder of the installation.
    pub data_dir: &'a Path,
    /// What links lead to.
    pub links: Option<Links>,
    /// Where the sample client's webhook receiver will listen.
    pub receiver: &'a str,
    /// When the history ends.
    pub end: Timestamp,
}

/// Lives through the weeks before the end; gives the sign-ins to show.
///
/// # Errors
/// When a step is refused that nothing stands in the way of, or the database is away.
pub async fn live_through(stage: HistoryStage<'_>, actor: &Actor) -> anyhow::Result<Vec<ShownSignIn>> {
    let HistoryStage { store, settings, data_dir, links, receiver, end } = stage;
    let world = WORLD.as_ref().map_err(Clone::clone).context("the table of the demonstration")?;
    let from = end.checked_sub(SignedDuration::from_hours(24 * (DAYS + 1)))?;
    let past = PastDesk::new(PastSetup { store, settings, data_dir, links, from }).await?;
    let furniture = furnish(&past.actions, actor, world, receiver).await?;
    let mut history = SixWeeks {
        world,
        admin: actor,
        past,
        furniture,
        end,
        ahead: BTreeMap::new(),
        count: 0,
        memory: HistoryMemory::default(),
    };
    history.plan(from)?;
    while let Some(((at, _), event)) = history.ahead.pop_first() {
        history.past.go_on(at);
        history.happen(event).await?;
    }
    history.past.go_on(end);
    history.follow().await?;
    history.past.send_notices().await?;
    // Last: a start that finds them knows that nothing broke this one off.
    for user in world.user.iter().filter(|user| user.client.is_some()) {
        history.furniture.users.push(add_user(&history.past.actions, actor, user).await?);
    }
    Ok(history.shown())
}

/// Whether an earlier start has lived through all of it.
///
/// # Errors
/// When the database is away.
pub async fn is_whole(store: &Store) -> anyhow::Result<bool> {
    let world = WORLD.as_ref().map_err(Clone::clone)?;
    let Some(last) = world.user.last() else { return Ok(true) };
    Ok(store.user_by_email(&last.email).await?.is_some())
}

/// What was done so far.
#[derive(Default)]
struct HistoryMemory {
    worked: Vec<LeadId>,
    sent: Vec<LeadId>,
    returned: Vec<DeliveryId>,
    has_paused: bool,
}

struct SixWeeks<'a> {
    world: &'a SampleWorld,
    admin: &'a Actor,
    past: PastDesk,
    furniture: Furniture,
    end: Timestamp,
    /// What is to come; the number keeps apart what has one instant.
    ahead: BTreeMap<(Timestamp, usize), Happening>,
    count: usize,
    memory: HistoryMemory,
}

impl SixWeeks<'_> {
    fn add(&mut self, at: Timestamp, event: Happening) {
        // What lies behind the end is left for whoever tries the demonstration.
        if at < self.end {
            self.count += 1;
            self.ahead.insert((at, self.count), event);
        }
    }

    /// What is known before.
    fn plan(&mut self, from: Timestamp) -> anyhow::Result<()> {
        for enquiry in enquiries(self.world, self.end) {
            self.add(enquiry.at, Happening::Enquiry(Box::new(enquiry)));
        }
        for (hours, chore) in CHORES {
            self.add(chore_at(self.end, hours)?, Happening::Chore(chore));
        }
        let mut at = from;
        while at < self.end {
            self.add(at, Happening::Sweep);
            at = at.checked_add(SWEEP)?;
        }
        self.plan_shifts(from)
    }

    fn plan_shifts(&mut self, from: Timestamp) -> anyhow::Result<()> {
        let mut dice = Dice::new(7);
        for day in 0..=DAYS + 1 {
            let begins =
                from.checked_add(SignedDuration::from_hours(24 * day))?.to_zoned(TimeZone::UTC).start_of_day()?;
            if begins.weekday() == Weekday::Monday {
                self.add(begins.timestamp().checked_add(SignedDuration::from_mins(5))?, Happening::Monday);
            }
            for (place, user) in self.world.user.iter().enumerate().filter(|(_, user)| user.until > user.from) {
                for _ in 0..A_DAY {
                    let long = SignedDuration::from_hours(user.until - user.from);
                    let at =
                        begins.timestamp().checked_add(SignedDuration::from_hours(user.from) + dice.within(long))?;
                    let is_lately = self.end.duration_since(at) < LATELY;
                    if !is_lately || dice.is_in(45) {
                        self.add(at, Happening::Work(place));
                    }
                }
            }
        }
        Ok(())
    }

    async fn happen(&mut self, event: Happening) -> anyhow::Result<()> {
        match event {
            Happening::Enquiry(enquiry) => self.receive(&enquiry).await,
            Happening::Work(place) => self.work(place).await,
            Happening::Monday => self.sign_in().await,
            Happening::Said(saying) => {
                say(&self.past, &self.furniture.reps, &saying).await?;
                if saying.said.outcome.as_deref() == Some("returned") {
                    self.memory.returned.push(saying.delivery);
                }
                self.follow().await
            }
            Happening::Chore(chore) => self.look_after(chore).await,
            Happening::Sweep => {
                self.follow().await?;
                self.past.send_notices().await
            }
        }
    }

    async fn receive(&mut self, enquiry: &Enquiry) -> anyhow::Result<()> {
        let source = self.furniture.clients.get(enquiry.client).and_then(|client| client.sources.get(enquiry.source));
        let source = source.context("a source that nobody added")?;
        if let Some(email) = &enquiry.trapped_with {
            self.past.trap(&source.token, email).await?;
        } else {
            self.past.post(&source.key, &enquiry.body).await?;
        }
        let sent = self.past.follow_at_once(false).await?;
        self.note_all(&sent);
        Ok(())
    }

    /// Whether somebody has left the firm: they take nothing any more, and are not let in.
    fn has_left(&self, place: usize) -> bool {
        self.memory.has_paused && self.world.user.get(place).is_some_and(|user| user.leaves)
    }

    async fn work(&mut self, place: usize) -> anyhow::Result<()> {
        let Some(account) = self.furniture.users.get(place).filter(|_| !self.has_left(place)) else { return Ok(()) };
        let agent = AtWork { world: self.world, actor: &account.actor, end: self.end };
        let Some(lead) = agent.work_one(&self.past).await? else { return Ok(()) };
        self.memory.worked.push(lead);
        self.past.go_on(self.past.now().checked_add(UNDONE_NO_MORE)?);
        let sent = self.past.follow_at_once(true).await?;
        self.note_all(&sent);
        Ok(())
    }

    /// What follows from what was done, and what reps will say to what they were sent.
    async fn follow(&mut self) -> anyhow::Result<()> {
        let sent = self.past.follow().await?;
        self.note_all(&sent);
        Ok(())
    }

    fn note_all(&mut self, sent: &[TakenLead]) {
        sent.iter().for_each(|one| self.note(one));
    }

    fn note(&mut self, sent: &TakenLead) {
        if sent.is_whole && sent.rep.is_some() {
            self.memory.sent.push(sent.lead);
        }
        for saying in sayings(self.world, sent, self.memory.sent.len(), self.past.now()) {
            self.add(saying.at, Happening::Said(Box::new(saying)));
        }
    }

    async fn look_after(&mut self, chore: Chore) -> anyhow::Result<()> {
        let manager = self.world.user.iter().position(|user| user.role == "manager");
        let leaves = self.world.user.iter().position(|user| user.leaves);
        let leaves = leaves.and_then(|place| self.furniture.users.get(place)).map(|account| account.id);
        let manager = manager.and_then(|place| self.furniture.users.get(place)).context("a firm without a manager")?;
        let last = self.world.client.last();
        let on_leave = last.and_then(|client| Some(OnLeave { client: &client.slug, rep: &client.reps.first()?.email }));
        let HistoryMemory { worked, sent, returned, .. } = &self.memory;
        let overview = ManagersView {
            actor: &manager.actor,
            admin: self.admin,
            end: self.end,
            worked,
            sent,
            returned,
            leaves,
            on_leave,
        };
        overview.run(&self.past, chore).await?;
        self.memory.has_paused |= chore == Chore::PauseUser;
        self.follow().await
    }

    async fn sign_in(&self) -> anyhow::Result<()> {
        for (place, account) in self.furniture.users.iter().enumerate() {
            if !self.has_left(place) {
                signed_in(&self.past.actions, &account.email, &account.password).await?;
            }
        }
        Ok(())
    }

    fn shown(&self) -> Vec<ShownSignIn> {
        let all = self.world.user.iter().zip(&self.furniture.users);
        let shown = all.filter(|(user, _)| user.is_shown).map(|(user, account)| ShownSignIn {
            role: user.role.clone(),
            email: account.email.clone(),
            password: account.password.reveal().to_owned(),
        });
        shown.collect()
    }
}
