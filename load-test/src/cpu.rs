//! CPU time of single threads, so that what the gateway spends can be told from what the generator spends; and of
//! all other processes, so that figures from a busy machine can be told as such.
//!
//! Linux keeps it, in nanoseconds, in the first field of `/proc/<pid>/task/<tid>/schedstat`. Elsewhere there is
//! no answer, and the report says so.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::number::{float, ratio};

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

/// What all processes of the machine, and this one among them, have had of its CPUs, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MachineTime {
    /// All ticks of all CPUs, idle ones included.
    total: u64,
    /// Ticks of processes, and ticks that the hypervisor gave to other guests. Those of interrupts are left out:
    /// on the loopback, they are work for whoever sends.
    processes: u64,
    /// Ticks of this process.
    own: u64,
}

impl MachineTime {
    /// Now. `None` where the system does not tell.
    pub(crate) fn now() -> Option<Self> {
        let machine = fs::read_to_string("/proc/stat").ok()?;
        let process = fs::read_to_string("/proc/self/stat").ok()?;
        Self::parse(&machine, &process)
    }

    /// The share of the machine that others had since `earlier`, 0 to 1.
    pub(crate) fn taken_by_others_since(self, earlier: Self) -> Option<f64> {
        let total = self.total.saturating_sub(earlier.total);
        let processes = self.processes.saturating_sub(earlier.processes);
        let own = self.own.saturating_sub(earlier.own);
        ratio(float(processes.saturating_sub(own)), float(total))
    }

    /// The formats of proc_stat(5) and proc_pid_stat(5).
    fn parse(machine: &str, process: &str) -> Option<Self> {
        let fields = machine
            .lines()
            .next()?
            .strip_prefix("cpu ")?
            .split_whitespace();
        let ticks: Vec<u64> = fields
            .take(8)
            .map(str::parse)
            .collect::<Result<_, _>>()
            .ok()?;
        let [user, nice, system, _idle, _iowait, _irq, _softirq, steal] = ticks[..] else {
            return None;
        };
        // The name of the process is in parentheses and may hold anything, so the fields are counted after it.
        let mut fields = process.rsplit_once(')')?.1.split_whitespace().skip(11);
        let (user_own, system_own) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Self {
            total: ticks.iter().copied().fold(0, u64::saturating_add),
            processes: [user, nice, system, steal]
                .into_iter()
                .fold(0, u64::saturating_add),
            own: u64::saturating_add(user_own, system_own),
        })
    }
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
    fn what_others_had_is_what_processes_had_less_our_own() {
        let process = "42 (a) b) R 1 1 1 0 -1 4194304 9 0 0 0 30 10 0 0 20 0 1 0";
        let time = MachineTime::parse("cpu  100 5 45 800 10 7 13 20 0 0\ncpu0 1", process).unwrap();
        assert_eq!(
            time,
            MachineTime {
                total: 1_000,
                processes: 170,
                own: 40
            }
        );
        let earlier = MachineTime {
            total: 0,
            processes: 0,
            own: 0,
        };
        assert_eq!(time.taken_by_others_since(earlier), Some(0.13));
        assert_eq!(time.taken_by_others_since(time), None);
        assert_eq!(MachineTime::parse("cpu 1 2", process), None);
        assert_eq!(MachineTime::parse("", ""), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_machine_tells() {
        assert!(MachineTime::now().is_some());
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
