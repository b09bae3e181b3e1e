//! `POST /queues/{list}`: what can be done about one row of what is stuck: sent again, handled again, let go, given up.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use ripen_actions::{
    Refusal,
    dead_letter::{DropDeadLetter, ReplayDeadLetters},
    delivery::{RetryDelivery, show},
    quarantine::{DropQuarantined, QuarantineChoice, ReleaseQuarantined},
    queues::QueueList,
};
use ripen_domain::actor::Actor;
use ripen_store::queues::stuck::StuckKind;
use ripen_web::{
    Problem,
    extract::{NamedFields, PathId},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{LEADS_THE_DESK, told::QueueTold};
use crate::{
    context::DeskContext,
    people::{
        csrf::CsrfForm,
        refused::{PageRefusals, refused},
    },
};

/// A button of a row.
pub struct QueueAct {
    /// As the form says it.
    pub what: &'static str,
    /// As the button does.
    pub words: &'static str,
    /// What is asked before it is done.
    pub asks: ActAsks,
}

/// What is asked before something is done: what cannot be taken back is done by no slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActAsks {
    /// Nothing.
    Nothing,
    /// A second press.
    Sure,
    /// Why, in words.
    Why,
}

impl QueueAct {
    /// Whether it is done at a second press.
    pub fn asks_first(&self) -> bool {
        self.asks != ActAsks::Nothing
    }

    /// Whether it is said why.
    pub fn asks_why(&self) -> bool {
        self.asks == ActAsks::Why
    }
}

const AGAIN: &str = "again";
const RELEASE: &str = "release";
const DROP: &str = "drop";

/// What can be done about each row of a list. What is held goes on by itself, and a consent is looked at on its lead's page.
pub const fn acts(list: QueueList) -> &'static [QueueAct] {
    match list {
        QueueList::Stuck(StuckKind::Dead) => &[QueueAct { what: AGAIN, words: "Send again", asks: ActAsks::Nothing }],
        QueueList::Stuck(StuckKind::Letters) => &[
            QueueAct { what: AGAIN, words: "Handle again", asks: ActAsks::Nothing },
            QueueAct { what: DROP, words: "Drop", asks: ActAsks::Sure },
        ],
        QueueList::Stuck(StuckKind::Quarantine) => &[
            QueueAct { what: RELEASE, words: "Release", asks: ActAsks::Why },
            QueueAct { what: DROP, words: "Drop", asks: ActAsks::Why },
        ],
        _ => &[],
    }
}

/// Which row, and what is to become of it.
#[derive(Debug, Default, Deserialize)]
pub struct QueueActForm {
    #[serde(default)]
    id: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    back: String,
}

impl NamedFields for QueueActForm {
    fn hint(_: &str) -> &'static str {
        "Press a button of the row."
    }
}

/// Does it.
#[utoipa::path(post, path = "/queues/{list}", operation_id = "act_on_queue", tag = "pages",
    params(("list" = String, Path, description = "dead, letters or quarantine: of others nothing is done here.")),
    request_body(content_type = "application/x-www-form-urlencoded", description = "`id` of the row, `what` (again, release or drop), `why` (of what is quarantined), `back` (all or list), `csrf`.", content = String),
    responses(
        (status = 303, description = "Done, or somebody else did it meanwhile, or it was not said why: back to the page, which says so; or nobody is signed in: to the form to sign in."),
        PageRefusals,
    ))]
pub async fn act(
    State(context): State<DeskContext>,
    PathId(list): PathId<String>,
    posted: CsrfForm<QueueActForm>,
) -> Response {
    let CsrfForm { viewer, form } = posted;
    // Read once it is known who asks: whoever is not signed in is told that first.
    let Ok(list) = list.parse() else { return Problem::not_found().into_response() };
    if let Err(problem) = viewer.require(LEADS_THE_DESK) {
        return problem.into_response();
    }
    let wanted = WantedAct { list, id: &form.id, what: &form.what, why: &form.why, confirmed: false };
    let told = match run(&context, &viewer.actor, &wanted).await {
        Ok(done) => done,
        // A row that is gone was seen to by somebody else: the page says that.
        Err(Refusal::Missing { .. }) => QueueTold::Gone,
        Err(Refusal::Conflict { code: "given_on", .. }) => QueueTold::GivenOn,
        Err(Refusal::Invalid(errors)) if errors.iter().all(|error| error.field == "why") => QueueTold::Why,
        Err(refusal) => return refused(&refusal).into_response(),
    };
    let back = if form.back == "list" { format!("/queues/{}", list.word()) } else { "/queues".to_owned() };
    Redirect::to(&format!("{back}?told={}", told.word())).into_response()
}

/// What is wanted of a row.
#[derive(Debug, Clone, Copy)]
pub struct WantedAct<'a> {
    /// Of which list it is.
    pub list: QueueList,
    /// Which row, by its id.
    pub id: &'a str,
    /// What, as the form says it.
    pub what: &'a str,
    /// Why, in words.
    pub why: &'a str,
    /// Also where somebody else has the lead of a dead delivery by now.
    pub confirmed: bool,
}

/// Does it; says what was done.
///
/// # Errors
/// `Missing` where there is no such row any more, and where nothing of the kind can be done about it.
pub async fn run(context: &DeskContext, actor: &Actor, wanted: &WantedAct<'_>) -> Result<QueueTold, Refusal> {
    let WantedAct { list, id, what, why, confirmed } = *wanted;
    let (actions, missing) = (&context.actions, || Refusal::missing("row", id));
    let named = || Ok::<_, Refusal>(QuarantineChoice::Named(vec![id.parse().map_err(|_| missing())?]));
    let why = Some(why.to_owned());
    match (list, what) {
        (QueueList::Stuck(StuckKind::Dead), AGAIN) => {
            let delivery = id.parse().map_err(|_| missing())?;
            // Of what waits a retry is made too; here it is the row of something dead, which it is no more.
            if show(actions, actor, delivery).await?.delivery.state != "dead" {
                return Err(missing());
            }
            actions.run(actor, &RetryDelivery { delivery, confirmed }).await?;
            Ok(QueueTold::Again)
        }
        (QueueList::Stuck(StuckKind::Letters), AGAIN) => {
            let letters = Some(vec![id.parse::<Uuid>().map_err(|_| missing())?]);
            actions.run(actor, &ReplayDeadLetters { letters }).await?;
            Ok(QueueTold::Again)
        }
        (QueueList::Stuck(StuckKind::Letters), DROP) => {
            let letter = id.parse().map_err(|_| missing())?;
            actions.run(actor, &DropDeadLetter { letter }).await?;
            Ok(QueueTold::Dropped)
        }
        (QueueList::Stuck(StuckKind::Quarantine), RELEASE) => {
            actions.run(actor, &ReleaseQuarantined { which: named()?, why }).await?;
            Ok(QueueTold::Released)
        }
        (QueueList::Stuck(StuckKind::Quarantine), DROP) => {
            actions.run(actor, &DropQuarantined { which: named()?, why }).await?;
            Ok(QueueTold::Dropped)
        }
        // Nothing of the kind can be done there: as for a row that is gone, the page shows what can.
        _ => Err(missing()),
    }
}
