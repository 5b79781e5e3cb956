//! `progress.csv`: a row a call, a column a tag, as Stable-Baselines3 writes it. Two columns come first: the step, and
//! the seconds that the run has taken so far, whatever lay between its parts.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail, ensure};

use crate::files::WholeFile;

/// Its name in the folder.
pub(in crate::runs) const NAME: &str = "progress.csv";

pub(super) struct Progress {
    path: PathBuf,
    file: File,
    columns: Vec<&'static str>,
    begin: Instant,
    /// What the run took before it was resumed, seconds.
    before: f64,
}

impl Progress {
    pub(super) fn create(folder: &Path, columns: &[&'static str]) -> anyhow::Result<Self> {
        let path = folder.join(NAME);
        ensure!(!path.exists(), "{} is the log of a run: resume it or name another folder", path.display());
        Self::with_rows(path, columns, &[])
    }

    pub(super) fn resume(folder: &Path, columns: &[&'static str], step: u64) -> anyhow::Result<Self> {
        let path = folder.join(NAME);
        let text = match std::fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            // The run was killed before it began to log.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
        };
        // A line without an end was cut.
        let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        if let Some(found) = lines.next() {
            let needed = header(columns);
            ensure!(found == needed, "{} has the columns '{found}', needed are '{needed}'", path.display());
        }
        let rows: Vec<_> = lines.filter(|line| cell(line, 0).is_some_and(|at: u64| at <= step)).collect();
        Self::with_rows(path, columns, &rows)
    }

    /// Written beside its place first, so that a kill in between loses no rows.
    fn with_rows(path: PathBuf, columns: &[&'static str], rows: &[&str]) -> anyhow::Result<Self> {
        let about = || format!("{} cannot be written", path.display());
        let mut whole = WholeFile::create(&path)?;
        writeln!(whole, "{}", header(columns)).with_context(about)?;
        for row in rows {
            writeln!(whole, "{row}").with_context(about)?;
        }
        whole.finish()?;
        let file = OpenOptions::new().append(true).open(&path).with_context(about)?;
        let before = rows.last().and_then(|row| cell(row, 1)).unwrap_or(0.0);
        Ok(Self { path, file, columns: columns.to_vec(), begin: Instant::now(), before })
    }

    pub(super) fn seconds(&self) -> f64 {
        self.before + self.begin.elapsed().as_secs_f64()
    }

    pub(super) fn row(&mut self, step: u64, scalars: &[(&'static str, f64)]) -> anyhow::Result<()> {
        if let Some((tag, _)) = scalars.iter().find(|(tag, _)| !self.columns.contains(tag)) {
            bail!("'{tag}' has no column in {}", self.path.display());
        }
        let seconds = self.seconds();
        let mut row = format!("{step},{seconds:.3}");
        for column in &self.columns {
            row.push(',');
            let value = scalars.iter().find_map(|(tag, value)| (tag == column).then_some(*value));
            if let Some(value) = value.filter(|value| value.is_finite()) {
                write!(row, "{value}")?;
            }
        }
        row.push('\n');
        self.file.write_all(row.as_bytes()).with_context(|| format!("{} cannot be written", self.path.display()))
    }

    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.file.sync_data().with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

/// The table in `folder`, if there is one.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    Some(folder.join(NAME)).filter(|path| path.exists()).into_iter().collect()
}

/// Whether it is of a run of ours.
pub(super) fn is_ours(folder: &Path) -> bool {
    let text = std::fs::read(folder.join(NAME)).unwrap_or_default();
    text.starts_with(header(&[]).as_bytes())
}

fn header(columns: &[&str]) -> String {
    format!("step,seconds,{}", columns.join(","))
}

fn cell<T: std::str::FromStr>(row: &str, column: usize) -> Option<T> {
    row.split(',').nth(column)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[&str] = &["rollout/ep_rew_mean", "train/loss"];

    fn text(folder: &Path) -> String {
        std::fs::read_to_string(folder.join(NAME)).unwrap()
    }

    /// Without the seconds, which are others each time.
    fn rows(folder: &Path) -> Vec<String> {
        let rows = text(folder);
        let rows = rows.lines().map(|row| row.split(',').collect::<Vec<_>>());
        rows.map(|mut row| (row.remove(1), row.join(",")).1).collect()
    }

    #[test]
    fn a_row_has_a_cell_for_every_column() {
        let folder = tempfile::tempdir().unwrap();
        let mut progress = Progress::create(folder.path(), COLUMNS).unwrap();
        progress.row(100, &[("train/loss", 0.25), ("rollout/ep_rew_mean", -3.0)]).unwrap();
        progress.row(200, &[("train/loss", f64::NAN)]).unwrap();
        progress.row(300, &[("rollout/ep_rew_mean", 1.5), ("train/loss", f64::INFINITY)]).unwrap();
        progress.flush().unwrap();
        assert_eq!(rows(folder.path()), ["step,rollout/ep_rew_mean,train/loss", "100,-3,0.25", "200,,", "300,1.5,"]);
        assert!(text(folder.path()).starts_with("step,seconds,rollout/ep_rew_mean,train/loss\n100,0.0"));
        let error = progress.row(400, &[("train/lose", 1.0)]).unwrap_err().to_string();
        assert!(error.contains("train/lose"), "{error}");
        assert_eq!(rows(folder.path()).len(), 4);
    }

    /// Wherever it was killed: in the header, in a row, between rows, before there was a file.
    #[test]
    fn a_log_that_was_cut_anywhere_is_resumed() {
        let whole = "step,seconds,rollout/ep_rew_mean,train/loss\n10,1.500,1,0.5\n20,2.500,,\n30,4.000,3,0.25\n";
        let folder = tempfile::tempdir().unwrap();
        for length in 0..=whole.len() {
            std::fs::write(folder.path().join(NAME), &whole[..length]).unwrap();
            let mut progress = Progress::resume(folder.path(), COLUMNS, 20).unwrap();
            progress.row(25, &[("train/loss", 2.0)]).unwrap();
            let kept = whole[..length].matches('\n').count().saturating_sub(1).min(2);
            let mut expected = vec!["step,rollout/ep_rew_mean,train/loss"];
            expected.extend(&["10,1,0.5", "20,,"][..kept]);
            expected.push("25,,2");
            assert_eq!(rows(folder.path()), expected, "after {length} bytes");
            let seconds: f64 = cell(text(folder.path()).lines().last().unwrap(), 1).unwrap();
            let before = [0.0, 1.5, 2.5][kept];
            assert!((before..before + 1.0).contains(&seconds), "{seconds} after {before}");
        }
        std::fs::remove_file(folder.path().join(NAME)).unwrap();
        Progress::resume(folder.path(), COLUMNS, 20).unwrap();
        assert_eq!(rows(folder.path()), ["step,rollout/ep_rew_mean,train/loss"]);
    }

    #[test]
    fn the_log_of_another_algorithm_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        drop(Progress::create(folder.path(), COLUMNS).unwrap());
        let before = text(folder.path());
        let error = Progress::resume(folder.path(), &["train/loss"], 1).err().unwrap().to_string();
        assert!(error.contains("needed are 'step,seconds,train/loss'"), "{error}");
        assert_eq!(text(folder.path()), before);
    }
}
