//! What processes use, as Linux tells it, and where they run.

use std::{fs, time::Duration};

use anyhow::Context;
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    sys::resource::{Resource, getrlimit, setrlimit},
    time::clock_getcpuclockid,
    unistd::Pid,
};

/// The CPU time of a process and its descendants, with that of threads that ended.
pub(crate) fn cpu(pid: u32) -> anyhow::Result<Duration> {
    family(pid)?.into_iter().map(|pid| Ok(Duration::from(clock_getcpuclockid(raw(pid)?)?.now()?))).sum()
}

/// The memory of a process and its descendants that no file backs, in bytes: user space alone, without the kernel's
/// buffers of connections, and counted page by page.
pub(crate) fn memory(pid: u32) -> anyhow::Result<u64> {
    family(pid)?
        .into_iter()
        .map(|pid| {
            let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            let anonymous = rollup.lines().find_map(|line| line.strip_prefix("Anonymous:"));
            let kibibytes =
                anonymous.and_then(|text| text.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
            Ok(kibibytes.context("smaps_rollup tells `Anonymous`")? * 1024)
        })
        .sum()
}

/// Raises this process's limit of open files as far as it may be raised, and returns it. Children inherit it.
pub(crate) fn raise_file_limit() -> anyhow::Result<u64> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok(hard)
}

/// Has this thread run on that core alone, and those threads and processes that it starts from here on.
pub(crate) fn stay_on(core: usize) -> anyhow::Result<()> {
    pin(Pid::from_raw(0), &[core])
}

/// Lets this thread run on each of those cores.
pub(crate) fn move_to(cores: &[usize]) -> anyhow::Result<()> {
    pin(Pid::from_raw(0), cores)
}

/// Has every thread of a process and its descendants run on that core alone.
pub(crate) fn keep_on(core: usize, pid: u32) -> anyhow::Result<()> {
    for pid in family(pid)? {
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            let thread: i32 = thread?.file_name().to_string_lossy().parse()?;
            pin(Pid::from_raw(thread), &[core])?;
        }
    }
    Ok(())
}

/// The cores that this thread may run on.
pub(crate) fn cores() -> anyhow::Result<Vec<usize>> {
    let set = sched_getaffinity(Pid::from_raw(0))?;
    Ok((0..CpuSet::count()).filter(|core| set.is_set(*core).unwrap_or(false)).collect())
}

fn pin(thread: Pid, cores: &[usize]) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(*core)?;
    }
    sched_setaffinity(thread, &set).with_context(|| format!("running on cores {cores:?}"))
}

fn family(pid: u32) -> anyhow::Result<Vec<u32>> {
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(pid) = family.get(next) {
        for thread in fs::read_dir(format!("/proc/{pid}/task")).with_context(|| format!("process {pid}"))? {
            let children = fs::read_to_string(thread?.path().join("children")).unwrap_or_default();
            family.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
        next += 1;
    }
    Ok(family)
}

fn raw(pid: u32) -> anyhow::Result<Pid> {
    Ok(Pid::from_raw(i32::try_from(pid)?))
}
