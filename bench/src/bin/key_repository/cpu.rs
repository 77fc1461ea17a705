//! CPU time by process and by thread, and resident memory, as Linux tells them. Elsewhere they are zero.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// CPU time of all threads of a process that have not ended.
pub(crate) fn of_process(id: u32) -> Duration {
    of_tasks(Path::new(&format!("/proc/{id}/task")), |_| true)
}

/// CPU time of the threads of this process whose name begins so.
pub(crate) fn of_threads(name: &str) -> Duration {
    of_tasks(Path::new("/proc/self/task"), |comm| comm.starts_with(name))
}

/// The first field of `schedstat`, in nanoseconds, summed over the threads that are wanted.
fn of_tasks(tasks: &Path, is_wanted: impl Fn(&str) -> bool) -> Duration {
    let Ok(tasks) = fs::read_dir(tasks) else {
        return Duration::ZERO;
    };
    let nanoseconds = tasks.filter_map(|task| {
        let directory = task.ok()?.path();
        let comm = fs::read_to_string(directory.join("comm")).ok()?;
        let schedstat = fs::read_to_string(directory.join("schedstat")).ok()?;
        let time = schedstat.split_whitespace().next()?.parse::<u64>().ok()?;
        is_wanted(&comm).then_some(time)
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// The memory of this process that is resident, in KiB.
pub(crate) fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
