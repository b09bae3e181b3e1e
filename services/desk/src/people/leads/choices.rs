//! What can be chosen in the address of a list: a view, a grade, what is asked of the next step, an order.

use ripen_actions::lead_list::OPEN_STAGES;
use ripen_domain::lead::{Grade, Stage};
use ripen_store::lead::list::{GradeFilter, LeadOrder};
use serde::{Deserialize, Serialize};

/// A view: what most people look for, each with its own order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeadView {
    /// Every lead that has a next step.
    #[default]
    Open,
    /// Those whose next step is due today or before.
    Due,
    /// Those whose next step is due already.
    Late,
    /// Open ones that nobody touched.
    Untouched,
    /// Open ones that were never decided.
    Ungraded,
    /// Leads that a client has, or is about to have.
    WithClient,
    /// Over, without business.
    Closed,
    /// All of them.
    All,
}

impl LeadView {
    /// In the order of the tabs.
    pub const ALL: [Self; 8] =
        [Self::Open, Self::Due, Self::Late, Self::Untouched, Self::Ungraded, Self::WithClient, Self::Closed, Self::All];

    /// As the address has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Due => "due",
            Self::Late => "late",
            Self::Untouched => "untouched",
            Self::Ungraded => "ungraded",
            Self::WithClient => "with_client",
            Self::Closed => "closed",
            Self::All => "all",
        }
    }

    /// As its tab says.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Due => "Due today",
            Self::Late => "Late",
            Self::Untouched => "Never touched",
            Self::Ungraded => "Ungraded",
            Self::WithClient => "With the client",
            Self::Closed => "Closed",
            Self::All => "All",
        }
    }

    pub(super) const fn order(self) -> LeadOrder {
        match self {
            Self::Open | Self::Due | Self::Late => LeadOrder::Step,
            _ => LeadOrder::Arrival,
        }
    }
}

/// Whether a view has leads of this stage. A stage that it does not have shows nothing, which the page says.
pub(super) fn has_stage(view: LeadView, stage: Stage) -> bool {
    let stages = stages_of(view);
    stages.is_empty() || stages.contains(&stage)
}

/// The stages that a view has; empty for any.
pub(super) fn stages_of(view: LeadView) -> Vec<Stage> {
    match view {
        LeadView::All => Vec::new(),
        LeadView::Closed => vec![Stage::Closed],
        _ => OPEN_STAGES.to_vec(),
    }
}

/// A grade in an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum GradeChoice {
    /// A.
    A,
    /// B.
    B,
    /// C.
    C,
    /// Not decided yet.
    #[serde(rename = "none")]
    Undecided,
}

impl GradeChoice {
    pub(super) const fn filter(self) -> GradeFilter {
        match self {
            Self::A => GradeFilter::Is(Grade::A),
            Self::B => GradeFilter::Is(Grade::B),
            Self::C => GradeFilter::Is(Grade::C),
            Self::Undecided => GradeFilter::Undecided,
        }
    }
}

/// What is asked of the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepChoice {
    /// Due already.
    Late,
    /// Due today or before.
    Due,
    /// Agreed with the person.
    Agreed,
}

impl StepChoice {
    /// As the address has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Due => "due",
            Self::Agreed => "agreed",
        }
    }
}

/// The order that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortChoice {
    /// The earliest next step first.
    Next,
    /// The last arrival first.
    Arrived,
    /// The most points first.
    Points,
}

impl SortChoice {
    /// As the address has it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Arrived => "arrived",
            Self::Points => "points",
        }
    }

    pub(super) const fn order(self) -> LeadOrder {
        match self {
            Self::Next => LeadOrder::Step,
            Self::Arrived => LeadOrder::Arrival,
            Self::Points => LeadOrder::Score,
        }
    }
}
