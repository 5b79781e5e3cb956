"""A policy of one's own, watched live in the browser until Ctrl-C.  pip install daladala"""

import sys
import time

import numpy as np

import daladala

MOVE, PICK_UP, DROP_OFF = 0, 1, 2


def obliging(observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Let everybody out, take in whoever is there, and drive on."""
    return np.where(masks[:, DROP_OFF], DROP_OFF, np.where(masks[:, PICK_UP], PICK_UP, MOVE))


with daladala.serve(obliging, "city", action_masks=True, browser=True) as server:
    print(f"Watch it at {server.url}")
    if len(sys.argv) > 1:
        time.sleep(float(sys.argv[1]))
    else:
        server.wait()
print(f"In 200 episodes: {daladala.evaluate(obliging, 'city', episodes=200, action_masks=True)['mean_return']:.2f}")
