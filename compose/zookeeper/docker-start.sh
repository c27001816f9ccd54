#!/usr/bin/env bash
# Starts a node on the properties of all nodes, and what differs between them: NODE, its number.
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
# JVM is several words.
# shellcheck disable=SC2086
exec java $JVM -Xmx96m \
  -javaagent:/opt/platform/agents/jmx_prometheus_javaagent-1.0.1.jar=9404:/etc/platform/jmx.yml \
  -Dzookeeper.sessionRequireClientSASLAuth=true -Djava.security.auth.login.config=/run/secrets/zookeeper.jaas \
  -Dlog4j.configuration=file:/etc/platform/log4j.properties \
  -cp '/opt/platform/kafka/*' org.apache.zookeeper.server.quorum.QuorumPeerMain "$properties"
