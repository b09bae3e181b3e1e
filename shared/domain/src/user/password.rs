//! Passwords: what is refused as one, and how one is kept (argon2id, RFC 9106; the parameters of OWASP's password storage
//! cheat sheet: 19 MiB, two passes, one lane).

use std::fmt;

use argon2::{
    Argon2, PasswordHasher, PasswordVerifier,
    password_hash::{PasswordHash, SaltString},
};

/// Shortest password, in characters (NIST SP 800-63B asks for 8; a page that is open to the network has more).
const SHORTEST: usize = 10;
/// Longest, in bytes: hashing costs by its length.
const LONGEST: usize = 512;

/// A password in clear. `Debug` masks it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Why a text is refused as a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too few characters.
    #[error("a password has at least {SHORTEST} characters")]
    Short,
    /// Too many bytes.
    #[error("a password has at most {LONGEST} bytes")]
    Long,
    /// The e-mail address, or one character again and again.
    #[error("this is too easy to guess: it is the address, or one sign again and again")]
    Guessable,
}

/// A kept password that is no PHC string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a kept password is of no known form")]
pub struct BrokenPassword;

impl Password {
    /// A password as somebody typed it to sign in: any text.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// A new password of whoever signs in with `email`.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn chosen(text: &str, email: &str) -> Result<Self, WeakPassword> {
        let mut signs = text.chars();
        let first = signs.next();
        if text.chars().count() < SHORTEST {
            return Err(WeakPassword::Short);
        }
        if text.len() > LONGEST {
            return Err(WeakPassword::Long);
        }
        // What anybody tries first. Rules about kinds of signs make passwords worse and are left out on purpose.
        let local = email.split('@').next().unwrap_or_default();
        if text.eq_ignore_ascii_case(email)
            || (!local.is_empty() && text.eq_ignore_ascii_case(local))
            || signs.all(|sign| Some(sign) == first)
        {
            return Err(WeakPassword::Guessable);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text, to be shown once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. Takes tens of milliseconds of a processor: not on a thread that serves requests.
    ///
    /// # Errors
    /// When the hash cannot be made, which a sound salt never causes.
    pub fn hash(&self, salt: [u8; 16]) -> Result<HashedPassword, BrokenPassword> {
        let salt = SaltString::encode_b64(&salt).map_err(|_| BrokenPassword)?;
        let hashed = Argon2::default().hash_password(self.0.as_bytes(), &salt).map_err(|_| BrokenPassword)?;
        Ok(HashedPassword(hashed.to_string()))
    }
}

/// A password as it is kept: a PHC string. `Debug` masks it.
#[derive(Clone, PartialEq, Eq)]
pub struct HashedPassword(String);

impl fmt::Debug for HashedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashedPassword(…)")
    }
}

impl HashedPassword {
    /// As the database keeps it.
    #[must_use]
    pub const fn stored(text: String) -> Self {
        Self(text)
    }

    /// What nobody's password is: compared with where nobody has the address, so that the answer takes as long.
    #[must_use]
    pub fn of_nobody() -> Self {
        Self(format!("$argon2id$v=19$m=19456,t=2,p=1${}${}", "A".repeat(22), "A".repeat(43)))
    }

    /// For the database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the password. Takes as long as hashing.
    #[must_use]
    pub fn is(&self, password: &Password) -> bool {
        // Cut, or a body of a megabyte would be hashed by whoever knows an address.
        let typed = password.0.as_bytes();
        typed.len() <= LONGEST
            && PasswordHash::new(&self.0).is_ok_and(|hash| Argon2::default().verify_password(typed, &hash).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("short", WeakPassword::Short)]
    #[case("dana@firm.example", WeakPassword::Guessable)]
    #[case("aaaaaaaaaaaa", WeakPassword::Guessable)]
    fn what_anybody_tries_first_is_refused(#[case] text: &str, #[case] why: WeakPassword) {
        assert_eq!(Password::chosen(text, "Dana@firm.example").unwrap_err(), why);
        assert!(Password::chosen(&"ab".repeat(300), "").is_err());
    }

    #[test]
    fn a_password_is_known_again_and_never_shown() {
        let password = Password::chosen("пароль из слов", "dana@firm.example").unwrap();
        let kept = password.hash([7; 16]).unwrap();
        assert!(kept.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(kept.is(&password) && !kept.is(&Password::typed("пароль из слова")));
        assert!(!HashedPassword::stored("nonsense".to_owned()).is(&password));
        assert!(
            !HashedPassword::of_nobody().is(&password) && PasswordHash::new(&HashedPassword::of_nobody().0).is_ok()
        );
        assert_eq!(format!("{password:?} {kept:?}"), "Password(…) HashedPassword(…)");
    }
}
