# The programs that are compared, and what makes the load. Sourced by bench/compare.sh.

# The Debian packages. Services that they bring are not started.
install_programs() {
  local packages=(nginx-light fcgiwrap lighttpd apache2 libapache2-mod-auth-openidc haproxy wrk curl openssl xxd python3 git) missing=() package policy=/usr/sbin/policy-rc.d made=''
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  # Another flavour of nginx does as well.
  if command -v nginx >/dev/null || [ -x /usr/sbin/nginx ]; then missing=("${missing[@]/nginx-light/}"); fi
  read -ra missing <<<"${missing[*]:-}"
  if [ ${#missing[@]} -gt 0 ]; then
    [ "$(id -u)" = 0 ] || { say "missing, and only root can install: ${missing[*]}"; exit 1; }
    say "installing ${missing[*]} …"
    if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; made=1; fi
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}"; } >"$work/apt.log" 2>&1 \
      || { cat "$work/apt.log" >&2; exit 1; }
    [ -z "$made" ] || rm -f $policy
  fi
  PATH=$PATH:/usr/sbin

  if [ -n "${program:-}" ]; then portcullis=$program/portcullis; return; fi
  say "building Portcullis …"
  # As it is shipped: compiled ahead of time for this kind of machine, with the runtime that is installed.
  dotnet publish src/Portcullis.Server -c Release --use-current-runtime --no-self-contained -o "$work/program" -v quiet -nologo -clp:NoSummary >&2
  portcullis=$work/program/portcullis
}
