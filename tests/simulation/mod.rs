//! Random lists of operations over the real code, with faults and a clock that leaps, against an oracle of what must never
//! be found. A list that finds something is shrunk and printed as the Rust it is, to be kept in `reproduction.rs`.
//!
//! Without the environment a fixed number of short lists runs, the same each time. `RIPEN_SIMULATION_SECONDS=600 tests/run
//! -- simulation` runs others for as long as told.

mod batch;
mod deliver;
mod desk;
mod documents;
mod fault;
mod mailboxes;
mod model;
mod operation;
mod oracle;
mod outcomes;
mod posting;
mod reproduction;
mod team;
mod world;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use jiff::SignedDuration;
use tokio::runtime::{Builder, Runtime};

use self::{
    operation::{Fate, Operation, Waiting, Way, list},
    world::{OFFER, Outcome, World},
};

/// Lists of a run that nobody told how long to take.
const LISTS: u64 = 500;
/// Lists that run at the same time, each in a database of its own.
const LANES: u64 = 2;
/// The oracle looks after so many operations.
const LOOK_EVERY: usize = 4;
/// What is not done after so many rounds is never done: by then years have passed.
const ROUNDS: u32 = 60;
/// Lists tried in search of a shorter one.
const SHRINKING: usize = 300;

#[test]
fn random_lists_leave_nothing_impossible() {
    let (first, limit) = match seconds() {
        None => (1, Limit::Lists(LISTS)),
        Some(seconds) => (fresh_seed(), Limit::Until(Instant::now() + Duration::from_secs(seconds))),
    };
    let found = Arc::new(AtomicBool::new(false));
    let start = |lane| {
        let found = Arc::clone(&found);
        thread::spawn(move || runtime().block_on(run_lane(first, lane, limit, &found)))
    };
    let lanes: Vec<_> = (0..LANES).map(start).collect();
    let results: Vec<_> = lanes.into_iter().map(|lane| lane.join().unwrap()).collect();
    let counts = results.iter().flatten();
    let (lists, operations) = counts.fold((0, 0), |sum, (lists, operations)| (sum.0 + lists, sum.1 + operations));
    report(&format!("simulation: {lists} lists, {operations} operations, seeds from {first}"));
    let wrong: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[derive(Clone, Copy)]
enum Limit {
    Lists(u64),
    Until(Instant),
}

/// Each lane has its own thread, as each has its own database.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs every list of this lane until one is wrong, here or in another lane; returns how many, and how many operations
/// they were, or the list that is wrong.
async fn run_lane(first: u64, lane: u64, limit: Limit, found: &AtomicBool) -> Result<(u64, usize), String> {
    let mut world = World::new().await;
    let (mut lists, mut operations) = (0, 0);
    let on = |done: u64| match limit {
        Limit::Lists(count) => done < count,
        Limit::Until(end) => Instant::now() < end,
    };
    let mut number = lane;
    while on(number) && !found.load(Ordering::Relaxed) {
        let seed = first.wrapping_add(number);
        let operations_of_seed = list(seed);
        if let Err(why) = run(&mut world, &operations_of_seed).await {
            found.store(true, Ordering::Relaxed);
            let (shorter, why) = shrink(&mut world, operations_of_seed, why).await;
            return Err(format!("seed {seed}: {why}\n{}", literal(&shorter)));
        }
        lists += 1;
        operations += operations_of_seed.len();
        number += LANES;
    }
    Ok((lists, operations))
}

/// Runs a list from the beginning and lets everything come to rest.
async fn run(world: &mut World, list: &[Operation]) -> Outcome {
    world.reset().await;
    for (number, operation) in list.iter().enumerate() {
        let at = |why| format!("after operation {number}, {operation:?}: {why}");
        world.apply(*operation).await.map_err(at)?;
        if number % LOOK_EVERY == LOOK_EVERY - 1 {
            world.check().await.map_err(at)?;
        }
    }
    world.check().await.map_err(|why| format!("at the end: {why}"))?;
    rest(world).await?;
    world.check_at_rest().await.map_err(|why| format!("at rest: {why}"))
}

/// Takes away what stands in the way, and goes on until nothing is left to do.
async fn rest(world: &mut World) -> Outcome {
    world.apply(Operation::Broker(true)).await?;
    world.apply(Operation::Pause(false)).await?;
    world.apply(Operation::Endpoints(true)).await?;
    world.apply(Operation::Organise(0)).await?;
    world.apply(Operation::Program(false)).await?;
    if world.has_no_criteria().await {
        world.apply(Operation::Activate(0)).await?;
    }
    for round in 0..ROUNDS {
        // First what was offered to nobody, then what is to be tried again another day.
        world.pass(if round < 10 { OFFER * 2 } else { SignedDuration::from_hours(25) }).await;
        for operation in [
            Operation::FollowUp,
            Operation::Sweep,
            Operation::Decide(Waiting::Arrivals, Way::Once),
            Operation::Decide(Waiting::Requalify, Way::Once),
            Operation::Deliver(Fate::Taken),
        ] {
            world.apply(operation).await.map_err(|why| format!("on the way to rest, {operation:?}: {why}"))?;
        }
        if world.is_at_rest().await {
            return Ok(());
        }
    }
    Ok(())
}

/// Leaves out operations, many at once and then fewer, as long as something is still found.
async fn shrink(world: &mut World, mut list: Vec<Operation>, mut why: String) -> (Vec<Operation>, String) {
    let (mut size, mut tries) = (list.len().div_ceil(2), 0);
    while size > 0 && tries < SHRINKING {
        let (mut from, mut found) = (0, false);
        while from < list.len() && tries < SHRINKING {
            let mut shorter = list.clone();
            shorter.drain(from..(from + size).min(list.len()));
            tries += 1;
            match run(world, &shorter).await {
                Ok(()) => from += size,
                Err(other) => (list, why, found) = (shorter, other, true),
            }
        }
        if !found || size > 1 {
            size /= 2;
        }
    }
    (list, why)
}

/// The list as it can be kept.
fn literal(list: &[Operation]) -> String {
    list.iter().map(|operation| format!("    {operation:?},\n")).collect()
}

#[allow(clippy::disallowed_methods, reason = "how long to run is said beside the test")]
fn seconds() -> Option<u64> {
    std::env::var("RIPEN_SIMULATION_SECONDS").ok().map(|text| text.parse().expect("a number of seconds"))
}

#[allow(clippy::disallowed_methods, reason = "a long run must not repeat the last one; its seeds are printed")]
fn fresh_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() << 20
}

#[allow(clippy::print_stderr, reason = "the count of a run is its result")]
fn report(line: &str) {
    eprintln!("{line}");
}
