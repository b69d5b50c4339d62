//! What the runner asks of the machine: cores, clocks, memory, and the kernel's short cuts.

use std::fs::File;
use std::io::Result;
use std::mem::MaybeUninit;
use std::net::TcpStream;
use std::time::Duration;

/// How long to look whether others use the machine.
const LOOK_FOR_OTHERS: Duration = Duration::from_millis(300);
const AUTOGROUP: &str = "/proc/self/autogroup";
const HIGHEST_PRIORITY: i32 = -20;

/// Cores, processor and kernel, in one line.
pub(crate) fn description() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_start_matches([' ', '\t', ':'])
        });
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{} cores, {model}, Linux {}", cores().len(), kernel.trim())
}

/// How much of all cores was busy, in percent, while this waited; nothing of ours runs then.
pub(crate) fn others_percent() -> f64 {
    let (busy_before, all_before) = processor_time();
    std::thread::sleep(LOOK_FOR_OTHERS);
    let (busy, all) = processor_time();
    100.0 * (busy - busy_before) / (all - all_before).max(1.0)
}

/// Ticks of all cores since the start of the machine: busy ones and all (proc_stat(5)).
fn processor_time() -> (f64, f64) {
    let text = std::fs::read_to_string("/proc/stat").unwrap();
    let line = text.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = line
        .split_whitespace()
        .skip(1)
        .take(8)
        .map(|ticks| ticks.parse().unwrap())
        .collect();
    let all: f64 = ticks.iter().sum();
    (all - ticks[3] - ticks[4], all)
}

/// User and system time of the whole process so far.
pub(crate) fn cpu_time() -> Duration {
    let mut time = MaybeUninit::uninit();
    // Not rustix: it looks the clock up in the vDSO by itself, which fails under valgrind.
    // SAFETY: the clock exists, and the place for the time is valid.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, time.as_mut_ptr()) };
    assert_eq!(result, 0);
    // SAFETY: the call succeeded.
    let time = unsafe { time.assume_init() };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Memory that is resident now, in KiB: counted page by page, as the kernel's running totals lag
/// behind by some hundred pages.
pub(crate) fn resident_kib() -> f64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap();
    let resident = rollup.lines().find_map(|line| line.strip_prefix("Rss:"));
    let number = resident.unwrap().trim().trim_end_matches("kB").trim();
    number.parse().unwrap()
}

/// Memory that was allocated and not freed, in KiB; where nobody counts it, that of all pages.
pub(crate) fn heap_kib() -> f64 {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: it only reads the allocator's own counts.
        let counts = unsafe { libc::mallinfo2() };
        (counts.uordblks + counts.hblkhd) as f64 / 1024.0
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    resident_kib()
}

/// Moves every thread of this process to one core.
pub(crate) fn settle(core: usize) {
    let mut set = rustix::thread::CpuSet::new();
    set.set(core);
    for thread in std::fs::read_dir("/proc/self/task").unwrap() {
        let id = thread
            .unwrap()
            .file_name()
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        let id = rustix::thread::Pid::from_raw(id);
        rustix::thread::sched_setaffinity(id, &set).unwrap();
    }
}

/// Lets nobody else's work come between, as far as the system allows it to us; says whether it
/// does.
///
/// Where sessions are scheduled as groups (sched(7), autogroup), a priority counts inside its own
/// session only: then we need one of our own, which has a priority too. Having left the terminal's
/// session, we end with whoever started us.
pub(crate) fn come_first() -> bool {
    use rustix::process::{Signal, set_parent_process_death_signal, setpriority_process, setsid};
    if setpriority_process(None, HIGHEST_PRIORITY).is_err() {
        return false;
    }
    if std::fs::exists(AUTOGROUP).unwrap_or(false) && setsid().is_ok() {
        set_parent_process_death_signal(Some(Signal::KILL)).unwrap();
        return std::fs::write(AUTOGROUP, HIGHEST_PRIORITY.to_string()).is_ok();
    }
    true
}

/// Lets a thousand connections be open at once.
pub(crate) fn allow_many_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

/// The cores this process may use.
pub(crate) fn cores() -> Vec<usize> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let set = sched_getaffinity(None).unwrap();
    (0..CpuSet::MAX_CPU)
        .filter(|core| set.is_set(*core))
        .collect()
}

/// Keeps this process, and the threads it starts, on these cores.
pub(crate) fn pin(cores: &[usize]) {
    let mut set = rustix::thread::CpuSet::new();
    for core in cores {
        set.set(*core);
    }
    rustix::thread::sched_setaffinity(None, &set).unwrap();
}

/// A file that only memory holds.
pub(crate) fn file_in_memory() -> Result<File> {
    Ok(rustix::fs::memfd_create("message", rustix::fs::MemfdFlags::CLOEXEC)?.into())
}

/// Writes the first `length` bytes of `file` without copying them into the socket's buffer.
pub(crate) fn write_file(stream: &mut TcpStream, file: &File, length: usize) -> Result<()> {
    let mut at = 0;
    while at < length as u64 {
        let left = length - at as usize;
        rustix::fs::sendfile(&mut *stream, file, Some(&mut at), left)?;
    }
    Ok(())
}
