use std::fmt;

use prometheus_client::{collector::Collector, encoding::DescriptorEncoder};

/// What the process uses, under the names that Prometheus' own clients give it. Told on Linux.
#[derive(Debug)]
pub(super) struct ProcessCollector;

impl Collector for ProcessCollector {
    #[cfg(target_os = "linux")]
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        use prometheus_client::{
            encoding::EncodeMetric,
            metrics::{MetricType, TypedMetric, counter::ConstCounter, gauge::ConstGauge},
        };

        let Some(usage) = linux::usage() else { return Ok(()) };
        let cpu = ConstCounter::new(usage.cpu_seconds);
        let help = "CPU time of the process";
        let metric = encoder.encode_descriptor("process_cpu_seconds", help, None, cpu.metric_type())?;
        cpu.encode(metric)?;
        for (name, help, value) in [
            ("process_resident_memory_bytes", "Memory of the process", usage.memory),
            ("process_open_fds", "Open files and sockets of the process", usage.files),
        ] {
            let gauge = ConstGauge::new(value);
            let kind: MetricType = ConstGauge::<u64>::TYPE;
            gauge.encode(encoder.encode_descriptor(name, help, None, kind)?)?;
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn encode(&self, _: DescriptorEncoder) -> fmt::Result {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use procfs::{ProcResult, WithCurrentSystemInfo, process::Process};

    pub(super) struct Usage {
        pub(super) cpu_seconds: f64,
        pub(super) memory: u64,
        pub(super) files: u64,
    }

    /// `None` where `/proc` is not there to tell.
    pub(super) fn usage() -> Option<Usage> {
        let usage = || -> ProcResult<Usage> {
            let process = Process::myself()?;
            let stat = process.stat()?;
            let ticks = u32::try_from(stat.utime + stat.stime).unwrap_or(u32::MAX);
            let ticks_per_second = u32::try_from(procfs::ticks_per_second()).unwrap_or(u32::MAX);
            Ok(Usage {
                cpu_seconds: f64::from(ticks) / f64::from(ticks_per_second),
                memory: stat.rss_bytes().get(),
                files: u64::try_from(process.fd_count()?).unwrap_or_default(),
            })
        };
        usage().ok()
    }
}
