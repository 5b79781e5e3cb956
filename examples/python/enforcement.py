"""What enforcement does to driving: drivers at several chances of an inspection.

pip install daladala pandas matplotlib
"""

import sys

import matplotlib.pyplot as plt
import pandas as pd

import daladala

episodes = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
out = sys.argv[2] if len(sys.argv) > 2 else "enforcement.svg"
rows = [
    daladala.evaluate(driver, "city", overrides={"police.inspect": chance}, episodes=episodes)
    | {"driver": driver, "inspect": chance}
    for driver in ("ppo", "legal", "greedy")
    for chance in (0.0, 0.1, 0.2, 0.4, 0.8)
]
figures = pd.DataFrame(rows).pivot(index="inspect", columns="driver", values="mean_return")
print(figures.round(2))
axes = figures.plot(marker="o", xlabel="chance of an inspection", ylabel="mean return")
axes.figure.savefig(out)
plt.close(axes.figure)
