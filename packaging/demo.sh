#!/usr/bin/env bash
# The main job on embedded defaults: with a display in a window, without one off-screen.
set -euo pipefail
cd "$(dirname "$0")/.."
if [[ -n ${DISPLAY:-} || -n ${WAYLAND_DISPLAY:-} || $(uname) == Darwin ]]; then
  exec .venv/bin/ohx-desktop --demo
fi
echo "No display here: walking the window off-screen; its pictures go to demo-output/."
exec .venv/bin/ohx-desktop --demo --offscreen demo-output
