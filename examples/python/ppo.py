"""PPO in one file, on a vector environment that resets in the same step.  pip install daladala torch

The value after truncation is bootstrapped from the final observation, the value after termination is none.
"""

import sys

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from torch import nn

import daladala

ENVS, LENGTH, EPOCHS, BATCH = 256, 32, 4, 2048
GAMMA, LAMBDA, CLIP, ENTROPY = 0.99, 0.95, 0.2, 0.01


def network(inputs: int, outputs: int, gain: float) -> nn.Sequential:
    layers = [nn.Linear(inputs, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs)]
    for layer in layers[::2]:
        nn.init.orthogonal_(layer.weight, gain if layer is layers[-1] else 2**0.5)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def main(steps: int) -> None:
    torch.manual_seed(0)
    env = gym.make_vec("daladala/Classic-v0", num_envs=ENVS, autoreset_mode=AutoresetMode.SAME_STEP)
    features, actions = env.single_observation_space.shape[0], int(env.single_action_space.n)
    actor, critic = network(features, actions, 0.01), network(features, 1, 1.0)
    optimizer = torch.optim.Adam([*actor.parameters(), *critic.parameters()], lr=1e-3, eps=1e-5)
    value = lambda rows: critic(torch.as_tensor(rows)).squeeze(-1)  # noqa: E731

    observations, _ = env.reset(seed=0)
    returns: list[float] = []
    for update in range(max(1, steps // (ENVS * LENGTH))):
        kept = []
        for _ in range(LENGTH):
            with torch.no_grad():
                choice = torch.distributions.Categorical(logits=actor(torch.as_tensor(observations)))
                action = choice.sample()
                now = value(observations)
            after, rewards, terminated, truncated, infos = env.step(action.numpy())
            with torch.no_grad():
                following = value(after)
                if "final_obs" in infos:
                    cut = truncated & ~terminated
                    following[cut] = value(infos["final_obs"][cut])
                    returns += infos["final_info"]["episode_return"][infos["_final_info"]].tolist()
            following = following.numpy() * ~terminated
            ended = terminated | truncated
            kept.append((observations, action, choice.log_prob(action), now.numpy(), rewards, following, ended))
            observations = after

        advantage, advantages = np.zeros(ENVS), []
        for _, _, _, now, rewards, following, ended in reversed(kept):
            advantage = rewards + GAMMA * following - now + GAMMA * LAMBDA * ~ended * advantage
            advantages.append(advantage)
        advantages = torch.as_tensor(np.concatenate(advantages[::-1]), dtype=torch.float32)
        rows = torch.as_tensor(np.concatenate([step[0] for step in kept]))
        taken, before = (torch.cat([step[place] for step in kept]) for place in (1, 2))
        targets = advantages + torch.as_tensor(np.concatenate([step[3] for step in kept]))

        for _ in range(EPOCHS):
            for batch in torch.randperm(len(rows)).split(BATCH):
                choice = torch.distributions.Categorical(logits=actor(rows[batch]))
                ratio = (choice.log_prob(taken[batch]) - before[batch]).exp()
                gain = advantages[batch]
                gain = (gain - gain.mean()) / (gain.std() + 1e-8)
                surrogate = torch.min(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain).mean()
                error = (critic(rows[batch]).squeeze(-1) - targets[batch]).square().mean()
                loss = 0.5 * error - surrogate - ENTROPY * choice.entropy().mean()
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_([*actor.parameters(), *critic.parameters()], 0.5)
                optimizer.step()
        print(f"{(update + 1) * ENVS * LENGTH} steps, mean return {np.mean(returns[-200:] or [np.nan]):.2f}")

    with torch.no_grad():
        greedy = lambda rows: actor(torch.as_tensor(rows)).argmax(1).numpy()  # noqa: E731
        figures = daladala.evaluate(greedy, "classic", episodes=500)
    print(f"{figures['optimal_fraction']:.1%} of the best return")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400_000)
