#!/usr/bin/env bash
# Sets up a checkout: system packages (Debian, Ubuntu), virtual environment, locked dependencies.
set -euo pipefail
cd "$(dirname "$0")/.."

# Qt's libraries for the window, a private D-Bus for the radio bench, and Python's venv.
packages=(libegl1 libgl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0
  libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xkb1
  dbus-daemon)
python=${PYTHON:-python3}

if command -v dpkg-query >/dev/null; then
  "$python" -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
  missing=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  if ((${#missing[@]})); then
    as_root=()
    if [[ $(id -u) != 0 ]]; then as_root=(sudo); fi
    if [[ $(id -u) == 0 ]] || sudo -n true 2>/dev/null; then
      echo "Installing system packages: ${missing[*]}"
      "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive bash -c '
        apt-get -qq update && apt-get -qq install -y --no-install-recommends "$@" >/dev/null
      ' install "${missing[@]}"
    else
      echo "These system packages are missing. Install them, then run make again:" >&2
      echo "  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
      exit 1
    fi
  fi
elif [[ $(uname) == Linux ]]; then
  echo "Not a Debian system: Qt needs EGL, GL, fontconfig, xkbcommon and xcb-cursor; the tests" \
    "need dbus-daemon. Install them with your package manager if the window does not start."
fi

"$python" - <<'CHECK'
import sys
if not (3, 11) <= sys.version_info < (3, 15):
    sys.exit(f"Python 3.11 to 3.14 is needed, this is {sys.version.split()[0]}; set PYTHON=...")
CHECK
[[ -x .venv/bin/python ]] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
  -r requirements/dev.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
  --no-build-isolation --editable .
