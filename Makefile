# Two commands: `make app` and `make test`. Each sets up all it needs in .venv on its first run.

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501

# libgomp's threads otherwise spin while they wait; with the server, a worker and a browser on the
# same cores that made training four times slower.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: app test check format gallery figures clean

app: .venv/app.ready ## serve the app and open the browser on a living map
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: .venv/test.ready ## check the style, then run every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --threads
	$(BIN)/python -m pytest -n 2 --no-loadscope-reorder -m "not alone"
	$(BIN)/python -m pytest -m alone tests/jobs

format: .venv/test.ready ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

gallery: .venv/app.ready ## train and measure the shipped runs that are not there yet
	$(BIN)/python -m vizmodels.shipped

figures: .venv/test.ready ## take the pictures of the README from real runs
	$(BIN)/python -m bench.pictures
	$(BIN)/python -m bench.sheets
	$(BIN)/python -m bench.clip

clean: ## remove the environment
	rm -rf .venv

.venv/app.ready: requirements.txt
	$(call install,requirements.txt)
	touch $@

.venv/test.ready: requirements.txt requirements-dev.txt
	$(call install,requirements-dev.txt)
	touch .venv/app.ready $@

# uv installs the stack in half a minute where pip takes several; pip fetches uv where it is not
# there, and does the work itself where there is no uv for this machine.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python must be 3.11 or newer; got $$($(PYTHON) -V). Call make PYTHON=python3.x"; exit 1; }
	@if command -v uv >/dev/null; then \
		uv venv --quiet --allow-existing --python $(PYTHON) .venv && \
		uv pip install --python .venv -r $(1); \
	else \
		$(PYTHON) -m venv .venv && \
		{ $(BIN)/python -m pip install --quiet uv && $(BIN)/uv pip install --python .venv -r $(1) || \
		$(BIN)/python -m pip install -r $(1); }; \
	fi
endef
