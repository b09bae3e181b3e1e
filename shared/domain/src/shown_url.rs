//! A webhook's URL as it is shown: many receivers take a URL for a credential, with a login or a token in it.

/// The URL without its login and its query, each of which may be a credential; any other address as it is. What is left says which
/// receiver it is.
#[must_use]
pub fn shown_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let authority = authority.rsplit_once('@').map_or_else(|| authority.to_owned(), |(_, host)| format!("…@{host}"));
    let path = path.find(['?', '#']).map_or_else(|| path.to_owned(), |at| format!("{}?…", &path[..at]));
    format!("{scheme}://{authority}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_credential_is_not_shown() {
        for (url, shown) in [
            ("https://crm.client.example/leads", "https://crm.client.example/leads"),
            ("https://kim:secret@crm.client.example:8443/leads", "https://…@crm.client.example:8443/leads"),
            ("https://crm.client.example/leads?token=secret", "https://crm.client.example/leads?…"),
            ("https://crm.client.example?token=a@b", "https://crm.client.example?…"),
            ("https://k@ey:p@crm.client.example/x#secret", "https://…@crm.client.example/x?…"),
            ("dana@client.example", "dana@client.example"),
        ] {
            assert_eq!(shown_url(url), shown, "{url}");
        }
    }
}
