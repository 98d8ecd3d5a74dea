# Tokens of an issuer that all trust: the same RS256 token for HAProxy, Apache and Portcullis. Sourced by bench/compare.sh.

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

make_tokens() {
  say "making tokens …"
  local now header payload input modulus audience=https://git.example.com
  openssl genrsa -out "$work/rsa.pem" 2048 2>/dev/null
  openssl rsa -in "$work/rsa.pem" -pubout -out "$work/rsa.pub" 2>/dev/null
  openssl req -x509 -key "$work/rsa.pem" -subj /CN=bench -days 2 -out "$work/rsa.crt" 2>/dev/null
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/ec.pem"
  openssl ec -in "$work/ec.pem" -pubout -out "$work/ec.pub" 2>/dev/null
  modulus=$(openssl rsa -in "$work/rsa.pem" -modulus -noout | sed 's/.*=//' | xxd -r -p | base64url)
  # The point behind the header of a SubjectPublicKeyInfo: 04, x, y.
  local point; point=$(openssl ec -in "$work/ec.pem" -pubout -outform DER 2>/dev/null | tail -c 64 | xxd -p -c 64)
  cat >"$work/jwks.json" <<JSON
{ "keys": [
  { "kty": "RSA", "kid": "rsa", "alg": "RS256", "use": "sig", "n": "$modulus", "e": "AQAB" },
  { "kty": "EC", "kid": "ec", "alg": "ES256", "use": "sig", "crv": "P-256", "x": "$(xxd -r -p <<<"${point:0:64}" | base64url)", "y": "$(xxd -r -p <<<"${point:64}" | base64url)" } ] }
JSON
  now=$(date +%s)
  payload=$(printf '{"iss":"https://idp.example.com","sub":"bench","aud":"%s","iat":%s,"exp":%s,"jti":"bench","client_id":"bench","scope":"git:*:pull,push,force,delete,init"}' \
    "$audience" "$now" "$((now + 43200))" | base64url)
  header=$(printf '{"typ":"at+jwt","alg":"RS256","kid":"rsa"}' | base64url)
  input=$header.$payload
  token=$input.$(printf %s "$input" | openssl dgst -sha256 -sign "$work/rsa.pem" | base64url)

  # Tampered so that the check has to be done: a number below the modulus, two numbers below the order of the curve.
  tampered=$input.$({ printf '\0'; openssl rand 255; } | base64url)
  tampered_es256=$(printf '{"typ":"at+jwt","alg":"ES256","kid":"ec"}' | base64url).$payload.$({ printf '\1'; openssl rand 31; printf '\1'; openssl rand 31; } | base64url)
  for server in $servers; do
    case $server in
      nginx | lighttpd) : >"$work/$server.gitconfig" ;;
      *) printf '[http]\n\textraHeader = Authorization: Bearer %s\n' "$token" >"$work/$server.gitconfig" ;;
    esac
  done
}
