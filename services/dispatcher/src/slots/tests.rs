//! Processes that come, go, are late and die, in many orders: the shares that they take never add up to more than there are.

use std::collections::BTreeMap;

use ripen_store::slot::SlotMember;

use super::*;

/// The table as every process sees it, and what each of them takes.
#[derive(Default)]
struct Table {
    rows: BTreeMap<Uuid, Vec<Uuid>>,
    processes: BTreeMap<Uuid, Process>,
}

struct Process {
    sharing: Sharing,
    /// Attempts that it has under way.
    busy: i32,
}

/// What the database's function says for an endpoint whose id ends in zeros.
fn share(concurrency: i32, at: SlotPlace) -> i32 {
    if at.members < 1 {
        return 0;
    }
    concurrency / at.members + i32::from(at.place % at.members < concurrency % at.members)
}

fn least(concurrency: i32, places: &[SlotPlace]) -> i32 {
    places.iter().map(|place| share(concurrency, *place)).min().unwrap()
}

impl Table {
    fn come(&mut self, id: Uuid) {
        self.processes.entry(id).or_insert_with(|| Process { sharing: Sharing::new(id), busy: 0 });
    }

    fn renew(&mut self, id: Uuid, concurrency: i32) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let latest = process.sharing.latest().to_vec();
        let fits = process.busy <= share(concurrency, place_among(id, &latest));
        let is_new = !self.rows.contains_key(&id);
        let row = self.rows.entry(id).or_default();
        if fits && !latest.is_empty() {
            *row = latest;
        }
        let members = self.rows.iter().map(|(id, agreed)| SlotMember { process: *id, agreed: agreed.clone() });
        process.sharing.take_in(&SlotMembers { members: members.collect(), is_new });
    }

    /// Begins as many attempts as there may be, or ends one.
    fn work(&mut self, id: Uuid, concurrency: i32, ends: bool) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        if ends {
            process.busy = (process.busy - 1).max(0);
        } else {
            process.busy = process.busy.max(least(concurrency, &process.sharing.places()));
        }
    }

    /// Forgotten by the others once its attempts are over; it may live on, and finds that out when it renews.
    fn expire(&mut self, id: Uuid) {
        if let Some(process) = self.processes.get_mut(&id) {
            process.busy = 0;
            // It was late for so long that nothing begins any more.
            process.sharing.among.insert(0, Vec::new());
        }
        self.rows.remove(&id);
    }

    fn busy(&self) -> i32 {
        self.processes.values().map(|process| process.busy).sum()
    }
}

#[test]
fn however_processes_come_and_go_no_more_is_taken_than_there_is_and_in_the_end_all_of_it() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    for round in 0..300 {
        let concurrency = i32::try_from(next(9)).unwrap() + 1;
        let mut table = Table::default();
        for step in 0..200 {
            let id = Uuid::from_u128(u128::from(next(4)) + 1);
            match next(12) {
                0 => table.come(id),
                1 => table.expire(id),
                2..=6 => table.renew(id, concurrency),
                7..=9 => table.work(id, concurrency, false),
                _ => table.work(id, concurrency, true),
            }
            assert!(table.busy() <= concurrency, "round {round}, step {step}: {} of {concurrency}", table.busy());
        }
        settle(&mut table, concurrency);
        let all: i32 = table.processes.values().map(|one| least(concurrency, &one.sharing.places())).sum();
        assert!(table.processes.is_empty() || all == concurrency, "round {round}: {all} of {concurrency} are taken");
    }
}

/// Nobody comes or goes any more, and attempts end.
fn settle(table: &mut Table, concurrency: i32) {
    let ids: Vec<_> = table.processes.keys().copied().collect();
    for id in ids.iter().cycle().take(ids.len() * 8) {
        table.processes.get_mut(id).unwrap().busy = 0;
        table.renew(*id, concurrency);
    }
}

#[test]
fn a_newcomer_waits_until_those_before_it_have_made_room() {
    let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let mut table = Table::default();
    table.come(first);
    table.renew(first, 4);
    table.renew(first, 4);
    table.work(first, 4, false);
    assert_eq!(table.busy(), 4, "alone it has all");
    table.come(second);
    for _ in 0..3 {
        table.renew(second, 4);
        table.renew(first, 4);
    }
    table.work(second, 4, false);
    assert_eq!(table.processes[&second].busy, 0, "the four are still under way");
    for _ in 0..2 {
        table.work(first, 4, true);
    }
    table.work(first, 4, false);
    assert_eq!(table.processes[&first].busy, 2, "and no more of them begin");
    for _ in 0..2 {
        table.renew(first, 4);
        table.renew(second, 4);
    }
    table.work(second, 4, false);
    assert_eq!(table.processes[&second].busy, 2);
}
