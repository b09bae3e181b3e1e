//! Settings whose kinds are right and that cannot be used all the same, as only the parts know that use them.

use anyhow::anyhow;
use ripen_outbound::mail::{MailerError, check_return_path};
use ripen_runtime::config::Settings;

/// What is wrong with them, each with where it is set.
pub fn wrong(settings: &Settings) -> Vec<anyhow::Error> {
    let return_path = check_return_path(&settings.mail.return_path).map_err(MailerError::from).err();
    let phone = ripen_desk::check_phone(settings).err();
    let of_mail = return_path.map(|error| anyhow!("{error}: set under [mail], or as RIPEN__MAIL__RETURN_PATH"));
    let of_phone = phone.map(|error| anyhow!("{error}: set under [phone], or as RIPEN__PHONE__…"));
    of_mail.into_iter().chain(of_phone).collect()
}

/// Refuses to start with them.
///
/// # Errors
/// The first that is wrong.
pub fn check(settings: &Settings) -> anyhow::Result<()> {
    wrong(settings).into_iter().next().map_or(Ok(()), Err)
}
