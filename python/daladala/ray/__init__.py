"""Learning on many cores and machines with Ray: seeds, sweeps and studies as tasks, and data-parallel PPO.

Each task is a whole training or evaluation in Rust, and what it brings is what one machine alone would have brought:
the same bytes for the same seed, whatever workers died on the way.
"""

from daladala.ray.data_parallel import train
from daladala.ray.tasks import Trained, seeds, study, sweep, train_each
from daladala.ray.tuning import trainable

__all__ = ["Trained", "seeds", "study", "sweep", "train", "train_each", "trainable"]
