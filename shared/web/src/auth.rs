//! Reading who a request says it is. Whether that is so, its service looks up.

use axum::http::{HeaderMap, header};

use crate::{Problem, catalogue};

/// The key of `Authorization: Bearer KEY` (RFC 6750).
///
/// # Errors
/// 401 when there is none or it is of another form.
pub fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let no_key = |detail: &'static str| Problem::new(&catalogue::UNAUTHENTICATED, detail);
    let value = headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| no_key("There is no Authorization header. Send \"Authorization: Bearer KEY\"."))?;
    value
        .to_str()
        .ok()
        // A header that is not ASCII holds no key of ours.
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim())
        // A bound before it is hashed: a header may be as long as the buffer for all of them.
        .filter(|key| !key.is_empty() && key.len() <= 512)
        .ok_or_else(|| no_key("The Authorization header must have the form \"Bearer KEY\"."))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Bearer key_1", Some("key_1"))]
    #[case("bearer  key_1 ", Some("key_1"))]
    #[case("Basic dTpw", None)]
    #[case("Bearer", None)]
    #[case("Bearer ", None)]
    fn only_a_bearer_key_counts(#[case] value: &str, #[case] key: Option<&str>) {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
        assert_eq!(bearer(&headers).ok(), key);
    }

    #[test]
    fn without_a_header_it_is_a_401() {
        assert_eq!(bearer(&HeaderMap::new()).unwrap_err().kind(), &catalogue::UNAUTHENTICATED);
    }
}
