//! Imports from Stable-Baselines3 and PyTorch: the same answers as there, and no file can do worse than be refused.

mod archives;
mod hostile;
mod models;
mod refusals;
