#!/bin/sh
# Makes a certificate for Redis, by an authority that signs nothing else: ca.crt is for the nodes, tls.crt and tls.key are for Redis.
#
# certificates.sh FOLDER NAME    NAME: the host in REDIS_URL
set -eu
cd "$1"
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=Tribune's Redis" \
  -keyout ca.key -out authority.crt 2>/dev/null
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" -keyout tls.key -out tls.csr 2>/dev/null
printf 'subjectAltName=DNS:%s,DNS:localhost\n' "$2" >extensions
openssl x509 -req -in tls.csr -CA authority.crt -CAkey ca.key -CAcreateserial -days 3650 -extfile extensions -out tls.crt 2>/dev/null
# The next certificate comes from the next authority.
rm -f ca.key ca.srl tls.csr extensions
chmod 644 authority.crt tls.crt
# Last, since whoever finds it finds all.
mv authority.crt ca.crt
