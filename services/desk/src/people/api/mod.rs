//! `/api/v1` for users' programs: who asks, who signs in, who changed what, and one's own figures, browsers, password and tokens. The
//! same actions as the pages.

pub mod audit;
pub mod figures;
pub mod me;
pub mod sessions;
pub mod tokens;
pub mod users;
