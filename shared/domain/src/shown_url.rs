//! A webhook's URL as it is shown: many receivers take a URL for a credential, with a login or a token in it.

/// The URL without its login, its query and what stands behind the first part of its path, each of which may be a credential; any other
/// address as it is. What is left says which receiver it is. The database's `url_shown` is the same.
#[must_use]
pub fn shown_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let authority = authority.rsplit_once('@').map_or_else(|| authority.to_owned(), |(_, host)| format!("…@{host}"));
    let (path, query) = path.find(['?', '#']).map_or((path, ""), |at| (&path[..at], "?…"));
    let first = path.strip_prefix('/').and_then(|rest| rest.find('/').map(|at| at + 1));
    let path = match first.map(|at| path.split_at(at)) {
        Some((first, rest)) if first.len() > 1 && rest.len() > 1 => format!("{first}/…"),
        _ => path.to_owned(),
    };
    format!("{scheme}://{authority}{path}{query}")
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
            ("https://hooks.chat.example/services/T01/B02/secret", "https://hooks.chat.example/services/…"),
            ("https://hooks.chat.example/services/T01?x=y", "https://hooks.chat.example/services/…?…"),
            ("https://crm.client.example/leads/", "https://crm.client.example/leads/"),
            ("https://crm.client.example/", "https://crm.client.example/"),
            ("dana@client.example", "dana@client.example"),
        ] {
            assert_eq!(shown_url(url), shown, "{url}");
        }
    }
}
