#!/usr/bin/env bash
# Measures how soon something that is revoked is refused, and how soon a clone that it opened is cut: with the real program, by the real commands, from the end of each command.
# Runs the end-to-end test that asserts the same, and prints what it measured.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
dotnet build test/Portcullis.EndToEnd -c Release -v quiet -nologo -clp:NoSummary
figures=$(mktemp)
trap 'rm -f "$figures"' EXIT
PORTCULLIS_FIGURES=$figures dotnet artifacts/bin/Portcullis.EndToEnd/release/Portcullis.EndToEnd.dll -noColor -noLogo -class '*Emergency'
printf '\n'
cat "$figures"
