#!/bin/sh
# Starts coturn as a relay to the media ports of Tribune and to nothing else. As root, in a container or on a machine with coturn and
# nftables: it sets the rules of the firewall, and hands the rest to the user `turnserver`.
#
# TURN_SECRET    as the servers of Tribune have it
# MEDIA_ADDRESS  their MEDIA_ANNOUNCED_ADDRESS: addresses or names, with commas between
# MEDIA_PORTS    their media ports, first-last
# RELAY_PORTS    UDP ports of this machine to relay from, first-last
# EXTERNAL_IP    where people reach those, where it is another address than the machine has
set -eu

: "${TURN_SECRET:?is not set}" "${MEDIA_ADDRESS:?is not set}"
MEDIA_PORTS=${MEDIA_PORTS:-20000-20007}
RELAY_PORTS=${RELAY_PORTS:-49160-49199}

# First of all: without these rules nothing is relayed.
nft -f - <<END
table inet tribune_turn
delete table inet tribune_turn
table inet tribune_turn {
  chain output {
    type filter hook output priority filter
    udp sport $RELAY_PORTS udp dport != $MEDIA_PORTS drop
  }
  chain input {
    type filter hook input priority filter
    udp dport $RELAY_PORTS udp sport != $MEDIA_PORTS drop
  }
}
END

umask 077
conf=$(mktemp)
{
  cat "$(dirname "$0")/turnserver.conf"
  echo "static-auth-secret=$TURN_SECRET"
  echo "min-port=${RELAY_PORTS%-*}"
  echo "max-port=${RELAY_PORTS#*-}"
  if [ -n "${EXTERNAL_IP:-}" ]; then echo "external-ip=$EXTERNAL_IP"; fi
  for address in $(echo "$MEDIA_ADDRESS" | tr ',' ' '); do
    found=$(getent ahosts "$address") || { echo "MEDIA_ADDRESS: $address leads to no address" >&2; exit 1; }
    echo "$found" | sed 's/[[:space:]].*//; s/^/allowed-peer-ip=/' | sort -u
  done
} >"$conf"
chown turnserver "$conf"

unset TURN_SECRET
exec setpriv --reuid=turnserver --regid=turnserver --clear-groups --inh-caps=-all --bounding-set=-all \
  turnserver -c "$conf" --pidfile=
