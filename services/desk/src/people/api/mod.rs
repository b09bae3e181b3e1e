//! `/api/v1` for users' programs: who asks, who signs in, who changed what, and one's own tokens. The same actions as the pages.

pub mod audit;
pub mod me;
pub mod tokens;
pub mod users;
