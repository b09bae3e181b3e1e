//! How far a lead is on its way to its client, in the words of pages: an A that a receiver refuses, or that waits for somebody, is not
//! with its client, and whoever worked it has to read that.

use jiff::Timestamp;
use ripen_domain::desk::{WayState, WayToClient};
use serde::Serialize;
use utoipa::ToSchema;

use super::when::When;

/// How far a lead is on its way to its client.
#[derive(Serialize, ToSchema)]
pub struct HandoverView {
    /// `had`; `filed`: its mail was written to a file, because there is no mail server; `tried_again`: tried and not taken so far; `under_way`: not tried yet; `held`: it waits for somebody who can be given it,
    /// or for a receiver that works; `dead`: given up.
    state: &'static str,
    /// How often it was tried.
    tried: u32,
    /// When it goes on by itself.
    next_at: Option<Timestamp>,
    /// Why it is not there yet; for staff.
    why: Option<String>,
}

impl From<WayToClient> for HandoverView {
    fn from(way: WayToClient) -> Self {
        Self { state: way.state.word(), tried: way.tried, next_at: way.next_at, why: way.why }
    }
}

/// What becomes of it, after "it": `is being delivered: tried 2 times, next 14:05; answered 422`. None where its client has it.
pub fn on_the_way(way: &WayToClient, when: &When) -> Option<String> {
    let at = way.next_at.map(|at| if when.is_today(at) { when.hour(at) } else { when.whole(at) });
    let why = way.why.as_deref().filter(|why| !why.is_empty());
    let because = |between: &str| why.map(|why| format!("{between}{why}")).unwrap_or_default();
    Some(match way.state {
        WayState::Had => return None,
        WayState::Filed => "was written to a file: there is no mail server".to_owned(),
        WayState::UnderWay => match at {
            Some(at) => format!("is about to be delivered, at {at}"),
            None => "is about to be delivered".to_owned(),
        },
        WayState::TriedAgain => {
            let next = at.map(|at| format!(", next at {at}")).unwrap_or_default();
            format!("is being delivered: {}{next}{}", way.tried_in_words(), because("; "))
        }
        WayState::Held => {
            let until = at.map(|at| format!(" until {at}")).unwrap_or_default();
            format!("waits to be delivered{until}{}", because(": "))
        }
        WayState::Dead => format!("could not be delivered{}", because(": ")),
    })
}
