# Four words to learn: demo, test, check, package. Each sets up what it needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin

.PHONY: help setup demo test check lint types layers fuzz device-table ehr-table soak torture month links-torture links-sim test-hapi test-keycloak test-bluez benchmarks package lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

setup: .venv/.ready ## system packages, virtual environment, locked dependencies

.venv/.ready: requirements/dev.txt pyproject.toml packaging/setup.sh
	@packaging/setup.sh
	@touch $@

demo: setup ## the main job on virtual devices and a sandbox EHR
	@packaging/demo.sh

test: setup ## all tests
	@$(BIN)/pytest -q -m "not hapi and not keycloak" -n 4 --dist loadfile

check: setup lint types layers ## format, lint, types, layers and the fast tests
	@$(BIN)/pytest -q tests/unit tests/architecture -m "not hapi and not keycloak and not kill"

lint: setup
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: setup
	@$(BIN)/mypy

layers: setup
	@$(BIN)/lint-imports --no-cache

fuzz: setup ## a million random and mutated packets for each decoder
	@$(BIN)/python tests/fuzz/run.py

device-table: setup ## every family of devices against every fault, as a table
	@$(BIN)/python tests/figures/fault_table.py

ehr-table: setup ## every fault of an EHR: what a person is told, and what is in the EHR afterwards
	@$(BIN)/python tests/figures/ehr_fault_table.py

soak: setup ## ten thousand sessions in a row, and what the program held meanwhile
	@$(BIN)/python tests/figures/soak.py

links-torture: setup ## programs killed at every step of a token's renewal: whether the link survives
	@$(BIN)/python tests/figures/link_refresh.py

links-sim: setup ## ten thousand cloud links under their provider's limit, on a simulated clock
	@$(BIN)/python tests/figures/links_sim.py

torture: setup ## end the program at every step of a reading's way, cut the power, fill the disk
	@$(BIN)/python tests/torture/torture.py

month: setup ## a month without network and a hundred thousand readings, in virtual time
	@$(BIN)/python tests/figures/month.py

test-hapi: setup ## the same line against real HAPI FHIR JPA servers, R5 and R4
	@$(BIN)/pytest -q -m hapi tests

test-keycloak: setup ## signing in at a real Keycloak
	@$(BIN)/pytest -q -m keycloak tests

test-bluez: setup ## device sessions on a real bluetoothd, in a virtual machine (BLUEZ_VM_SET=small: the shorter set)
	@tests/bluez/run

benchmarks: setup ## each figure as a ratio against the bare way, in one run
	@benchmarks/run

package: setup ## a one-folder program under dist/
	@$(BIN)/pyinstaller --noconfirm --distpath dist --workpath build packaging/ohx-desktop.spec

lock: ## resolve dependencies anew for all systems (needs uv)
	@packaging/lock.sh

clean:
	@rm -rf build dist demo-output .venv/.ready
