"""An `EnvRunner` for RLlib that hands out whole chunks of episodes: Python costs once a chunk, and not once a step."""

import json
import uuid
from typing import Any

import numpy as np
import torch
from ray.rllib.core.columns import Columns  # pyright: ignore[reportMissingImports]
from ray.rllib.env.single_agent_env_runner import SingleAgentEnvRunner  # pyright: ignore[reportMissingImports]
from ray.rllib.env.single_agent_episode import SingleAgentEpisode  # pyright: ignore[reportMissingImports]
from ray.rllib.utils.metrics import WEIGHTS_SEQ_NO  # pyright: ignore[reportMissingImports]

from daladala import _native
from daladala._rules import Rules
from daladala.policy import Policy
from daladala.sampling import Sampler

LARGEST_SEED = 2**63
"""Seeds are drawn below this where RLlib gives none."""


class FragmentEnvRunner(SingleAgentEnvRunner):  # type: ignore[misc]  # Ray tells no types.
    """Drives environments and policy in Rust, for `config.env_runners(env_runner_cls=FragmentEnvRunner)`.

    It is for `daladala.rllib.register()`'s environments with
    `gym_env_vectorize_mode=gymnasium.VectorizeMode.VECTOR_ENTRY_POINT`, and for PPO's default module: an encoder and a
    head of dense layers with ReLU or tanh. Connectors of your own have no part in it, nor have callbacks of single
    steps. Episodes are numpy, and hold what RLlib's own hold; those that go on are handed out as chunks.
    """

    _sampler: Sampler | None = None
    _going_on: list[tuple[str, int]]

    def _sample(
        self,
        *,
        num_timesteps: int | None = None,
        num_episodes: int | None = None,
        explore: bool,
        random_actions: bool = False,
        force_reset: bool = False,
    ) -> list[Any]:
        """See `SingleAgentEnvRunner`, which evaluates: without exploration all is as there."""
        if num_timesteps is None or random_actions or not explore:
            episodes: list[Any] = super()._sample(
                num_timesteps=num_timesteps,
                num_episodes=num_episodes,
                explore=explore,
                random_actions=random_actions,
                force_reset=force_reset,
            )
            return episodes
        rules: Rules = self.env.unwrapped._rules
        if self._sampler is None or force_reset:
            self._begin(rules)
        assert self._sampler is not None
        policy = self._policy(rules)
        steps = -(-num_timesteps // self.num_envs)
        fragment = self._sampler.sample(policy.to_bytes(), steps)
        observations = fragment["observations"]
        logits = policy.outputs(observations.reshape(-1, observations.shape[-1])).reshape(steps, self.num_envs, -1)
        done, going_on = self._episodes(fragment, logits)
        self._done_episodes_for_metrics.extend(done)
        for episode in going_on:
            self._ongoing_episodes_for_metrics[episode.id_].append(episode)
        count = steps * self.num_envs
        self._log_env_steps(metric=self._metrics_num_env_steps_sampled, num_steps=count)
        self._increase_sampled_metrics(count, len(done))
        return done + going_on

    def _begin(self, rules: Rules) -> None:
        given = self.config.seed
        seed = int(np.random.default_rng(None if given is None else [given, self.worker_index]).integers(LARGEST_SEED))
        overrides = {field: json.loads(value) for field, value in rules.overrides}
        self._sampler = Sampler(
            rules.name, num_envs=self.num_envs, seed=seed, scenario=rules.scenario, overrides=overrides
        )
        self._going_on = [(uuid.uuid4().hex, 0) for _ in range(self.num_envs)]

    def _policy(self, rules: Rules) -> Policy:
        """The module as it is now."""
        encoder = self.module.encoder
        encoder = encoder.actor_encoder if hasattr(encoder, "actor_encoder") else encoder.encoder
        layers, activations = _layers(encoder.net.mlp), _activations(encoder.net.mlp)
        layers += _layers(self.module.pi.net.mlp)
        kinds = activations | _activations(self.module.pi.net.mlp)
        if len(kinds) > 1 or not kinds <= {"relu", "tanh"}:
            raise ValueError(f"the module has {', '.join(sorted(kinds))}: FragmentEnvRunner knows one of relu and tanh")
        activation = kinds.pop() if kinds else "tanh"
        native = _native.Policy.of_layers(
            rules.name, rules.scenario, rules.overrides, layers, activation, sampled=False, seed=0
        )
        return Policy(native)

    def _episodes(self, fragment: dict[str, Any], logits: Any) -> tuple[list[Any], list[Any]]:
        """The chunks of a fragment: those whose episodes ended, and those whose go on."""
        steps = len(logits)
        ended = fragment["terminated"] | fragment["truncated"]
        # The number of each end, in the order of steps, then of environments.
        numbers = np.cumsum(ended).reshape(ended.shape) - 1
        done: list[Any] = []
        going_on: list[Any] = []
        for env in range(self.num_envs):
            begin = 0
            for end in [*(np.flatnonzero(ended[:, env]) + 1), steps]:
                last = int(end) - 1
                if begin > last:
                    continue
                is_over = bool(ended[last, env])
                last_seen = (
                    fragment["final_observations"][numbers[last, env]]
                    if is_over
                    else fragment["last_observations"][env]
                )
                name, t = self._going_on[env]
                span = slice(begin, last + 1)
                length = last + 1 - begin
                episode = SingleAgentEpisode(
                    id_=name,
                    observations=np.concatenate([fragment["observations"][span, env], last_seen[None]]),
                    infos=[{} for _ in range(length + 1)],
                    actions=fragment["actions"][span, env].astype(np.int64),
                    rewards=fragment["rewards"][span, env],
                    terminated=bool(fragment["terminated"][last, env]),
                    truncated=bool(fragment["truncated"][last, env] and not fragment["terminated"][last, env]),
                    extra_model_outputs={
                        Columns.ACTION_LOGP: fragment["log_probabilities"][span, env],
                        Columns.ACTION_DIST_INPUTS: logits[span, env],
                        WEIGHTS_SEQ_NO: np.full(length, self._weights_seq_no),
                    },
                    observation_space=self.env.single_observation_space,
                    action_space=self.env.single_action_space,
                    t_started=t,
                    len_lookback_buffer=0,
                )
                (done if is_over else going_on).append(episode)
                self._going_on[env] = (uuid.uuid4().hex, 0) if is_over else (name, t + length)
                begin = last + 1
        return done, going_on


def _layers(network: Any) -> list[tuple[Any, Any]]:
    linear = [layer for layer in network if isinstance(layer, torch.nn.Linear)]

    def numbers(tensor: Any) -> Any:
        return np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype=np.float32)

    return [(numbers(layer.weight), numbers(layer.bias)) for layer in linear]


def _activations(network: Any) -> set[str]:
    return {type(layer).__name__.lower() for layer in network if not isinstance(layer, torch.nn.Linear)}
