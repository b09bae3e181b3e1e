//! Somebody who is signed in, as a browser is: by a cookie, with the token of the session in each form.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use crate::client::{Answer, Connection};

/// A browser with a session.
pub struct Visitor {
    connection: Connection,
    cookie: String,
    csrf: String,
}

/// An answer, and how long it took.
pub struct Timed {
    /// What was answered.
    pub answer: Answer,
    /// From sending to the last byte.
    pub took: Duration,
}

impl Visitor {
    /// Signs in.
    pub async fn sign_in(address: SocketAddr, email: &str, password: &str) -> Self {
        let mut visitor =
            Self { connection: Connection::open(address).await, cookie: String::new(), csrf: String::new() };
        let answer = visitor.post("/login", &[("email", email), ("password", password)]).await.answer;
        assert_eq!(answer.status, 303, "{email} signs in");
        let cookie = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next());
        visitor.cookie = cookie.expect("a session has a cookie").to_owned();
        let page = visitor.get("/account").await.answer;
        visitor.csrf = hidden(&page.body, "csrf").expect("a page has the token of its forms");
        visitor
    }

    /// What is at this address.
    pub async fn get(&mut self, address: &str) -> Timed {
        let request = format!("GET {address} HTTP/1.1\r\nhost: bench\r\ncookie: {}\r\n\r\n", self.cookie);
        self.send(&request).await
    }

    /// Sends a form from one of the pages.
    pub async fn post(&mut self, address: &str, fields: &[(&str, &str)]) -> Timed {
        let csrf = [("csrf", self.csrf.as_str())];
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(csrf).extend_pairs(fields).finish();
        let request = format!(
            "POST {address} HTTP/1.1\r\nhost: bench\r\ncookie: {}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            self.cookie,
            form.len()
        );
        self.send(&request).await
    }

    /// Where the answer leads to, asked for at once, as a browser does; the time of both.
    pub async fn follow(&mut self, first: Timed) -> Timed {
        assert_eq!(first.answer.status, 303, "it leads on: {}", first.answer.body);
        let next = first.answer.header("location").expect("a redirect says where to").to_owned();
        let second = self.get(&next).await;
        Timed { took: first.took + second.took, ..second }
    }

    async fn send(&mut self, request: &str) -> Timed {
        let begun = Instant::now();
        let answer = self.connection.send(request).await;
        Timed { answer, took: begun.elapsed() }
    }
}

/// What a hidden field of a page holds.
pub fn hidden(page: &str, name: &str) -> Option<String> {
    attribute(page, &format!("name=\"{name}\" value"))
}

/// The first attribute of this name.
pub fn attribute(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("{name}=\""))?;
    rest.split('"').next().map(str::to_owned)
}
