//! What the runner asks of the machine: cores, clocks, memory, and the kernel's short cuts.

use std::fs::File;
use std::io::Result;
use std::net::TcpStream;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

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

/// User and system time of the whole process so far.
pub(crate) fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Memory that is resident now, in KiB.
pub(crate) fn resident_kib() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: f64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size() as f64 / 1024.0
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

/// Lets nobody else's work come between, as far as the system allows it to us.
pub(crate) fn come_first() -> bool {
    rustix::process::setpriority_process(None, -20).is_ok()
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
