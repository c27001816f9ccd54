#!/bin/sh
# `make docker`: looks whether this machine can, makes the secrets, starts everything, follows one order through all stages, and says
# where everything is. It needs Docker and a shell; what decides runs in a container (compose/docker/host.py).
set -eu
cd "$(dirname "$0")/../.."
export COMPOSE_FILE="${COMPOSE_FILE:-compose/docker-compose.yml}"
# The image that ours begin with: pulled anyway.
python=$(sed -n 's/^FROM \(python:[^ ]*\) AS build$/\1/p' compose/platform/Dockerfile)
accounts=compose/secrets/accounts.json

say() { printf '%s\n' "$@"; }

give_up() {
  printf '%s\n' "$*" >&2
  exit 1
}

decide() { docker run --rm --interactive --network none "$python" python -c "$(cat compose/docker/host.py)" "$@"; }

check_docker() {
  command -v docker >/dev/null || give_up "There is no Docker on this machine: https://docs.docker.com/engine/install/ says how to get it."
  engine=$(docker version --format '{{.Server.Version}}' 2>&1) ||
    give_up "Docker's engine does not answer. Start it, or let your user talk to it (group docker). It said: $engine"
  compose=$(docker compose version --short 2>/dev/null) ||
    give_up "Docker has no Compose: https://docs.docker.com/compose/install/ says how to get it (Debian: docker-compose)."
}

check_machine() {
  built=$(docker image ls --quiet data-platform:0.1.0)
  decide machine "$engine" "$compose" ${built:+built} </dev/null || exit 1
}

# Asks Docker itself to publish each port, to a container that ends at once.
check_ports() {
  docker compose config --format json | decide published | (
    taken=
    while read -r address variable; do
      docker run --rm --network bridge --publish "$address:1" "$python" true </dev/null >/dev/null 2>&1 ||
        taken="$taken$address is taken: end what listens there, or set $variable in compose/.env.
"
    done
    [ -z "$taken" ] || give_up "$taken"
  )
}

report() {
  docker compose ps --all --format json | decide unwell | while read -r service state; do
    say "" "== $service: $state; the end of its log:"
    docker compose logs --no-log-prefix --tail 20 "$service" </dev/null
  done
  give_up "
Not everything started. What ran stays; docs/operations-docker.md, \"When it does not start\", says what to do."
}

make_accounts() {
  (
    umask 077
    docker compose run --rm --no-deps -T api python manage.py make_demo_accounts </dev/null >"$accounts.part"
    mv "$accounts.part" "$accounts"
  )
}

follow_an_order() { docker compose exec -T api python -m compose.docker.first_order <"$accounts"; }

check_docker
# Parts that run already have taken memory and ports themselves.
if [ -z "$(docker compose ps --quiet 2>/dev/null)" ]; then
  say "Looking whether this machine can …"
  check_machine
  check_ports
fi
say "Making certificates and passwords …"
docker compose run --rm --build secrets </dev/null || give_up "The secrets could not be made."
say "Building and starting everything (the first time it takes some ten minutes) …"
docker compose up --build --detach --wait || report

say "Following one order …"
[ -s "$accounts" ] || make_accounts
code=0
follow_an_order || code=$?
# Of accounts that were made in a database that is no more.
if [ "$code" = 3 ]; then
  make_accounts
  code=0
  follow_an_order || code=$?
fi

api=http://$(docker compose port api 8000)
say "" "Addresses" \
  "  live page     $api/" \
  "  API           $api/docs" \
  "  fraud desk    $api/admin/" \
  "  health        $api/health" \
  "  Grafana       http://$(docker compose port grafana 3000)    admin, password in compose/secrets/grafana-admin" \
  "  Kafka         $(docker compose config --format json | decide published | sed -n 's/^.*:\([0-9]*\) KAFKA_\([0-9]\)_PORT$/kafka-\2:\1/p' | paste -s -d , -)" \
  "Logins (with tokens in $accounts)"
decide logins <"$accounts"
say "" "docker compose -f ${COMPOSE_FILE%%:*} down stops everything; the data stay."
exit "$code"
