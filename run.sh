#!/usr/bin/env bash
# Builds Portcullis and starts a demo: a server with a repository, somebody's token, and lines to paste into another terminal.
# Anything after the script's name goes to `portcullis demo`; see `./run.sh --help`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

command -v git >/dev/null || { echo "git is missing. Debian: apt-get install git" >&2; exit 1; }
command -v dotnet >/dev/null || { echo "The .NET 10 SDK is missing: Portcullis is built with it." >&2; exit 1; }
case "$(dotnet --version 2>/dev/null)" in
  10.* | 11.*) ;;
  *) echo "The .NET 10 SDK is needed; here is: $(dotnet --version 2>&1 | head -1)" >&2; exit 1 ;;
esac

echo "building …" >&2
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
# As it is shipped: compiled ahead of time for this machine, so that it starts in half of the processor time.
dotnet publish src/Portcullis.Server -c Release --use-current-runtime --no-self-contained -v quiet -nologo -clp:NoSummary
exec dotnet artifacts/publish/Portcullis.Server/release/portcullis.dll demo --folder data/demo "$@"
