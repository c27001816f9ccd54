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
# Only the node gets its agent: ZooKeeper's commands, run beside it, would want the same port.
export KAFKA_OPTS="$KAFKA_OPTS -javaagent:/opt/platform/agents/jmx_prometheus_javaagent-1.0.1.jar=9404:/etc/platform/jmx.yml"
exec zookeeper-server-start "$properties"
