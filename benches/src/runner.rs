//! The rounds: every contestant in turn, each in a process of its own, against the same server.

use std::io::{BufRead, BufReader, Lines, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::arguments::{Options, Order};
use crate::child::Measured;
use crate::results::Results;
use crate::rows::{Cores, Row};
use crate::{docs, isolation, machine, table};

/// A run takes a second or two; one that takes longer than this hangs.
const CHILD_TIME: Duration = Duration::from_secs(60);

pub(crate) fn run(options: &Options) {
    let priority = if machine::come_first() {
        "highest"
    } else {
        "ordinary"
    };
    let network = isolation::enter();
    let rounds_word = if options.rounds == 1 {
        "round"
    } else {
        "rounds"
    };
    let about = format!(
        "{}; {network}; {priority} priority; medians of {} interleaved {rounds_word}{}.",
        machine::description(),
        options.rounds,
        environment(options),
    );
    let others = machine::others_percent();
    println!("{about}");
    let cores = machine::cores();
    let (client, server) = (cores[0], cores[cores.len().min(2) - 1]);
    let shared = Server::start(client, "shared");
    let separate = Server::start(server, "own");
    let mut all = Vec::new();
    for row in &options.rows {
        if row.cores != Cores::One && client == server {
            println!("{}: skipped, it needs two cores", row.name);
            continue;
        }
        let (server, cores) = match row.cores {
            Cores::One => (&shared, vec![client]),
            Cores::Two | Cores::Free => (&separate, cores.clone()),
        };
        let results = rounds(options, row, server, &cores);
        println!("{}", table::render(&results));
        all.push(results);
    }
    let others = others.max(machine::others_percent());
    let others = format!("Others used up to {others:.0} % of the machine.");
    println!("{others}");
    if options.write_docs {
        docs::write(&all, &format!("{about} {others}"));
    }
}

/// What our contestants were told, for whoever compares two runs.
fn environment(options: &Options) -> String {
    let pairs = options.ours_env.iter();
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if pairs.is_empty() {
        return String::new();
    }
    format!("; ours with {}", pairs.join(" "))
}

fn rounds(options: &Options, row: &'static Row, server: &Server, cores: &[usize]) -> Results {
    let contestants = options.contestants.iter();
    let mut rounds: Vec<_> = contestants
        .filter(|contestant| contestant.takes_part(row))
        .map(|contestant| (*contestant, Vec::new()))
        .collect();
    for _ in 0..options.rounds {
        for (contestant, measured) in &mut rounds {
            let order = Order {
                contestant: *contestant,
                row,
                operations: (row.operations / options.fraction).max(1),
                port: server.port,
                cores: cores.to_vec(),
            };
            measured.push(run_child(&order, options, server));
        }
    }
    Results { row, rounds }
}

fn run_child(order: &Order, options: &Options, server: &Server) -> Measured {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(order.to_arguments())
        .env("SSL_CERT_FILE", &server.authority)
        .stderr(Stdio::inherit());
    if order.contestant.is_ours() {
        command.envs(options.ours_env.iter().map(|(name, value)| (name, value)));
    }
    let text = output_in_time(&mut command)
        .unwrap_or_else(|| panic!("{} failed in {}", order.contestant.name(), order.row.name));
    let (value, cost) = text.trim().split_once(' ').unwrap();
    Measured {
        value: value.parse().unwrap(),
        cost: cost.parse().unwrap(),
    }
}

/// What the command printed, if it came to a good end while anybody still waited.
fn output_in_time(command: &mut Command) -> Option<String> {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let (sender, text) = channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        let _ = sender.send(text);
    });
    let text = text.recv_timeout(CHILD_TIME);
    if text.is_err() {
        let _ = child.kill();
    }
    let succeeded = child.wait().unwrap().success();
    text.ok().filter(|_| succeeded)
}

/// The server's process; it ends when its standard input does.
struct Server {
    child: Child,
    port: u16,
    /// A file with the authority that its certificate is signed by.
    authority: PathBuf,
}

impl Server {
    fn start(core: usize, kind: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--server", &core.to_string(), kind])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines: Lines<BufReader<ChildStdout>> =
            BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = || lines.next().unwrap().unwrap();
        let port = line().parse().unwrap();
        let name = format!("winhttp-benches-{}-{kind}.pem", std::process::id());
        let authority = std::env::temp_dir().join(name);
        std::fs::write(&authority, line().replace('|', "\n")).unwrap();
        Self {
            child,
            port,
            authority,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.authority);
    }
}
