#!/usr/bin/env bash
# Starts a node in Confluent's image on the properties of all nodes, and what differs between them: NODE, its number.
set -euo pipefail

data=/var/lib/zookeeper/data
properties=/tmp/zookeeper.properties

echo "$NODE" >"$data/myid"
{
  cat /etc/platform/zookeeper.properties
  echo "dataDir=$data"
  echo "clientPort=2181"
  for node in 1 2 3; do
    echo "server.$node=zookeeper-$node:2888:3888"
  done
} >"$properties"
exec zookeeper-server-start "$properties"
