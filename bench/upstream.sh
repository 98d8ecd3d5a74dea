#!/usr/bin/env bash
# What a gateway costs in front of a Git server, against going to the same server directly: interleaved rounds, medians.
#   bench/upstream.sh [ROUNDS]     needs the program (dotnet build -c Release), git, python3; nginx and fcgiwrap, too, for the second server
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 bench/upstream/measure.py "${1:-200}"
