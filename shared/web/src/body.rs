//! Reading a body that somebody else controls: at most so many bytes, in at most so long.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, HttpBody},
    http::{HeaderMap, header},
};
use bytes::BytesMut;
use http_body_util::BodyExt;

use crate::{Problem, catalogue};

/// How much of a refused body is read and dropped, so that its sender gets to read the answer: a connection closed
/// with bytes unread is reset, and the answer is lost with it.
const DISCARDED_BYTES: usize = 16 * 1024 * 1024;
/// For how long it is dropped.
const DISCARDED_FOR: Duration = Duration::from_secs(5);

/// Bounds of one body.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Most bytes.
    pub bytes: usize,
    /// Longest time from the headers to the last byte.
    pub time: Duration,
}

/// Reads the whole body.
///
/// # Errors
/// 413 when it is larger than its limit (told at once where its length is announced), 408 when it takes longer, 400
/// when it breaks off.
pub async fn read(headers: &HeaderMap, mut body: Body, limits: BodyLimits) -> Result<Bytes, Problem> {
    let too_large = || {
        let detail = format!("The body is larger than the limit of {} bytes.", limits.bytes);
        Problem::new(&catalogue::BODY_TOO_LARGE, detail)
    };
    // Announced by Content-Length: refused before a byte of it is read.
    if body.size_hint().lower() > limits.bytes as u64 {
        // Who waits for "100 Continue" has not sent the body, and will not after this answer.
        if !headers.contains_key(header::EXPECT) {
            discard(body).await;
        }
        return Err(too_large());
    }
    // One limit for the whole body: a sender that drips a byte at a time holds a connection for as long as each read
    // may take.
    match tokio::time::timeout(limits.time, collect(&mut body, limits.bytes)).await {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => {
            discard(body).await;
            Err(too_large())
        }
        Ok(Err(_broken)) => {
            let detail = "The body broke off before its announced end, or is not framed as HTTP frames bodies.";
            Err(Problem::new(&catalogue::MALFORMED_BODY, detail))
        }
        Err(_elapsed) => {
            let detail = format!("The body took longer than {} seconds to arrive.", limits.time.as_secs());
            Err(Problem::new(&catalogue::BODY_TOO_SLOW, detail))
        }
    }
}

/// The body's bytes, or `None` when there are more than `limit`. A body of one frame is not copied.
async fn collect(body: &mut Body, limit: usize) -> Result<Option<Bytes>, axum::Error> {
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        // Looked at before the frame is kept: a body without an announced length is bounded all the same.
        if first.len() + rest.len() + data.len() > limit {
            return Ok(None);
        }
        // Most bodies come in one frame, which is passed on as it is.
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    if rest.is_empty() {
        return Ok(Some(first));
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(Some(whole.freeze()))
}

/// Reads and drops a body that is refused unread, within bounds.
pub async fn discard(mut body: Body) {
    let dropping = async {
        let mut dropped = 0;
        while let Some(Ok(frame)) = body.frame().await {
            dropped += frame.data_ref().map_or(0, Bytes::len);
            if dropped > DISCARDED_BYTES {
                break;
            }
        }
    };
    // Whoever is slower than the limit loses the answer, not we the task.
    let _ = tokio::time::timeout(DISCARDED_FOR, dropping).await;
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    const LIMITS: BodyLimits = BodyLimits { bytes: 10, time: Duration::from_millis(200) };

    fn chunks(parts: &[&'static str]) -> Body {
        let parts: Vec<Result<&'static str, std::io::Error>> = parts.iter().copied().map(Ok).collect();
        Body::from_stream(stream::iter(parts))
    }

    #[tokio::test]
    async fn chunks_are_joined_up_to_the_limit() {
        let read = async |parts: &[&'static str]| read(&HeaderMap::new(), chunks(parts), LIMITS).await;
        assert_eq!(read(&["abc", "de", "f"]).await.unwrap(), "abcdef");
        assert_eq!(read(&[]).await.unwrap(), "");
        assert_eq!(read(&["0123456789"]).await.unwrap(), "0123456789");
        assert_eq!(read(&["01234", "567890"]).await.unwrap_err().kind(), &catalogue::BODY_TOO_LARGE);
    }

    #[tokio::test]
    async fn an_announced_length_beyond_the_limit_is_refused() {
        let problem = read(&HeaderMap::new(), Body::from("0123456789a"), LIMITS).await.unwrap_err();
        assert_eq!(problem.kind(), &catalogue::BODY_TOO_LARGE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_never_ends_is_cut_off() {
        let endless = Body::from_stream(stream::pending::<Result<&'static str, std::io::Error>>());
        let problem = read(&HeaderMap::new(), endless, LIMITS).await.unwrap_err();
        assert_eq!(problem.kind(), &catalogue::BODY_TOO_SLOW);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_malformed() {
        let parts = [Ok("abc"), Err(std::io::Error::other("gone"))];
        let problem = read(&HeaderMap::new(), Body::from_stream(stream::iter(parts)), LIMITS).await.unwrap_err();
        assert_eq!(problem.kind(), &catalogue::MALFORMED_BODY);
    }
}
