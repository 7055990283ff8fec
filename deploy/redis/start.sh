#!/bin/sh
# Starts the Redis of a cluster: TLS alone, and a user `tribune` who can do what the nodes do and nothing else.
#
# REDIS_PASSWORD  of that user
# TLS_DIR         folder of ca.crt, tls.crt and tls.key; made at the first start where it is empty
# REDIS_HOST      the host in REDIS_URL, for the certificate that is made
# REDIS_PORT      6379 when unset
# DATA_DIR        folder of the append-only file
set -eu

: "${REDIS_PASSWORD:?is not set}"
TLS_DIR=${TLS_DIR:-/tls} DATA_DIR=${DATA_DIR:-/data}
here=$(dirname "$0")

# In a container as root: the folders may be new volumes.
if [ "$(id -u)" = 0 ] && id redis >/dev/null 2>&1; then
  chown redis:redis "$TLS_DIR" "$DATA_DIR"
  exec setpriv --reuid=redis --regid=redis --clear-groups sh "$0"
fi

if [ ! -e "$TLS_DIR/ca.crt" ]; then sh "$here/certificates.sh" "$TLS_DIR" "${REDIS_HOST:-redis}"; fi

umask 077
users=$(mktemp)
hash=$(printf %s "$REDIS_PASSWORD" | sha256sum | cut -d ' ' -f 1)
sed "s/PASSWORD_SHA256/$hash/" "$here/users.acl" >"$users"

unset REDIS_PASSWORD
exec redis-server --port 0 --tls-port "${REDIS_PORT:-6379}" --tls-auth-clients no \
  --tls-ca-cert-file "$TLS_DIR/ca.crt" --tls-cert-file "$TLS_DIR/tls.crt" --tls-key-file "$TLS_DIR/tls.key" \
  --aclfile "$users" --dir "$DATA_DIR" --save '' --appendonly yes --appendfsync everysec --maxmemory-policy noeviction
