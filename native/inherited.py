"""What our processes take over from the environment of whoever starts them."""

import os

TO_JVMS = {
    "CLASSPATH",
    "ES_JAVA_OPTS",
    "EXTRA_ARGS",
    "JAVA_OPTS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "JMX_PORT",
    "KAFKA_GC_LOG_OPTS",
    "KAFKA_HEAP_OPTS",
    "KAFKA_JMX_OPTS",
    "KAFKA_JVM_PERFORMANCE_OPTS",
    "KAFKA_LOG4J_OPTS",
    "KAFKA_OPTS",
    "LOG_DIR",
    "_JAVA_OPTIONS",
}
"""What is meant for some other Java: a heap, an agent or a port for one process is wrong for a dozen of them."""


def environment() -> dict[str, str]:
    """Our own environment, less what would change our Java processes: their options stand in compose/."""
    return {name: value for name, value in os.environ.items() if name not in TO_JVMS}
