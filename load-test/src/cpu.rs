//! CPU time of single threads, so that what the gateway spends can be told from what the generator spends.
//!
//! Linux keeps it, in nanoseconds, in the first field of `/proc/<pid>/task/<tid>/schedstat`. Elsewhere there is
//! no answer, and the report says so.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// CPU time of all threads of this process that carry this name. `None` where the system does not tell.
pub(crate) fn of_threads_named(name: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    for task in fs::read_dir("/proc/self/task").ok()? {
        let directory = task.ok()?.path();
        // A thread may end between the listing and the reading; it then counts for nothing.
        let Ok(comm) = fs::read_to_string(directory.join("comm")) else {
            continue;
        };
        if comm.trim_end() == name {
            total = total.saturating_add(read(&directory).unwrap_or_default());
        }
    }
    (!total.is_zero()).then_some(total)
}

/// CPU time of the thread that asks.
pub(crate) fn of_this_thread() -> Option<Duration> {
    read(Path::new("/proc/thread-self"))
}

fn read(directory: &Path) -> Option<Duration> {
    parse(&fs::read_to_string(directory.join("schedstat")).ok()?)
}

fn parse(schedstat: &str) -> Option<Duration> {
    let nanoseconds = schedstat.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_field_is_the_time_on_the_cpu() {
        assert_eq!(
            parse("2500000000 17 42\n"),
            Some(Duration::from_millis(2500))
        );
        assert_eq!(parse(""), None);
        assert_eq!(parse("many 1 2"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_thread_finds_itself_by_its_name() {
        let busy = std::thread::Builder::new()
            .name("cpu-test".to_owned())
            .spawn(|| {
                // Work until the kernel has booked some: how long that takes does not matter.
                while of_this_thread()? < Duration::from_millis(2) {
                    std::hint::spin_loop();
                }
                of_threads_named("cpu-test")
            })
            .unwrap()
            .join()
            .unwrap();
        assert!(busy.is_none_or(|time| time >= Duration::from_millis(2)));
        assert_eq!(of_threads_named("no such thread"), None);
    }
}
