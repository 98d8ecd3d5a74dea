# The servers, each with its own root of equal repositories, on a port of its own. Sourced by bench/compare.sh.
declare -A url pid
started=()

free_port() { while :; do local p=$((20000 + RANDOM % 20000)); (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }; done; }
wait_for() { # port name
  for _ in $(seq 300); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done
  say "$2 does not listen:"; cat "$work/logs/$2"* >&2; exit 1
}

start_server() {
  local server=$1 port root=$work/$1.root
  say "starting $server …"
  mkdir -p "$root"
  link_repositories "$root"
  port=$(free_port)
  url[$server]=http://127.0.0.1:$port
  start_"$server" "$port" "$root"
  pid[$server]=$!
  started+=($!)
  wait_for "$port" "$server"
}

stop_servers() {
  local process
  for process in "${started[@]}"; do kill -- "-$process" 2>/dev/null || kill "$process" 2>/dev/null || true; done
  wait "${started[@]}" 2>/dev/null || true
  [ -n "$groups" ] || return 0
  for group in "$groups"/*/ "$groups"; do
    for _ in $(seq 50); do rmdir "$group" 2>/dev/null && break; sleep 0.1; done
  done
}

# nginx_configuration FILE PORT ROOT SOCKET
nginx_configuration() {
  cat >"$1" <<CONF
$([ "$(id -u)" != 0 ] || echo "user root;")
daemon off; pid $1.pid; error_log $work/logs/nginx.error; worker_processes 2;
events { worker_connections 512; }
http {
  access_log off; client_max_body_size 0; keepalive_requests 1000000000;
  client_body_temp_path $1.b; proxy_temp_path $1.p; fastcgi_temp_path $1.f; uwsgi_temp_path $1.u; scgi_temp_path $1.s;
  server {
    listen 127.0.0.1:$2;
    location / {
      fastcgi_pass unix:$4; fastcgi_buffering off; fastcgi_request_buffering off; fastcgi_read_timeout 3600;
      fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend; fastcgi_param GIT_PROJECT_ROOT $3; fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param GIT_CONFIG_COUNT 1; fastcgi_param GIT_CONFIG_KEY_0 safe.directory; fastcgi_param GIT_CONFIG_VALUE_0 *;
      fastcgi_param PATH_INFO \$uri; fastcgi_param QUERY_STRING \$query_string; fastcgi_param REQUEST_METHOD \$request_method; fastcgi_param CONTENT_TYPE \$content_type;
      fastcgi_param CONTENT_LENGTH \$content_length; fastcgi_param GIT_PROTOCOL \$http_git_protocol; fastcgi_param HTTP_CONTENT_ENCODING \$http_content_encoding;
      fastcgi_param REMOTE_USER bench;
    }
  }
}
CONF
}

# nginx_with_backend GROUP PORT ROOT: nginx and fcgiwrap in one group.
nginx_with_backend() {
  nginx_configuration "$work/$1.nginx" "$2" "$3" "$work/$1.socket"
  in_group "$1" "$work/logs/$1.fcgiwrap" fcgiwrap -c 8 -s "unix:$work/$1.socket"
  started+=($!)
  in_group "$1" "$work/logs/$1.nginx" nginx -c "$work/$1.nginx" -p "$work"
}

start_nginx() { nginx_with_backend nginx "$1" "$2"; }

start_lighttpd() {
  cat >"$work/lighttpd.conf" <<CONF
server.bind = "127.0.0.1"
server.port = $1
server.document-root = "$2"
server.modules = ( "mod_alias", "mod_setenv", "mod_cgi" )
server.max-keep-alive-requests = 1000000
server.upload-dirs = ( "$work" )
server.stream-response-body = 2
alias.url = ( "/" => "$(git --exec-path)/git-http-backend/" )
cgi.assign = ( "" => "" )
setenv.set-environment = ( "GIT_PROJECT_ROOT" => "$2", "GIT_HTTP_EXPORT_ALL" => "1", "REMOTE_USER" => "bench",
  "GIT_CONFIG_COUNT" => "1", "GIT_CONFIG_KEY_0" => "safe.directory", "GIT_CONFIG_VALUE_0" => "*" )
CONF
  in_group lighttpd "$work/logs/lighttpd" lighttpd -D -f "$work/lighttpd.conf"
}

start_haproxy() {
  local behind; behind=$(free_port)
  nginx_with_backend haproxy "$behind" "$2"
  started+=($!)
  wait_for "$behind" haproxy
  cat >"$work/haproxy.cfg" <<CONF
global
  nbthread 2
defaults
  mode http
  timeout connect 10s
  timeout client 3600s
  timeout server 3600s
frontend git
  bind 127.0.0.1:$1
  http-request set-var(txn.token) http_auth_bearer
  http-request return status 401 content-type text/plain string "No token." unless { var(txn.token) -m len gt 0 }
  http-request set-var(txn.alg) var(txn.token),jwt_header_query('\$.alg')
  http-request set-var(txn.iss) var(txn.token),jwt_payload_query('\$.iss')
  http-request set-var(txn.aud) var(txn.token),jwt_payload_query('\$.aud')
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('\$.exp','int')
  http-request set-var(txn.now) date()
  http-request return status 401 content-type text/plain string "Not for us." unless { var(txn.iss) -m str https://idp.example.com } { var(txn.aud) -m str https://git.example.com }
  http-request return status 401 content-type text/plain string "Expired." unless { var(txn.exp),sub(txn.now) -m int gt 0 }
  acl rs256 var(txn.alg) -m str RS256
  acl es256 var(txn.alg) -m str ES256
  http-request return status 401 content-type text/plain string "Not accepted." unless rs256 or es256
  http-request return status 401 content-type text/plain string "Tampered." if rs256 !{ var(txn.token),jwt_verify(txn.alg,"$work/rsa.pub") 1 }
  http-request return status 401 content-type text/plain string "Tampered." if es256 !{ var(txn.token),jwt_verify(txn.alg,"$work/ec.pub") 1 }
  default_backend nginx
backend nginx
  http-reuse always
  server nginx 127.0.0.1:$behind
CONF
  in_group haproxy "$work/logs/haproxy" haproxy -db -f "$work/haproxy.cfg"
}

start_apache() {
  local modules=/usr/lib/apache2/modules
  cat >"$work/apache.conf" <<CONF
ServerRoot $work
ServerName 127.0.0.1
Listen 127.0.0.1:$1
PidFile $work/apache.pid
ErrorLog $work/logs/apache.error
DefaultRuntimeDir $work
$([ "$(id -u)" != 0 ] || printf 'User www-data\nGroup www-data\n')
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authn_core_module $modules/mod_authn_core.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule authz_user_module $modules/mod_authz_user.so
LoadModule alias_module $modules/mod_alias.so
LoadModule env_module $modules/mod_env.so
LoadModule setenvif_module $modules/mod_setenvif.so
LoadModule cgid_module $modules/mod_cgid.so
LoadModule auth_openidc_module $modules/mod_auth_openidc.so
ScriptSock $work/apache.cgid
KeepAlive On
MaxKeepAliveRequests 0
OIDCCryptoPassphrase bench
OIDCOAuthVerifyCertFiles rsa#$work/rsa.crt
OIDCOAuthRemoteUserClaim sub
SetEnv GIT_PROJECT_ROOT $2
SetEnv GIT_HTTP_EXPORT_ALL 1
SetEnv GIT_CONFIG_COUNT 1
SetEnv GIT_CONFIG_KEY_0 safe.directory
SetEnv GIT_CONFIG_VALUE_0 *
SetEnvIf Git-Protocol (.+) GIT_PROTOCOL=\$1
ScriptAlias / $(git --exec-path)/git-http-backend/
<Location />
  AuthType oauth20
  <RequireAll>
    Require valid-user
    Require claim iss:https://idp.example.com
    Require claim aud:https://git.example.com
  </RequireAll>
</Location>
CONF
  [ "$(id -u)" != 0 ] || chown -R www-data: "$work/apache.root/bench/chain.git"
  in_group apache "$work/logs/apache" apache2 -f "$work/apache.conf" -DFOREGROUND
}

# portcullis_configuration FILE PORT ROOT DATA
portcullis_configuration() {
  cat >"$1" <<CONF
server: { listen: ["http://127.0.0.1:$2"], publicUrl: "http://127.0.0.1:$2" }
data: $4
repositories: { root: $3 }
issuers:
  - issuer: https://idp.example.com
    audience: https://git.example.com
    jwks: $work/jwks.json
    algorithms: [ RS256, ES256 ]
    maxLifetime: 1d
    permissions: token
CONF
}

# Started twice: what is measured at rest is an installation that stands, and the very first start has a row of its own.
start_portcullis() {
  portcullis_configuration "$work/portcullis.yaml" "$1" "$2" "$work/data"
  in_group portcullis "$work/logs/portcullis.first" "$portcullis" serve --config "$work/portcullis.yaml"
  wait_for "$1" portcullis
  kill "$!"; wait "$!" 2>/dev/null || true
  in_group portcullis "$work/logs/portcullis" "$portcullis" serve --config "$work/portcullis.yaml"
}
