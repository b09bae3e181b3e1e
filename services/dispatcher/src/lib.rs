//! Sends what is owed to clients by webhook and e-mail.
