//! Several pieces of work at a time, each on threads of its own.
//!
//! Rayon would let a thread that waits for a part of one training begin another one meanwhile, and the first would have
//! to wait for all of that.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::anyhow;
use rayon::ThreadPoolBuilder;

/// What `work` makes of each of `items`, `jobs` at a time. The first error ends it, once what was begun has ended.
pub(super) fn each<T: Sync, O: Send>(
    items: &[T],
    jobs: usize,
    work: &(dyn Fn(&T) -> anyhow::Result<O> + Sync),
) -> anyhow::Result<Vec<O>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = jobs.min(items.len()).max(1);
    let next = AtomicUsize::new(0);
    let outputs = Mutex::new(Vec::new());
    let error = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                let pool = ThreadPoolBuilder::new().num_threads((cores / jobs).max(1)).build();
                let one = |index: usize| -> anyhow::Result<()> {
                    let output = pool.as_ref().map_err(|error| anyhow!("{error}"))?.install(|| work(&items[index]))?;
                    outputs.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, output));
                    Ok(())
                };
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= items.len() {
                        break;
                    }
                    if let Err(why) = one(index) {
                        next.store(items.len(), Ordering::Relaxed);
                        error.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(why);
                    }
                }
            });
        }
    });
    if let Some(error) = error.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(error);
    }
    let mut outputs = outputs.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    outputs.sort_unstable_by_key(|(index, _)| *index);
    Ok(outputs.into_iter().map(|(_, output)| output).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_come_in_the_order_of_the_items() {
        let items: Vec<usize> = (0..50).collect();
        assert_eq!(each(&items, 3, &|item| Ok(item * 2)).unwrap(), (0..100).step_by(2).collect::<Vec<_>>());
        assert!(each::<usize, usize>(&[], 3, &|item| Ok(*item)).unwrap().is_empty());
    }

    #[test]
    fn an_error_ends_it() {
        let begun = AtomicUsize::new(0);
        let work = |item: &usize| {
            begun.fetch_add(1, Ordering::Relaxed);
            if *item == 3 { Err(anyhow!("no {item}")) } else { Ok(()) }
        };
        let items: Vec<usize> = (0..1000).collect();
        assert_eq!(each(&items, 1, &work).unwrap_err().to_string(), "no 3");
        assert_eq!(begun.into_inner(), 4);
    }
}
