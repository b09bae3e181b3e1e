//! What an endpoint's webhooks are signed with and the headers of its own, sealed in their rows.

use ripen_domain::{id::EndpointId, secret::Secret};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    sealing::{BATCH, SealingPass, SealingScope, StoreKeys, Stored},
};

/// What goes into every webhook of an endpoint. May be credentials: none is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointCredentials {
    /// Live signing secrets, newest first.
    pub secrets: Vec<Secret>,
    /// Headers of its own, each as `name: value`.
    pub headers: Vec<Secret>,
}

/// An endpoint's headers as its row has them.
pub(crate) struct StoredHeaders {
    pub(crate) endpoint: Uuid,
    pub(crate) clear: Option<Vec<String>>,
    pub(crate) sealed: Option<Vec<u8>>,
}

/// Where a secret lies: bound to its endpoint too, so that no row of another's is taken for it.
pub(crate) fn secret_place(endpoint: Uuid, secret: Uuid) -> String {
    format!("endpoint_secret/{endpoint}/{secret}")
}

fn url_place(endpoint: Uuid) -> String {
    format!("endpoint.url/{endpoint}")
}

fn headers_place(endpoint: Uuid) -> String {
    format!("endpoint.headers/{endpoint}")
}

impl StoreKeys {
    /// An id for a secret that is to be sealed.
    pub(crate) fn fresh_id(&self) -> Result<Uuid, StoreError> {
        let random = self.keyring()?.fresh();
        let (half, _) = random.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        Ok(uuid::Builder::from_random_bytes(*half).into_uuid())
    }

    pub(crate) fn headers(&self, stored: StoredHeaders) -> Result<Vec<Secret>, StoreError> {
        let StoredHeaders { endpoint, clear, sealed } = stored;
        let Some(sealed) = sealed else {
            return Ok(clear.unwrap_or_default().into_iter().map(Secret::from).collect());
        };
        let place = headers_place(endpoint);
        let opened: Vec<String> =
            serde_json::from_slice(&self.open(&place, &sealed)?).map_err(|_| StoreError::Corrupt(place))?;
        Ok(opened.into_iter().map(Secret::from).collect())
    }

    /// Where a webhook is posted, of a row that has it sealed.
    pub(crate) fn url(&self, endpoint: Uuid, sealed: &[u8]) -> Result<String, StoreError> {
        let place = url_place(endpoint);
        String::from_utf8(self.open(&place, sealed)?).map_err(|_| StoreError::Corrupt(place))
    }

    /// A webhook's URL as it is kept.
    pub(crate) fn sealed_url(&self, endpoint: EndpointId, url: &str) -> Result<Vec<u8>, StoreError> {
        self.seal(&url_place(endpoint.uuid()), url.as_bytes())
    }

    /// Headers as they are kept; none where there are none.
    pub(crate) fn sealed_headers(
        &self,
        endpoint: EndpointId,
        headers: &[Secret],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        if headers.is_empty() {
            return Ok(None);
        }
        let headers: Vec<_> = headers.iter().map(Secret::reveal).collect();
        self.seal(&headers_place(endpoint.uuid()), &json(&headers)?).map(Some)
    }
}

fn json<T: serde::Serialize + ?Sized>(headers: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(headers).map_err(|_| StoreError::Corrupt("headers of an endpoint".to_owned()))
}

impl Store {
    pub(crate) async fn seal_endpoint_secrets(
        &self,
        scope: SealingScope,
        pass: &mut SealingPass,
    ) -> Result<(), StoreError> {
        let current = *self.keys.keyring()?.current().bytes();
        let mut after = Uuid::nil();
        loop {
            let rows = sqlx::query!(
                "-- endpoint.secrets_to_seal
                select id, endpoint_id, secret, sealed from endpoint_secret
                where id > $1 and (sealed is null or $2 and substring(sealed from 2 for 4) <> $3) order by id limit $4",
                after,
                scope == SealingScope::Everything,
                &current,
                BATCH
            )
            .fetch_all(&self.pool)
            .await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let (mut ids, mut sealed, mut before) = (Vec::new(), Vec::new(), Vec::new());
            for row in rows {
                let stored = Stored { clear: row.secret.map(String::into_bytes), sealed: row.sealed };
                if let Some(renewed) = self.keys.renewed(&secret_place(row.endpoint_id, row.id), &stored, pass) {
                    ids.push(row.id);
                    sealed.push(renewed);
                    before.push(stored.sealed);
                }
            }
            let rows = sqlx::query!(
                r#"-- endpoint.seal_secrets
                update endpoint_secret s set sealed = n.sealed, secret = null
                from unnest($1::uuid[], $2::bytea[], $3::bytea[]) n (id, sealed, before)
                where s.id = n.id and s.sealed is not distinct from n.before
                returning n.before is not null as "was_sealed!""#,
                &ids,
                &sealed,
                &before as &[Option<Vec<u8>>]
            )
            .fetch_all(&self.pool)
            .await?;
            rows.iter().for_each(|row| pass.count(row.was_sealed, 1));
        }
    }

    pub(crate) async fn seal_endpoint_urls(
        &self,
        scope: SealingScope,
        pass: &mut SealingPass,
    ) -> Result<(), StoreError> {
        let current = *self.keys.keyring()?.current().bytes();
        let mut after = Uuid::nil();
        loop {
            let rows = sqlx::query!(
                "-- endpoint.urls_to_seal
                select id, url, sealed_url from endpoint
                where id > $1 and (url is not null or $2 and substring(sealed_url from 2 for 4) <> $3) order by id limit $4",
                after,
                scope == SealingScope::Everything,
                &current,
                BATCH
            )
            .fetch_all(&self.pool)
            .await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let (mut ids, mut sealed, mut before, mut read) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for row in rows {
                let stored = Stored { clear: row.url.clone().map(String::into_bytes), sealed: row.sealed_url };
                if let Some(renewed) = self.keys.renewed(&url_place(row.id), &stored, pass) {
                    ids.push(row.id);
                    sealed.push(renewed);
                    before.push(stored.sealed);
                    read.push(row.url);
                }
            }
            // Only what is still as it was read, as of headers.
            let rows = sqlx::query!(
                r#"-- endpoint.seal_urls
                update endpoint e set sealed_url = n.sealed, shown_url = coalesce(url_shown(e.url), e.shown_url), url = null
                from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[]) n (id, sealed, before, read)
                where e.id = n.id and e.url is not distinct from n.read and e.sealed_url is not distinct from n.before
                returning n.before is not null as "was_sealed!""#,
                &ids,
                &sealed,
                &before as &[Option<Vec<u8>>],
                &read as &[Option<String>]
            )
            .fetch_all(&self.pool)
            .await?;
            rows.iter().for_each(|row| pass.count(row.was_sealed, 1));
        }
    }

    pub(crate) async fn seal_endpoint_headers(
        &self,
        scope: SealingScope,
        pass: &mut SealingPass,
    ) -> Result<(), StoreError> {
        let current = *self.keys.keyring()?.current().bytes();
        let mut after = Uuid::nil();
        loop {
            let rows = sqlx::query!(
                "-- endpoint.headers_to_seal
                select id, headers, sealed_headers from endpoint
                where id > $1 and (headers <> '{}' or $2 and substring(sealed_headers from 2 for 4) <> $3) order by id limit $4",
                after,
                scope == SealingScope::Everything,
                &current,
                BATCH
            )
            .fetch_all(&self.pool)
            .await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.id;
            let (mut ids, mut sealed, mut before, mut read) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for row in rows {
                let clear = row.headers.map(|headers| json(&headers)).transpose()?;
                let stored = Stored { clear, sealed: row.sealed_headers };
                if let Some(renewed) = self.keys.renewed(&headers_place(row.id), &stored, pass) {
                    ids.push(row.id);
                    sealed.push(renewed);
                    before.push(stored.sealed);
                    read.push(stored.clear.map(|clear| String::from_utf8_lossy(&clear).into_owned()));
                }
            }
            // Only what is still as it was read: headers that somebody set meanwhile, in clear or sealed, would be undone without a
            // word. The next pass finds them.
            let rows = sqlx::query!(
                r#"-- endpoint.seal_headers
                update endpoint e set sealed_headers = n.sealed, headers = null
                from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[]) n (id, sealed, before, read)
                where e.id = n.id and e.sealed_headers is not distinct from n.before
                  and to_jsonb(e.headers) is not distinct from n.read::jsonb
                returning n.before is not null as "was_sealed!""#,
                &ids,
                &sealed,
                &before as &[Option<Vec<u8>>],
                &read as &[Option<String>]
            )
            .fetch_all(&self.pool)
            .await?;
            rows.iter().for_each(|row| pass.count(row.was_sealed, 1));
        }
    }
}

#[cfg(test)]
mod tests;
