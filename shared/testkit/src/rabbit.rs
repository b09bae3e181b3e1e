//! A private RabbitMQ for tests: its own folder, ports and name, gone when the test process is gone, however it ended.
//!
//! A watchdog shell holds one end of a pipe and the test process the other: when the pipe closes, the watchdog kills
//! the node's process group and removes its folder. Inside the node a small control port evaluates Erlang
//! expressions, so that a virtual host takes milliseconds instead of the seconds of `rabbitmqctl`.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::OnceCell,
};
use uuid::Uuid;

use crate::wait;

const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// How long a node may take to come up; six seconds on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(90);

/// Starts the server as the leader of its own process group, says its id, and waits. `keep` ends the node and leaves
/// its folder; the end of the pipe means that the test process is gone.
const WATCHDOG: &str = r#"
trap '' INT TERM HUP
setsid "$1" </dev/null >>"$2/console.log" 2>&1 &
node=$!
echo "$node"
exec >/dev/null
read -r order
kill -KILL "-$node" 2>/dev/null
wait "$node" 2>/dev/null
[ "$order" = keep ] || rm -rf -- "$2"
"#;

/// Evaluated by the node once it has booted: one line in, one expression's value out.
const CONTROL: &str = r#"
Answer = fun(Line) ->
  try
    {ok, Tokens, _} = erl_scan:string(binary_to_list(Line)),
    {ok, Expressions} = erl_parse:parse_exprs(Tokens),
    {value, Value, _} = erl_eval:exprs(Expressions, []),
    io_lib:format("~0p~n", [Value])
  catch Class:Reason -> io_lib:format("~0p~n", [{failed, Class, Reason}])
  end
end,
Serve = fun Serve(Socket) ->
  case gen_tcp:recv(Socket, 0) of
    {ok, Line} -> gen_tcp:send(Socket, Answer(Line)), Serve(Socket);
    {error, _} -> gen_tcp:close(Socket)
  end
end,
spawn(fun() ->
  Options = [binary, {packet, line}, {buffer, 65536}, {active, false}, {reuseaddr, true}, {ip, {127, 0, 0, 1}}],
  {ok, Listener} = gen_tcp:listen(@PORT@, Options),
  Accept = fun Accept() -> {ok, Socket} = gen_tcp:accept(Listener), spawn(fun() -> Serve(Socket) end), Accept() end,
  Accept()
end).
"#;

/// A private node.
pub struct Rabbit {
    folder: PathBuf,
    node: Node,
    distribution_port: u16,
    running: Option<Running>,
}

/// The way to a node, whoever runs it.
#[derive(Debug, Clone, Copy)]
pub struct Node {
    /// Port of AMQP 0-9-1.
    pub amqp_port: u16,
    /// Port of the control socket.
    pub control_port: u16,
}

struct Running {
    watchdog: Child,
    node: Pid,
}

impl Rabbit {
    /// Starts a node and waits until it answers.
    ///
    /// # Panics
    /// When RabbitMQ is not installed or does not come up.
    pub async fn start() -> Self {
        assert!(Path::new(SERVER).exists(), "install rabbitmq-server ({SERVER} is missing)");
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("ripen-rabbit-{}-{number}", std::process::id()));
        let [amqp_port, distribution_port, control_port] = free_ports();
        let node = Node { amqp_port, control_port };
        prepare(&folder, node);
        let mut rabbit = Self { folder, node, distribution_port, running: None };
        rabbit.start_again().await;
        rabbit
    }

    /// The way to this node, for handing it to other processes.
    #[must_use]
    pub fn node(&self) -> Node {
        self.node
    }

    /// Address of the default virtual host.
    #[must_use]
    pub fn url(&self) -> String {
        self.node.address("%2f")
    }

    /// A new virtual host, and its address.
    pub async fn vhost(&self) -> String {
        self.node.vhost().await
    }

    /// Raises or clears the memory alarm: publishers are blocked while it is raised.
    pub async fn alarm(&self, raised: bool) {
        let alarm = "{resource_limit, memory, node()}";
        let order = if raised {
            format!("rabbit_alarm:set_alarm({{{alarm}, []}})")
        } else {
            format!("rabbit_alarm:clear_alarm({alarm})")
        };
        assert_eq!(self.node.eval(&order).await, "ok");
    }

    /// Ends the node without a word, as a power cut would.
    pub fn kill9(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.order("keep\n");
            running.watchdog.wait().expect("the watchdog can be waited for");
        }
    }

    /// Stops the node's processes where they are: connections stay open and nothing answers.
    ///
    /// # Panics
    /// When they go on in spite of it.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
        let group = self.running.as_ref().expect("the node is running").node;
        // On a busy machine a thread goes on for a moment after the signal was sent, and answers.
        let started = Instant::now();
        while is_running(group) {
            assert!(started.elapsed() < START_LIMIT, "RabbitMQ's processes go on after SIGSTOP");
            std::thread::yield_now();
        }
    }

    /// Lets a frozen node go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Starts the node again, on the same folder and ports, and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up; the panic shows its console.
    pub async fn start_again(&mut self) {
        assert!(self.running.is_none(), "the node is running");
        let running = self.spawn();
        wait::until("RabbitMQ to come up", START_LIMIT, || {
            if running.node_ended() {
                let console = fs::read_to_string(self.folder.join("console.log")).unwrap_or_default();
                panic!("RabbitMQ did not start:\n{console}");
            }
            async { TcpStream::connect(("127.0.0.1", self.node.control_port)).await.ok().map(drop) }
        })
        .await;
        self.running = Some(running);
    }

    fn spawn(&self) -> Running {
        let file = |name: &str| self.folder.join(name);
        let mut watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog", SERVER])
            .arg(&self.folder)
            .env("HOME", &self.folder)
            // The script then becomes the node instead of its parent, so that waiting for one is waiting for the other.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .env("RABBITMQ_MNESIA_BASE", file("mnesia"))
            .env("RABBITMQ_LOG_BASE", file("log"))
            .env("RABBITMQ_PID_FILE", file("pid"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", file("enabled_plugins"))
            .env("RABBITMQ_CONFIG_FILE", file("rabbitmq.conf"))
            .env("RABBITMQ_NODENAME", format!("ripen-{}@localhost", self.node.amqp_port))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.node.amqp_port.to_string())
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", self.control_argument())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh can be started");
        let mut line = String::new();
        let output = watchdog.stdout.take().expect("its output is a pipe");
        BufReader::new(output).read_line(&mut line).expect("the watchdog says the node's process id");
        let node = line.trim().parse().ok().and_then(Pid::from_raw).expect("a process id");
        Running { watchdog, node }
    }

    /// No blanks: the server's script splits this at them and knows no quotes.
    fn control_argument(&self) -> String {
        format!(
            "-kernel inet_dist_use_interface {{127,0,0,1}} -eval file:script(\"{}\").",
            self.folder.join("control.erl").display()
        )
    }

    fn signal(&self, signal: Signal) {
        let running = self.running.as_ref().expect("the node is running");
        kill_process_group(running.node, signal).expect("the node's process group is there");
    }
}

impl Drop for Rabbit {
    fn drop(&mut self) {
        match &mut self.running {
            Some(running) => {
                running.order("remove\n");
                let _ = running.watchdog.wait();
            }
            None => drop(fs::remove_dir_all(&self.folder)),
        }
    }
}

/// Whether a thread of a process of this group may run still.
fn is_running(group: Pid) -> bool {
    // `pid (name) state parent group …`, and the name may hold blanks and brackets.
    let fields = |stat: String| {
        let mut fields = stat.rsplit(')').next()?.split_whitespace().map(str::to_owned);
        Some((fields.next()?, fields.nth(1)?))
    };
    let stat = |folder: &Path| fs::read_to_string(folder.join("stat")).ok().and_then(fields);
    let folders = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let of_group = |folder: &PathBuf| stat(folder).is_some_and(|(_, own)| own == group.as_raw_nonzero().to_string());
    let threads = folders(Path::new("/proc")).into_iter().filter(of_group);
    let threads = threads.flat_map(|folder| folders(&folder.join("task")));
    threads.filter_map(|thread| stat(&thread)).any(|(state, _)| !matches!(state.as_str(), "T" | "t" | "Z" | "X"))
}

impl Running {
    /// True when the node is gone or waits, a zombie, for its watchdog.
    fn node_ended(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.node.as_raw_nonzero())).unwrap_or_default();
        stat.is_empty() || stat.contains(") Z ")
    }

    fn order(&mut self, order: &str) {
        let mut pipe = self.watchdog.stdin.take().expect("its input is a pipe");
        pipe.write_all(order.as_bytes()).expect("the watchdog listens");
    }
}

impl Node {
    /// A new virtual host, and its address.
    #[allow(clippy::disallowed_methods, reason = "a random name, so that no two tests share a virtual host")]
    pub async fn vhost(self) -> String {
        let name = format!("test-{}", Uuid::from_u128(rand::random()).simple());
        let order = format!(
            r#"ok = rabbit_vhost:add(<<"{name}">>, <<"test">>),
               rabbit_auth_backend_internal:set_permissions(
                 <<"guest">>, <<"{name}">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>)"#
        );
        assert_eq!(self.eval(&order).await, "ok");
        self.address(&name)
    }

    /// Evaluates an Erlang expression (without the final dot) inside the node.
    pub async fn eval(self, expression: &str) -> String {
        let mut socket = TcpStream::connect(("127.0.0.1", self.control_port)).await.expect("the control port answers");
        let line = format!("{}.\n", expression.replace('\n', " "));
        socket.write_all(line.as_bytes()).await.expect("the control port takes a line");
        let mut answer = String::new();
        tokio::io::BufReader::new(socket).read_line(&mut answer).await.expect("the control port answers a line");
        answer.trim_end().to_owned()
    }

    fn address(self, vhost: &str) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/{vhost}", self.amqp_port)
    }
}

/// Three ports that were free a moment ago.
fn free_ports() -> [u16; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").expect("loopback has a free port"));
    listeners.map(|listener| listener.local_addr().expect("it is bound").port())
}

fn prepare(folder: &Path, node: Node) {
    fs::create_dir_all(folder).expect("the temporary folder can be written");
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("the folder can be written");
    write("enabled_plugins", "[].\n");
    write("rabbitmq.conf", "disk_free_limit.absolute = 1MB\nvm_memory_high_watermark.relative = 0.8\n");
    write("control.erl", &CONTROL.replace("@PORT@", &node.control_port.to_string()));
}

/// A new virtual host on the node shared by all tests, and its address.
///
/// # Panics
/// When RabbitMQ is not installed or does not come up.
pub async fn shared_vhost() -> String {
    shared().await.vhost().await
}

/// The node shared by all tests.
///
/// `RIPEN_TEST_RABBIT=<amqp port>:<control port>` names a running one; without it the test process starts its own,
/// once, which ends with the process.
///
/// # Panics
/// When RabbitMQ is not installed or does not come up.
pub async fn shared() -> Node {
    static SHARED: OnceCell<Rabbit> = OnceCell::const_new();
    match named_node() {
        Some(node) => node,
        None => SHARED.get_or_init(Rabbit::start).await.node(),
    }
}

#[allow(clippy::disallowed_methods, reason = "the environment is how the test script hands its node to the tests")]
fn named_node() -> Option<Node> {
    let value = std::env::var("RIPEN_TEST_RABBIT").ok()?;
    let node = value
        .split_once(':')
        .and_then(|(amqp, control)| Some(Node { amqp_port: amqp.parse().ok()?, control_port: control.parse().ok()? }));
    Some(node.expect("RIPEN_TEST_RABBIT is <amqp port>:<control port>"))
}

/// Declares a durable classic queue on the shared node, in the virtual host of this address, as somebody might by hand.
///
/// # Panics
/// When the node does not do it.
pub async fn declare_classic(url: &str, queue: &str) {
    let (_, vhost) = url.rsplit_once('/').expect("the address names a virtual host");
    let name = format!("rabbit_misc:r(<<\"{vhost}\">>, queue, <<\"{queue}\">>)");
    let kind = "[{<<\"x-queue-type\">>, longstr, <<\"classic\">>}]";
    let answer = shared()
        .await
        .eval(&format!("rabbit_amqqueue:declare({name}, true, false, {kind}, none, <<\"guest\">>)"))
        .await;
    assert!(answer.contains("new"), "{answer}");
}
