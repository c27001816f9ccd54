"""The peer: a Spring Boot application on the platform's own tables, built by Maven from bench/peers/spring."""

import os
import re

from bench import maven
from bench.api.servers import Server
from bench.mysql import MySQL
from native.layout import ROOT

SOURCES = ROOT / "bench" / "peers" / "spring"
JAR = ROOT / "var" / "bench" / "spring" / "shop.jar"
HEAP = "512m"
WARM_SECONDS = 10
"""for each kind of request: the JVM compiles what is called often, and is fast only then"""


def build() -> None:
    """Build it where sources are newer; ends with a sentence where Maven or Java is missing."""
    maven.build(SOURCES, JAR)


def versions() -> dict[str, str]:
    """Of all that the peer consists of and runs on."""
    pom = (SOURCES / "pom.xml").read_text()
    boot = re.search(r"<artifactId>spring-boot-starter-parent</artifactId>\s*<version>(.*?)</version>", pom)
    assert boot
    return {"Spring Boot": boot[1], "Java": maven.java_version()}


def spring(mysql: MySQL) -> Server:
    """As one runs it in production: the default collector and compilers, and a heap that is large enough."""
    environment = {
        "MYSQL_PORT": str(mysql.port),
        "MYSQL_USER": "platform",
        "MYSQL_PASSWORD": mysql.password("platform"),
        "SCHEMA": str(ROOT / "schemas" / "transaction.avsc"),
    }
    command = [maven.java(), f"-Xmx{HEAP}", "-jar", str(JAR)]
    return Server("spring", command, os.environ | environment, "/transactions", WARM_SECONDS)
