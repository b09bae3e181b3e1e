//! Where a lead would go, were it an A: in the words of routing.

use jiff::Timestamp;
use ripen_domain::{actor::Actor, id::LeadId};

use crate::{Actions, Refusal};

/// Where the lead goes once it is an A, in one line; none where the scope has no such lead.
pub(super) async fn goes_to(
    actions: &Actions,
    actor: &Actor,
    lead: LeadId,
    now: Timestamp,
) -> Result<Option<String>, Refusal> {
    let said = actions.store.route_preview(&actions.documents, actor.scope(), lead, now).await?;
    // The first line says where; the others say why, and stand on the lead's page.
    Ok(said.and_then(|said| said.lines().next().map(|line| whither(line.trim()))).filter(|line| !line.is_empty()))
}

/// As it reads behind "goes to".
fn whither(line: &str) -> String {
    match line.strip_prefix("Held: ") {
        Some(why) => format!("nobody yet: {why}"),
        // "At once" is when it is decided: whoever works on it has some seconds to take it back.
        None => line.strip_prefix("No routing: goes to ").unwrap_or(line).trim_end_matches(" at once").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_goes_reads_behind_goes_to() {
        for (line, words) in [
            (
                "No routing: goes to every enabled endpoint of the client at once",
                "every enabled endpoint of the client",
            ),
            ("Held: the client's day is full", "nobody yet: the client's day is full"),
            ("Dana Hill, by turns", "Dana Hill, by turns"),
        ] {
            assert_eq!(whither(line), words);
        }
    }
}
