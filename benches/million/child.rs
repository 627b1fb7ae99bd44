//! A program run to its end, with what it cost: seconds by the clock, processor seconds, the most memory it held.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// What a run cost.
#[derive(Debug, Clone)]
pub struct Cost {
    pub seconds: f64,
    /// Processor seconds of all threads, in the program and in the kernel for it.
    pub processor: f64,
    /// The most resident memory at any moment, in bytes.
    pub peak: u64,
    pub code: Option<i32>,
    pub out: String,
}

/// Runs a command, its stdout kept, its stderr shown.
pub fn run(command: &mut Command) -> std::io::Result<Cost> {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut out = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_string(&mut out)?;
    }
    let (code, processor, peak) = wait(&mut child)?;
    Ok(Cost {
        seconds: begun.elapsed().as_secs_f64(),
        processor,
        peak,
        code,
        out,
    })
}

/// Processor seconds that this process has used so far, all threads together; 0 where the system does not tell.
pub fn own_processor() -> f64 {
    #[cfg(all(unix, target_pointer_width = "64"))]
    {
        unsafe extern "C" {
            fn getrusage(who: i32, usage: *mut Usage) -> i32;
        }
        let mut usage = Usage::default();
        // SAFETY: the pointer is to a live value of the layout that getrusage(2) fills; 0 asks for the process itself.
        if unsafe { getrusage(0, &mut usage) } == 0 {
            return usage.seconds();
        }
    }
    0.0
}

/// The most resident memory of this process since it began, where the system tells (Linux). What `wait4` tells of a child counts in the
/// memory of the parent that it was forked from.
pub fn own_peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

/// `struct rusage` of 64-bit Unix systems: two times of two words, the peak, thirteen more counters.
#[cfg(all(unix, target_pointer_width = "64"))]
#[repr(C)]
#[derive(Default)]
struct Usage {
    user: [i64; 2],
    system: [i64; 2],
    peak: i64,
    others: [i64; 13],
}

#[cfg(all(unix, target_pointer_width = "64"))]
impl Usage {
    fn seconds(&self) -> f64 {
        // Microseconds fill the lower half of their word where a system makes them 32 bits wide.
        let seconds = |[seconds, micros]: [i64; 2]| seconds as f64 + (micros as i32) as f64 / 1e6;
        seconds(self.user) + seconds(self.system)
    }
}

/// Waits through `wait4`, which tells what this child alone has used.
#[cfg(all(unix, target_pointer_width = "64"))]
fn wait(child: &mut Child) -> std::io::Result<(Option<i32>, f64, u64)> {
    unsafe extern "C" {
        fn wait4(pid: i32, status: *mut i32, options: i32, usage: *mut Usage) -> i32;
    }
    let mut status = 0;
    let mut usage = Usage::default();
    // SAFETY: both pointers are to live values of the layout that wait4(2) fills, and nobody else waits for this child.
    let ended = unsafe { wait4(child.id() as i32, &mut status, 0, &mut usage) };
    if ended < 0 {
        return Err(std::io::Error::last_os_error());
    }
    let code = (status & 0x7f == 0).then_some(status >> 8 & 0xff);
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    Ok((code, usage.seconds(), usage.peak as u64 * unit))
}

#[cfg(not(all(unix, target_pointer_width = "64")))]
fn wait(child: &mut Child) -> std::io::Result<(Option<i32>, f64, u64)> {
    Ok((child.wait()?.code(), 0.0, 0))
}
