//! `ripen suppress sweep`: wishes not to be contacted that an earlier version kept with arrivals and did not hear.

use clap::Args;
use ripen_actions::suppression_sweep::{SweepWishes, SweptWish, SweptWishes};
use ripen_domain::id::ArrivalId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    cli::{Common, refused},
    database::Database,
    output,
};

/// So many wishes are named; all of them are counted.
const NAMED: usize = 1_000;
/// So often it is said how far it has come.
const SAID_EVERY: usize = 100_000;

/// Options of `ripen suppress sweep`.
#[derive(Debug, Args)]
pub struct SuppressSweepOptions {
    /// Say what would be suppressed, and suppress nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// From the first arrival on, also those that were read before.
    #[arg(long)]
    pub again: bool,
}

/// What it came to so far.
#[derive(Default)]
struct SweepTotals {
    read: usize,
    wishes: usize,
    lifted: usize,
    unclear: usize,
    added: u64,
    persons: usize,
    leads: u64,
    told: usize,
    named: Vec<Value>,
}

impl SweepTotals {
    fn take(&mut self, piece: &SweptWishes) {
        self.read += piece.read;
        for wish in &piece.wishes {
            self.wishes += usize::from(!wish.is_unclear);
            self.unclear += usize::from(wish.is_unclear);
            self.lifted += usize::from(wish.is_lifted && !wish.is_unclear);
            self.added += wish.added;
            self.persons += wish.effect.persons;
            self.leads += wish.effect.leads;
            self.told += wish.effect.told;
            if self.named.len() < NAMED {
                self.named.push(shown(wish));
            }
        }
    }
}

/// Runs the command. Broken off, it goes on where it was when it is run again.
pub async fn run(common: &Common, database: &Database, options: &SuppressSweepOptions) -> anyhow::Result<()> {
    let (actions, actor) = (database.actions()?, database.actor());
    let mut after = options.again.then(|| ArrivalId::from_uuid(Uuid::nil()));
    let mut swept = SweepTotals::default();
    loop {
        let request = SweepWishes { after };
        let piece = match options.dry_run {
            true => actions.rehearse(&actor, &request).await,
            false => actions.run(&actor, &request).await,
        };
        let piece = piece.map_err(refused("suppress sweep"))?;
        let Some(last) = piece.last else { break };
        let before = swept.read / SAID_EVERY;
        swept.take(&piece);
        if swept.read / SAID_EVERY > before {
            output::say(&format!("{} arrivals read, {} wishes found", swept.read, swept.wishes));
        }
        after = Some(last);
    }
    let SweepTotals { read, wishes, lifted, unclear, added, persons, leads, told, named } = swept;
    let mut counts = json!({"read": read, "wishes": wishes, "lifted_since": lifted, "unclear": unclear, "added": added,
        "persons": persons, "leads": leads, "told": told, "dry_run": options.dry_run});
    match (common.json, &mut counts) {
        (true, Value::Object(counts)) => {
            counts.insert("found".to_owned(), Value::Array(named));
        }
        _ if named.is_empty() => {}
        _ => output::table(false, &["arrival", "lead", "source", "added", "lifted_since", "unclear"], &named)?,
    }
    output::record(common.json, &counts)?;
    if unclear > 0 {
        output::say(
            "where it is unclear, nothing was done: the note says more than the wish, or a suppression was lifted for the client since. Look at the lead, and `ripen suppress person` or leave it",
        );
    }
    if wishes + unclear > NAMED {
        output::say(&format!("the first {NAMED} are named; `ripen audit list` tells of each that was suppressed"));
    }
    Ok(())
}

fn shown(wish: &SweptWish) -> Value {
    json!({"arrival": wish.arrival, "lead": wish.lead, "client": wish.client, "source": wish.source, "added": wish.added,
           "leads": wish.effect.leads, "told": wish.effect.told, "lifted_since": wish.is_lifted, "unclear": wish.is_unclear})
}
