#!/bin/bash
# The first start as docker-library's image has it, as far as compose/docker-compose.yml asks for it: root gets its password
# before anybody can reach the server, and can log in from this machine only.
set -euo pipefail
if [ "${1:-}" = mysqld ] && [ ! -d /var/lib/mysql/mysql ]; then
  umask 077
  printf "ALTER USER 'root'@'localhost' IDENTIFIED BY '%s';\n" "$(<"$MYSQL_ROOT_PASSWORD_FILE")" >/tmp/first.sql
  "$@" --initialize --init-file=/tmp/first.sql
  rm /tmp/first.sql
fi
exec "$@"
