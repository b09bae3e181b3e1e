//! A real Chromium that a test drives a step at a time, through `tests/browser/drive.mjs`. One per test: its windows are browsers of
//! their own, each with its own cookies, and its tabs pages in them.

use std::{path::PathBuf, process::Stdio};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Mutex,
};

/// Where pictures go.
pub const SHOTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots");

/// The browser, and the modules that drive it, where `tests/run` has found them.
#[allow(clippy::disallowed_methods, reason = "tests/run says where they are")]
#[allow(clippy::print_stderr, reason = "a check that is not made must be seen")]
pub fn found() -> Option<(PathBuf, PathBuf)> {
    let place = |name| std::env::var_os(name).map(PathBuf::from);
    let found = place("RIPEN_TEST_CHROMIUM").zip(place("RIPEN_TEST_BROWSER"));
    if found.is_none() {
        eprintln!("skipped: no browser, or nothing to drive it with; tests/run fetches both");
    }
    found
}

/// A browser process.
pub struct Browser {
    child: Child,
    pipes: Mutex<BrowserPipes>,
}

struct BrowserPipes {
    steps: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

/// What a window is like.
#[derive(Debug, Clone, Copy)]
pub struct WindowLook {
    pub width: u16,
    pub height: u16,
    pub has_scripts: bool,
    /// Fingers rather than a mouse.
    pub is_touched: bool,
}

/// A desk's window.
pub const WIDE: WindowLook = WindowLook { width: 1280, height: 800, has_scripts: true, is_touched: false };
/// A phone's.
pub const NARROW: WindowLook = WindowLook { width: 360, height: 740, has_scripts: true, is_touched: true };
/// A desk's without JavaScript.
pub const PLAIN: WindowLook = WindowLook { has_scripts: false, ..WIDE };

/// A window: cookies and storage of its own.
#[derive(Clone, Copy)]
pub struct Window<'b> {
    browser: &'b Browser,
    id: u64,
}

/// A page in a window.
#[derive(Clone, Copy)]
pub struct Tab<'b> {
    browser: &'b Browser,
    id: u64,
}

impl Browser {
    /// Starts it; none where there is no browser, which is said.
    pub async fn start() -> Option<Self> {
        let (chromium, modules) = found()?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browser/drive.mjs");
        let mut command = Command::new("node");
        let command = command.arg(script).arg(chromium).current_dir(modules).kill_on_drop(true);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (steps, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let pipes = BrowserPipes { steps, answers: BufReader::new(answers).lines() };
        Some(Self { child, pipes: Mutex::new(pipes) })
    }

    /// Takes a step, and says what came of it.
    async fn step(&self, step: &Value) -> Result<Value, String> {
        let mut pipes = self.pipes.lock().await;
        pipes.steps.write_all(format!("{step}\n").as_bytes()).await.unwrap();
        let answer = pipes.answers.next_line().await.unwrap().expect("the browser answers");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["ok"].clone()),
        }
    }

    /// Opens a window on this server.
    pub async fn window(&self, origin: &str, look: WindowLook) -> Window<'_> {
        let WindowLook { width, height, has_scripts, is_touched } = look;
        // Not where the people of the tests are: a page that showed the browser's own time would be seen.
        let step = json!({"do": "open", "origin": origin, "width": width, "height": height, "theme": "light",
            "scripts": has_scripts, "touch": is_touched, "zone": "Pacific/Auckland", "locale": "en-GB"});
        Window { browser: self, id: self.step(&step).await.unwrap().as_u64().unwrap() }
    }

    /// What pages asked of other hosts, and what they complained of, since this was asked last.
    pub async fn troubles(&self) -> Vec<String> {
        let troubles = self.step(&json!({"do": "troubles"})).await.unwrap();
        serde_json::from_value(troubles).unwrap()
    }

    /// Ends it. Nothing may have gone wrong on any page.
    pub async fn stop(mut self) {
        let troubles = self.troubles().await;
        assert!(troubles.is_empty(), "{}", troubles.join("\n"));
        // It ends with the pipe that it reads from.
        drop(self.pipes);
        self.child.wait().await.unwrap();
    }
}

impl<'b> Window<'b> {
    /// Another page.
    pub async fn tab(self) -> Tab<'b> {
        let id = self.browser.step(&json!({"do": "tab", "window": self.id})).await.unwrap();
        Tab { browser: self.browser, id: id.as_u64().unwrap() }
    }
}

impl Tab<'_> {
    /// Takes a step on this page. One that fails leaves a picture.
    async fn step(self, name: &str, more: Value) -> Value {
        let mut step = more;
        step["do"] = json!(name);
        step["tab"] = json!(self.id);
        let error = match self.browser.step(&step).await {
            Ok(answer) => return answer,
            Err(error) => error,
        };
        let picture = format!("{SHOTS}/failed-{}-{}", std::process::id(), self.id);
        let _ = self.browser.step(&json!({"do": "picture", "tab": self.id, "name": picture})).await;
        let at = self.browser.step(&json!({"do": "path", "tab": self.id})).await;
        let shown = self.browser.step(&json!({"do": "text", "tab": self.id, "at": "body"})).await;
        panic!("{step} at {at:?}: {error}\nthe page ({picture}.png) says:\n{}", shown.unwrap_or_default());
    }

    async fn words(self, name: &str, at: &str) -> String {
        self.step(name, json!({"at": at})).await.as_str().unwrap_or_default().to_owned()
    }

    /// Opens an address; the status of the answer, 0 where there is none.
    pub async fn goto(self, path: &str) -> u64 {
        self.step("goto", json!({"path": path})).await.as_u64().unwrap()
    }

    /// Loads the page again.
    pub async fn reload(self) {
        self.step("reload", json!({})).await;
    }

    /// Presses what a selector names.
    pub async fn click(self, at: &str) {
        self.step("click", json!({"at": at})).await;
    }

    /// Puts a text into a field.
    pub async fn fill(self, at: &str, text: &str) {
        self.step("fill", json!({"at": at, "text": text})).await;
    }

    /// Chooses from a list.
    pub async fn choose(self, at: &str, value: &str) {
        self.step("choose", json!({"at": at, "text": value})).await;
    }

    /// Types on the keyboard, wherever the focus is.
    pub async fn type_text(self, text: &str) {
        self.step("type", json!({"text": text})).await;
    }

    /// Presses a key, such as `n`, `Alt+1` or `Escape`.
    pub async fn press(self, key: &str) {
        self.step("press", json!({"text": key})).await;
    }

    /// Moves the focus on by the tabulator until it is on what has this id or name, or says this.
    pub async fn tab_to(self, name: &str) {
        for _ in 0..60 {
            if self.step("focused", json!({})).await == json!(name) {
                return;
            }
            self.press("Tab").await;
        }
        panic!("the tabulator does not lead to {name}");
    }

    /// What it says there.
    pub async fn text(self, at: &str) -> String {
        self.words("text", at).await
    }

    /// What stands in a field.
    pub async fn value(self, at: &str) -> String {
        self.words("value", at).await
    }

    /// An attribute.
    pub async fn attribute(self, at: &str, name: &str) -> String {
        self.step("attribute", json!({"at": at, "text": name})).await.as_str().unwrap().to_owned()
    }

    /// How many there are.
    pub async fn count(self, at: &str) -> usize {
        usize::try_from(self.step("count", json!({"at": at})).await.as_u64().unwrap()).unwrap()
    }

    /// The texts of all, or an attribute of each.
    pub async fn all(self, at: &str, attribute: &str) -> Vec<String> {
        let all = self.step("all", json!({"at": at, "text": attribute})).await;
        let all: Vec<Option<String>> = serde_json::from_value(all).unwrap();
        all.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// Whether it lies in the window, with nothing over it.
    pub async fn is_in_sight(self, at: &str) -> bool {
        self.step("in_sight", json!({"at": at})).await == json!(true)
    }

    /// Waits until it is seen.
    pub async fn see(self, at: &str) {
        self.step("see", json!({"at": at})).await;
    }

    /// Waits until it is not seen.
    pub async fn miss(self, at: &str) {
        self.step("miss", json!({"at": at})).await;
    }

    /// Waits until the page is at an address that begins so.
    pub async fn arrive(self, path: &str) {
        self.step("arrive", json!({"path": path})).await;
    }

    /// The page as it is now.
    pub async fn html(self) -> String {
        self.step("html", json!({})).await.as_str().unwrap().to_owned()
    }

    /// Makes pictures by day and by night; what is wrong with how it looks.
    pub async fn look(self, name: &str, is_printed: bool) -> Vec<String> {
        let name = format!("{SHOTS}/{name}");
        let wrong = self.step("look", json!({"name": name, "themes": ["light", "dark"], "print": is_printed})).await;
        serde_json::from_value(wrong).unwrap()
    }

    /// The page's process dies.
    pub async fn crash(self) {
        self.step("crash", json!({})).await;
    }

    /// Closes it, as by its cross.
    pub async fn close(self) {
        self.step("close", json!({})).await;
    }

    /// Cuts this window off from the network, or joins it again.
    pub async fn cut_off(self, is_off: bool) {
        self.step("offline", json!({"is": is_off})).await;
    }
}
