"""Makes the golden numbers beside it from Stable-Baselines3, which `src/references.rs` holds the learner to.

Run by hand, when they are to change:
    pip install stable-baselines3==2.9.2 sb3-contrib==2.9.2
    python golden.py

Weights are small on purpose: the files are read by people too.
"""

import json
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch as th
from gymnasium import spaces
from sb3_contrib import MaskablePPO
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.buffers import RolloutBuffer

HERE = Path(__file__).parent
INPUTS, ACTIONS, ROWS = 3, 4, 12
HIDDEN = [5]


class Still(gym.Env):
    """Never stepped: the algorithms want spaces."""

    observation_space = spaces.Box(-10.0, 10.0, (INPUTS,), np.float32)
    action_space = spaces.Discrete(ACTIONS)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(INPUTS, np.float32), {}

    def step(self, action):
        return np.zeros(INPUTS, np.float32), 0.0, False, False, {}

    def action_masks(self):
        return np.ones(ACTIONS, bool)


def numbers(tensor):
    return np.asarray(tensor.detach() if isinstance(tensor, th.Tensor) else tensor, dtype=np.float64).ravel().tolist()


def layers(*modules):
    return [{"weight": numbers(m.weight), "bias": numbers(m.bias)} for m in modules]


def actor_critic(model):
    extractor = model.policy.mlp_extractor
    actor = [m for m in extractor.policy_net if hasattr(m, "weight")] + [model.policy.action_net]
    critic = [m for m in extractor.value_net if hasattr(m, "weight")] + [model.policy.value_net]
    return actor, critic


def gradients(modules):
    return [{"weight": numbers(m.weight.grad), "bias": numbers(m.bias.grad)} for m in modules]


def randomize(model, generator):
    """Weights without the symmetry of an initialisation, biases that are not zero."""
    with th.no_grad():
        for parameter in model.policy.parameters():
            parameter.copy_(th.tensor(generator.normal(0.0, 0.5, parameter.shape), dtype=th.float32))


def batch(generator, masked):
    masks = np.ones((ROWS, ACTIONS), bool)
    if masked:
        masks = generator.random((ROWS, ACTIONS)) < 0.6
        masks[np.arange(ROWS), generator.integers(0, ACTIONS, ROWS)] = True
    actions = np.array([generator.choice(np.flatnonzero(mask)) for mask in masks])
    return {
        "observations": generator.normal(0.0, 1.0, (ROWS, INPUTS)).astype(np.float32),
        "actions": actions,
        "masks": masks,
        "old_values": generator.normal(0.0, 1.0, ROWS).astype(np.float32),
        "advantages": generator.normal(0.0, 2.0, ROWS).astype(np.float32),
    }


class OneBatch:
    """Hands the algorithm one batch as its whole rollout."""

    def __init__(self, data):
        self.data = data
        self.values = np.asarray(data.old_values)
        self.returns = np.asarray(data.returns)

    def get(self, batch_size=None):
        yield self.data


def on_policy(kind, masked, clipped_values):
    """One gradient step. The weight of the critic's loss is 1, and gradients are not clipped but where it is asked for."""
    generator = np.random.default_rng({"ppo": 1, "a2c": 2}[kind] + 10 * masked + 100 * clipped_values)
    common = dict(
        policy="MlpPolicy",
        env=Still(),
        learning_rate=0.01,
        ent_coef=0.05,
        vf_coef=1.0,
        max_grad_norm=1e9,
        policy_kwargs=dict(net_arch=HIDDEN),
        device="cpu",
    )
    if kind == "ppo":
        clip = dict(n_steps=ROWS, batch_size=ROWS, n_epochs=1, clip_range=0.2)
        clip["clip_range_vf"] = 0.3 if clipped_values else None
        model = (MaskablePPO if masked else PPO)(**common, **clip)
    else:
        model = A2C(**common, use_rms_prop=False, normalize_advantage=True)
    randomize(model, generator)
    given = batch(generator, masked)
    tensors = {name: th.as_tensor(value) for name, value in given.items()}
    actor, critic = actor_critic(model)
    before = {"actor": layers(*actor), "critic": layers(*critic)}
    with th.no_grad():
        arguments = dict(action_masks=given["masks"]) if masked else {}
        _, log_probabilities, _ = model.policy.evaluate_actions(
            tensors["observations"], tensors["actions"], **arguments
        )
    # The policy that acted was a slightly other one: some ratios are clipped.
    old = log_probabilities + th.as_tensor(generator.normal(0.0, 0.25, ROWS).astype(np.float32))

    class Data:
        observations = tensors["observations"]
        actions = tensors["actions"].reshape(-1, 1) if kind == "a2c" else tensors["actions"]
        old_values = tensors["old_values"]
        old_log_prob = old
        advantages = tensors["advantages"]
        returns = tensors["advantages"] + tensors["old_values"]
        action_masks = given["masks"]

    told = {}
    model._logger = type("Log", (), {"record": lambda self, key, value, exclude=None: told.__setitem__(key, value)})()
    model.rollout_buffer = OneBatch(Data)
    model.train()
    return {
        "hidden": HIDDEN,
        "activation": "tanh",
        "learning_rate": 0.01,
        "entropy_coefficient": 0.05,
        "clip_range": 0.2 if kind == "ppo" else None,
        "value_clip_range": 0.3 if clipped_values else None,
        "masked": masked,
        "observations": numbers(given["observations"]),
        "actions": [int(action) for action in given["actions"]],
        "masks": [int(sum(1 << a for a in range(ACTIONS) if mask[a])) for mask in given["masks"]],
        "old_values": numbers(given["old_values"]),
        "old_log_probabilities": numbers(old),
        "advantages": numbers(given["advantages"]),
        "before": before,
        "policy_loss": float(told.get("train/policy_gradient_loss", told.get("train/policy_loss"))),
        "value_loss": float(told["train/value_loss"]),
        "entropy": -float(told["train/entropy_loss"]),
        "approx_kl": float(told["train/approx_kl"]) if kind == "ppo" else None,
        "clip_fraction": float(told["train/clip_fraction"]) if kind == "ppo" else None,
        "gradients": {"actor": gradients(actor), "critic": gradients(critic)},
        "after": {"actor": layers(*actor), "critic": layers(*critic)},
    }


def clipped_norm():
    """What PyTorch makes of gradients whose norm is too great."""
    generator = np.random.default_rng(7)
    parameters = [th.nn.Parameter(th.zeros(*shape)) for shape in [(5, 3), (5,), (4, 5), (4,)]]
    for parameter in parameters:
        parameter.grad = th.tensor(generator.normal(0.0, 3.0, parameter.shape), dtype=th.float32)
    before = [numbers(parameter.grad) for parameter in parameters]
    norm = float(th.nn.utils.clip_grad_norm_(parameters, 0.5))
    return {"max_norm": 0.5, "before": before, "norm": norm, "after": [numbers(p.grad) for p in parameters]}


def gae():
    """Advantages at λ 0.9 over two environments, one of which is terminated and one truncated in the middle."""
    generator = np.random.default_rng(3)
    steps, envs, gamma, lam = 6, 2, 0.95, 0.9
    rewards = generator.normal(0.0, 1.0, (steps, envs)).astype(np.float32)
    values = generator.normal(0.0, 1.0, (steps, envs)).astype(np.float32)
    last_values = generator.normal(0.0, 1.0, envs).astype(np.float32)
    terminated = np.zeros((steps, envs), bool)
    truncated = np.zeros((steps, envs), bool)
    terminated[2, 0] = True
    truncated[3, 1] = True
    terminated[5, 1] = True
    final_values = {(3, 1): float(np.float32(generator.normal()))}
    buffer = RolloutBuffer(steps, Still.observation_space, Still.action_space, "cpu", lam, gamma, envs)
    starts = np.ones(envs)
    for step in range(steps):
        reward = rewards[step].copy()
        # As `collect_rollouts` does: what follows a truncation is added to the reward.
        for env in range(envs):
            if truncated[step, env]:
                reward[env] += gamma * final_values[step, env]
        buffer.add(
            np.zeros((envs, INPUTS)), np.zeros(envs), reward, starts, th.tensor(values[step]), th.zeros(envs)
        )
        starts = (terminated[step] | truncated[step]).astype(np.float32)
    buffer.compute_returns_and_advantage(th.tensor(last_values), starts)
    return {
        "envs": envs,
        "gamma": gamma,
        "lambda": lam,
        "rewards": numbers(rewards),
        "values": numbers(values),
        "last_values": numbers(last_values),
        "terminated": [bool(flag) for flag in terminated.ravel()],
        "truncated": [bool(flag) for flag in truncated.ravel()],
        "final_values": [final_values.get((step, env)) for step in range(steps) for env in range(envs)],
        "advantages": numbers(buffer.advantages),
        "returns": numbers(buffer.returns),
    }


def dqn(double, masked):
    """One gradient step of SB3's DQN; what it lacks (the double estimator, masks) is written out in PyTorch."""
    generator = np.random.default_rng(20 + double + 2 * masked)
    model = DQN(
        "MlpPolicy",
        Still(),
        learning_rate=0.01,
        gamma=0.9,
        max_grad_norm=1e9,
        policy_kwargs=dict(net_arch=HIDDEN),
        device="cpu",
        buffer_size=10,
    )
    randomize(model, generator)
    given = batch(generator, masked)
    rewards = generator.normal(0.0, 2.0, ROWS).astype(np.float32)
    dones = (generator.random(ROWS) < 0.3).astype(np.float32)
    following = generator.normal(0.0, 1.0, (ROWS, INPUTS)).astype(np.float32)

    class Data:
        observations = th.as_tensor(given["observations"])
        actions = th.as_tensor(given["actions"]).reshape(-1, 1)
        next_observations = th.as_tensor(following)
        rewards_ = th.as_tensor(rewards).reshape(-1, 1)
        dones_ = th.as_tensor(dones).reshape(-1, 1)

    net = [m for m in model.q_net.q_net if hasattr(m, "weight")]
    target = [m for m in model.q_net_target.q_net if hasattr(m, "weight")]
    before, target_weights = layers(*net), layers(*target)
    told = {}
    if double or masked:
        with th.no_grad():
            values = model.q_net_target(Data.next_observations)
            choosing = model.q_net(Data.next_observations) if double else values
            choosing = choosing.masked_fill(~th.as_tensor(given["masks"]), -th.inf)
            best = values.gather(1, choosing.argmax(1, keepdim=True))
            targets = Data.rewards_ + (1 - Data.dones_) * 0.9 * best
        current = model.q_net(Data.observations).gather(1, Data.actions)
        loss = th.nn.functional.smooth_l1_loss(current, targets)
        model.policy.optimizer.zero_grad()
        loss.backward()
        model.policy.optimizer.step()
        told["train/loss"] = loss.item()
    else:
        Data.rewards, Data.dones, Data.discounts = Data.rewards_, Data.dones_, None
        model.replay_buffer = type("Memory", (), {"sample": lambda self, *_, **__: Data})()
        model._logger = type("Log", (), {"record": lambda self, key, value, exclude=None: told.__setitem__(key, value)})()
        model.train(1, batch_size=ROWS)
    return {
        "hidden": HIDDEN,
        "activation": "relu",
        "learning_rate": 0.01,
        "gamma": 0.9,
        "double": double,
        "masked": masked,
        "observations": numbers(given["observations"]),
        "actions": [int(action) for action in given["actions"]],
        "rewards": numbers(rewards),
        "next_observations": numbers(following),
        "next_masks": [int(sum(1 << a for a in range(ACTIONS) if mask[a])) for mask in given["masks"]],
        "terminated": [bool(done) for done in dones],
        "before": before,
        "target": target_weights,
        "loss": float(np.mean(told["train/loss"])),
        "gradients": gradients(net),
        "after": layers(*net),
    }


def main():
    th.manual_seed(0)
    golden = {
        "gae": gae(),
        "clipped_norm": clipped_norm(),
        "ppo": [on_policy("ppo", False, False), on_policy("ppo", True, False), on_policy("ppo", False, True)],
        "a2c": [on_policy("a2c", False, False)],
        "dqn": [dqn(False, False), dqn(True, False), dqn(True, True), dqn(False, True)],
    }
    for name, content in golden.items():
        (HERE / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
