#!/usr/bin/env bash
# What a gateway costs in front of a Git server, against going to the same server directly: interleaved rounds, medians, and a table with the goals.
#   bench/upstream.sh [ROUNDS]     PORTCULLIS=<a published program> measures that one; CLONES=<n> and WARM_UP=<n> shorten it
#   It needs the program (dotnet build -c Release), git, python3; nginx and fcgiwrap, too, for the second server
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec python3 bench/upstream/measure.py "${1:-200}"
