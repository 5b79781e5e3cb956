"""PPO of Stable-Baselines3 in ten lines.  pip install daladala stable-baselines3"""

import sys

from stable_baselines3 import PPO

import daladala

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
env = daladala.SB3VecEnv("daladala/City-v0", num_envs=64)
model = PPO("MlpPolicy", env, n_steps=64, batch_size=1024, verbose=1, device="cpu")
model.learn(steps)
figures = daladala.evaluate(lambda rows: model.predict(rows, deterministic=True)[0], "city", episodes=500)
print(f"mean return {figures['mean_return']:.2f}, fined in {figures.get('fine_rate', 0):.1%} of the episodes")
