//! How the embedded server is reached: one user, one database, and a socket whose folder is the only address.

use std::path::Path;

/// The user, who owns everything.
pub const USER: &str = "ripen";
/// The database.
pub const DATABASE: &str = "ripen";
/// Part of the socket's name; nothing listens on a network.
pub const PORT: u16 = 5432;

/// How to connect through the socket in a folder.
pub(super) fn connection_url(socket_dir: &Path) -> String {
    use std::{fmt::Write as _, os::unix::ffi::OsStrExt};
    // Encoded byte by byte: a path is bytes, and may hold what separates the parts of an address.
    let mut host = String::new();
    for byte in socket_dir.as_os_str().as_bytes() {
        let _cannot_fail = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                write!(host, "{}", char::from(*byte))
            }
            _ => write!(host, "%{byte:02X}"),
        };
    }
    format!("postgres://{USER}@localhost:{PORT}/{DATABASE}?host={host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_folder_of_any_name_fits_into_the_url() {
        let url = connection_url(Path::new("/tmp/a b&c/é"));
        assert_eq!(url, "postgres://ripen@localhost:5432/ripen?host=%2Ftmp%2Fa%20b%26c%2F%C3%A9");
    }
}
