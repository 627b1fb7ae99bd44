//! Work shared out to threads, its results taken in order: what comes out does not show how many threads there were.

use crate::workspace::failure::Failure;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

/// Does `count` jobs on `threads` threads and hands the results to `each` in the order of the jobs. `begin` makes what a
/// thread needs (a connection), `work` does one job. The first failure in the order of jobs ends it.
///
/// No thread runs ahead of the slowest by more than a few jobs, so results take little memory.
pub fn in_order<W, R: Send>(
    threads: usize,
    count: usize,
    begin: impl Fn() -> Result<W, Failure> + Sync,
    work: impl Fn(&mut W, usize) -> Result<R, Failure> + Sync,
    mut each: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if count == 0 {
        return Ok(());
    }
    let threads = threads.clamp(1, count);
    if threads == 1 {
        let mut worker = begin()?;
        for job in 0..count {
            each(work(&mut worker, job)?)?;
        }
        return Ok(());
    }
    let next = AtomicUsize::new(0);
    let (done, results) = sync_channel::<(usize, Result<R, Failure>)>(threads);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (done, begin, work, next) = (done.clone(), &begin, &work, &next);
            scope.spawn(move || {
                let mut worker = match begin() {
                    Ok(worker) => worker,
                    Err(failure) => {
                        let _ = done.send((next.fetch_add(1, Ordering::Relaxed), Err(failure)));
                        return;
                    }
                };
                loop {
                    let job = next.fetch_add(1, Ordering::Relaxed);
                    // Sending fails when a failure ended it all.
                    if job >= count || done.send((job, work(&mut worker, job))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        let mut early = BTreeMap::new();
        let mut wanted = 0;
        for (job, result) in results {
            early.insert(job, result);
            while let Some(result) = early.remove(&wanted) {
                wanted += 1;
                each(result?)?;
            }
        }
        Ok(())
    })
}

/// Does both; at the same time where they are `long`, the first on a thread of its own. To begin one costs some 0.3 ms.
pub fn both<A: Send, B>(long: bool, first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B) -> (A, B) {
    if !long {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        match first.join() {
            Ok(first) => (first, second),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(threads: usize, count: usize) {
        let mut seen = Vec::new();
        let begin = || Ok(());
        // Later jobs are quicker, so that results arrive out of order.
        let work = |(): &mut (), job: usize| {
            std::thread::sleep(std::time::Duration::from_micros(((count - job) % 7) as u64 * 50));
            Ok(job * 2)
        };
        in_order(threads, count, begin, work, |result| {
            seen.push(result);
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, (0..count).map(|job| job * 2).collect::<Vec<_>>());
    }

    #[test]
    fn results_come_in_the_order_of_jobs() {
        for threads in [1, 2, 5] {
            for count in [0, 1, 2, 40] {
                check(threads, count);
            }
        }
    }

    #[test]
    fn a_failure_ends_it() {
        for threads in [1, 3] {
            let mut done = 0;
            let work = |(): &mut (), job: usize| match job {
                5 => Err(Failure::usage("five")),
                job => Ok(job),
            };
            let ended = in_order(
                threads,
                1_000,
                || Ok(()),
                work,
                |_| {
                    done += 1;
                    Ok(())
                },
            );
            assert_eq!(ended.unwrap_err().message, "five");
            assert_eq!(done, 5);
        }
    }
}
