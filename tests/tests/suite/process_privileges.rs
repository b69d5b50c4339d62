//! Verifies that a program with raised privileges ignores its environment, and that others get a
//! key log only they can read.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::program::run as run_command;
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs::{Program, build};

/// What the system says without the environment: nobody vouches for the server.
const REFUSED: &str = "sent 0, error 12175, poll threads 0\n";

/// A TLS server, and an environment that names its authority and a key log.
struct World {
    server: Server,
    authority: PathBuf,
    key_log: PathBuf,
    _own: Scratch,
}

impl World {
    fn new() -> Self {
        let own = Scratch::new("privileges");
        let folder = own.path();
        let authority = Authority::new().unwrap();
        let identity = authority.issue(&IdentityOptions::default()).unwrap();
        Self {
            server: Server::tls(by_path, &identity).unwrap(),
            authority: authority.write_pem(folder).unwrap(),
            key_log: folder.join("keys.log"),
            _own: own,
        }
    }

    fn command(&self, program: &Program, mode: &str) -> Command {
        let mut command = Command::new(&program.file);
        command
            .args([&self.server.port().to_string(), mode])
            .env("SSL_CERT_FILE", &self.authority)
            .env("SSLKEYLOGFILE", &self.key_log)
            .env("WINHTTP_SHIM_POLLING_CALLBACKS", "0");
        command
    }
}

fn program(link: &[&str]) -> Program {
    let link = [link, &["-lwinhttp", "-ldl"]].concat();
    build("process_privileges.c", &[], &link)
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_program_without_raised_privileges_obeys_its_environment() {
    let program = program(&[]);
    for (mode, pollers) in [("sync", 0), ("async", i32::from(cfg!(target_os = "linux")))] {
        let world = World::new();
        assert_eq!(
            run_command(&mut world.command(&program, mode)),
            format!("sent 1, error 0, poll threads {pollers}\n")
        );
        assert_eq!(mode_of(&world.key_log), 0o600);
        let keys = fs::read_to_string(&world.key_log).unwrap();
        assert!(keys.lines().count() >= 4, "{keys}");
        for line in keys.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            assert_eq!(
                (words.len(), words.get(1).map(|word| word.len())),
                (3, Some(64)),
                "{line}"
            );
        }
    }
}

#[test]
fn a_program_with_raised_privileges_has_no_environment() {
    let program = program(&["-DRAISED", "-rdynamic"]);
    for mode in ["sync", "async"] {
        let world = World::new();
        assert_eq!(
            run_command(&mut world.command(&program, mode)),
            REFUSED,
            "{mode}"
        );
        assert!(!world.key_log.exists(), "{mode}");
    }
}

/// The same with the rights themselves, where the tests may give them away.
#[test]
fn a_set_uid_program_has_no_environment() {
    const NOBODY: u32 = 65534;
    let program = program(&[]);
    let owner = chown(&program.file, Some(0), Some(0));
    if owner.is_err() {
        println!(
            "skipped: only root may give a program away; the test before this one needs no rights"
        );
        return;
    }
    fs::set_permissions(&program.file, fs::Permissions::from_mode(0o4755)).unwrap();
    for mode in ["sync", "async"] {
        let world = World::new();
        let mut command = world.command(&program, mode);
        assert_eq!(
            run_command(command.uid(NOBODY).gid(NOBODY)),
            REFUSED,
            "{mode}"
        );
        assert!(!world.key_log.exists(), "{mode}");
    }
}

#[test]
fn a_key_log_that_is_a_symbolic_link_is_not_written() {
    let (world, program) = (World::new(), program(&[]));
    let target = world.key_log.with_extension("target");
    symlink(&target, &world.key_log).unwrap();
    let printed = run_command(&mut world.command(&program, "sync"));
    assert_eq!(printed, "sent 1, error 0, poll threads 0\n");
    assert!(!target.exists());
}

#[test]
fn a_key_log_that_was_open_to_others_is_closed_to_them() {
    let (world, program) = (World::new(), program(&[]));
    fs::write(&world.key_log, "first\n").unwrap();
    fs::set_permissions(&world.key_log, fs::Permissions::from_mode(0o644)).unwrap();
    run_command(&mut world.command(&program, "sync"));
    assert_eq!(mode_of(&world.key_log), 0o600);
    let keys = fs::read_to_string(&world.key_log).unwrap();
    assert!(
        keys.starts_with("first\n") && keys.lines().count() > 1,
        "{keys}"
    );
}

#[test]
fn a_key_log_that_is_a_pipe_without_a_reader_keeps_nobody_waiting() {
    let (world, program) = (World::new(), program(&[]));
    let made = Command::new("mkfifo").arg(&world.key_log).status().unwrap();
    assert!(made.success());
    let printed = run_command(&mut world.command(&program, "sync"));
    assert_eq!(printed, "sent 1, error 0, poll threads 0\n");
}
