# The two commands: `make run` (a page with a trained agent driving) and `make test` (all that a change must pass).
# Both set up what they need and say so; what is already there is not made again.

CARGO_FLAGS := --release --locked
# The benches have no tests, and what they need would change features of what everything is built on: it would all be
# compiled a second time. They are linted with the rest.
# The Python package has its tests in Python.
TESTED := --workspace --exclude daladala-benches --exclude daladala-python
HOST ?= 127.0.0.1
PORT ?= 5000
MODEL ?= ppo
# Vite needs Node.js 20.19 or newer.
HAS_NODE := $(shell command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null && echo yes)
# What `make test-gpu` compares with the CPU: wgpu or cuda.
GPU ?= wgpu
PYTHON ?= python3
# What `daladala --version` says it was built of.
export DALADALA_COMMIT := $(shell git rev-parse --short HEAD 2>/dev/null)
TARGET := $(or $(CARGO_TARGET_DIR),target)
FUZZED := archive pickle weights recording frames requests scenario
FUZZ_SECONDS ?= 60
# What fuzzing builds, and the inputs that it finds.
FUZZ := $(abspath $(TARGET))/fuzz
# Where the Python package is built and tested: made anew when what it needs changes.
VENV := $(abspath $(TARGET))/python-venv
# Libraries that pin versions of what others need, beside those of the first.
ADAPTERS_VENV := $(abspath $(TARGET))/python-adapters-venv
CHROMIUM ?= $(shell command -v chromium 2>/dev/null || echo /usr/bin/chromium)
export CHROMIUM
VIEWER_SOURCES := $(shell find viewer/src viewer/public viewer/index.html viewer/vite.config.ts -type f 2>/dev/null)

.PHONY: run build test lint lint-python test-rust test-gpu test-clients test-python test-adapters test-viewer test-browser fuzz wheel sdist tools redis chromium clean

run: build
	@target/release/daladala serve --host $(HOST) --port $(PORT) --model $(MODEL)

build: $(if $(HAS_NODE),viewer/dist/index.html,no-node)
	@echo "==> Building the program (minutes the first time, seconds after that)"
	@cargo build $(CARGO_FLAGS)

# The browser tests run the program with the viewer inside, so the viewer is built first.
test: lint test-viewer build test-rust test-clients test-python test-browser
	@echo "==> All tests passed"

lint: lint-python viewer/node_modules/.package-lock.json
	@echo "==> Formatting and lints"
	@cargo fmt --all --check
	@cargo clippy $(CARGO_FLAGS) --workspace --all-targets --quiet -- -D warnings
	@cargo clippy $(CARGO_FLAGS) -p daladala-agents --no-default-features --quiet -- -D warnings
	@cargo clippy $(CARGO_FLAGS) -p daladala-env --all-targets --all-features --quiet -- -D warnings
	@RUSTDOCFLAGS="-D warnings" cargo doc $(CARGO_FLAGS) --workspace --no-deps --quiet
	@cd viewer && npm run --silent check && npm run --silent lint

test-rust: tools redis
	@echo "==> Rust tests"
	@cargo nextest run $(CARGO_FLAGS) $(TESTED) --no-fail-fast
	@cargo nextest run $(CARGO_FLAGS) -p daladala-env --features exact --no-fail-fast -E 'binary(exact) | test(city::exact)'
	@cargo test $(CARGO_FLAGS) $(TESTED) --doc --quiet

# Not a part of `test`: it compiles some two hundred crates more. A device that this machine lacks is SKIPPED, loudly.
test-gpu: tools
	@echo "==> GPU tests (many minutes to build the first time)"
	@cargo clippy $(CARGO_FLAGS) -p daladala-agents -p daladala-learning --all-targets --features $(GPU) --quiet -- -D warnings
	@cargo nextest run $(CARGO_FLAGS) -p daladala-agents -p daladala-learning --features $(GPU) --test devices --no-capture

test-clients: build
	@echo "==> The original system's clients"
	@server/tests/original/run

# Not a part of `test`: fuzzing finds something new or nothing at all. What it finds becomes a plain test. Sanitizers are
# a nightly feature, which the stable compiler has behind RUSTC_BOOTSTRAP.
fuzz:
	@cargo fuzz --version >/dev/null 2>&1 || { echo "==> Installing cargo-fuzz"; cargo install --locked cargo-fuzz; }
	@for target in $(FUZZED); do \
		case $$target in \
			archive) seeds=agents/tests/fixtures/sb3;; \
			weights) seeds=models/classic;; \
			*) seeds=fuzz/corpus/$$target;; \
		esac; \
		echo "==> Fuzzing $$target for $(FUZZ_SECONDS) s"; mkdir -p $(FUZZ)/corpus/$$target; \
		RUSTC_BOOTSTRAP=1 cargo fuzz run --fuzz-dir fuzz --target-dir $(FUZZ)/build $$target \
			$(FUZZ)/corpus/$$target $$seeds -- -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
			|| exit 1; \
	done

wheel: $(if $(HAS_NODE),viewer/dist/index.html,no-node) $(VENV)/.requirements
	@echo "==> Building the Python package (target/wheels)"
	@rm -rf target/wheels
	@$(VENV)/bin/maturin build $(CARGO_FLAGS) --quiet --compatibility linux --out target/wheels

# What PyPI gets beside wheels. It is built with the versions of Cargo.lock, though not with --locked: crates that are not
# part of it are missing there.
sdist: $(if $(HAS_NODE),viewer/dist/index.html,no-node) $(VENV)/.requirements
	@echo "==> Packing the sources of the Python package (target/wheels)"
	@$(VENV)/bin/maturin sdist --out target/wheels

lint-python: $(VENV)/.requirements
	@echo "==> Lints of the Python package"
	@$(VENV)/bin/ruff check --quiet python examples/python
	@$(VENV)/bin/ruff format --check --quiet python examples/python
	@$(VENV)/bin/pyright --pythonpath $(VENV)/bin/python
	@$(VENV)/bin/mypy --strict --no-error-summary --cache-dir=/dev/null python/daladala

test-python: wheel
	@echo "==> Python tests"
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall target/wheels/*.whl
	@cd python/tests && $(VENV)/bin/python -m pytest -q -rs -c ../../pyproject.toml --rootdir . .

# Not a part of `test`: it installs some 700 MB more (Ray), and what can't be installed is skipped, loudly.
test-adapters: wheel
	@echo "==> Tests of the adapters to other libraries"
	@test -d $(ADAPTERS_VENV) || $(PYTHON) -m venv $(ADAPTERS_VENV)
	@echo "$(VENV)/lib/$$($(VENV)/bin/python -c 'import sys; print("python%d.%d" % sys.version_info[:2])')/site-packages" > $$($(ADAPTERS_VENV)/bin/python -c 'import site; print(site.getsitepackages()[0])')/tested.pth
	@grep -v '^#' python/requirements-adapters.txt | while read -r line; do \
		$(ADAPTERS_VENV)/bin/pip install --quiet --disable-pip-version-check $$line || echo "NOT INSTALLED: $$line"; done
	@$(ADAPTERS_VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall target/wheels/*.whl
	@cd python/tests && $(ADAPTERS_VENV)/bin/python -m pytest -q -rs -c ../../pyproject.toml --rootdir . test_adapters.py test_ray.py

$(VENV)/.requirements: python/requirements.txt
	@echo "==> Installing what the Python package is tested with (some 3 GB the first time: PyTorch)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: this needs Python 3.11 or newer: name it as PYTHON" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -r python/requirements.txt
	@touch $@

test-viewer: viewer/node_modules/.package-lock.json
	@echo "==> Viewer tests"
	@cd viewer && npm test --silent

test-browser: build chromium viewer/node_modules/.package-lock.json
	@echo "==> Browser tests"
	@cd viewer && npm run --silent e2e

viewer/node_modules/.package-lock.json: viewer/package.json viewer/package-lock.json
	@command -v npm >/dev/null || { echo "error: this needs Node.js 20.19 or newer (with npm)" >&2; exit 1; }
	@echo "==> Installing the viewer's packages"
	@cd viewer && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund --silent
	@touch $@

viewer/dist/index.html: viewer/node_modules/.package-lock.json $(VIEWER_SOURCES)
	@echo "==> Building the viewer"
	@cd viewer && npm run --silent build
	@touch $@

.PHONY: no-node
no-node:
	@echo "==> No Node.js 20.19 or newer with npm here: the server will show a page that says how to get the viewer"

tools:
	@cargo nextest --version >/dev/null 2>&1 || { echo "==> Installing cargo-nextest"; cargo install --locked cargo-nextest; }

# The tests of servers that show each other's rooms have one of their own.
redis:
	@command -v redis-server >/dev/null && command -v redis-cli >/dev/null || { \
		echo "==> Installing Redis"; \
		command -v apt-get >/dev/null || { echo "error: the tests need redis-server: install it" >&2; exit 1; }; \
		SUDO=$$(test "$$(id -u)" = 0 || echo sudo); \
		$$SUDO apt-get update -qq && $$SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq redis-server >/dev/null; }

chromium:
	@test -x "$(CHROMIUM)" || { \
		echo "==> Installing Chromium"; \
		command -v apt-get >/dev/null || { echo "error: the browser tests need Chromium: install it and set CHROMIUM to its path" >&2; exit 1; }; \
		SUDO=$$(test "$$(id -u)" = 0 || echo sudo); \
		$$SUDO apt-get update -qq && $$SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; }

clean:
	cargo clean
	rm -rf viewer/dist viewer/node_modules viewer/test-results
