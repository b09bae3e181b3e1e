//! People who sign in: what a password must be, how it is kept, and how long somebody waits who types wrong ones.
//!
//! Sessions and tokens are random [`Secret`](crate::secret::Secret)s and need none of this. Nothing here looks anybody up.

mod lock_out;
mod password;

pub use lock_out::{LockOut, locked_for, tries_left};
pub use password::{BrokenPassword, HashedPassword, Password, WeakPassword};
