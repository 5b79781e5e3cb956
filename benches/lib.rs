//! Benches of the environment (`cargo bench --bench env`) and of inference (`cargo bench --bench policy`).
//!
//! Figures that are quoted come from `daladala bench` (see `docs/BENCHMARKS.md`); these are for comparing two states
//! of the code with criterion's statistics.
