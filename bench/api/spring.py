"""The peer: a Spring Boot application on the platform's own tables, built by Maven from bench/peers/spring."""

import os
import re
import shutil
import subprocess
import sys

from bench.api.servers import Server
from bench.mysql import MySQL
from native.layout import ROOT

SOURCES = ROOT / "bench" / "peers" / "spring"
JAR = ROOT / "var" / "bench" / "spring" / "shop.jar"
NEEDED = (17, "sudo apt-get install maven openjdk-17-jdk-headless")
HEAP = "512m"
WARM_SECONDS = 10
"""for each kind of request: the JVM compiles what is called often, and is fast only then"""


def build() -> None:
    """Build it where sources are newer; ends with a sentence where Maven or Java is missing."""
    refuse_without_java()
    if JAR.exists() and JAR.stat().st_mtime > max(file.stat().st_mtime for file in SOURCES.rglob("*")):
        return
    command = ["mvn", "--quiet", "--batch-mode", "-Dstyle.color=never", "--file", str(SOURCES / "pom.xml"), "package"]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"The peer could not be built. Try it alone: {' '.join(command)}")


def refuse_without_java() -> None:
    release, command = NEEDED
    if not (shutil.which("mvn") and java_release() >= release):
        sys.exit(f"The peer, a Spring Boot application, is built by Maven with Java {release} or later: {command}")


def java_release() -> int:
    """Of the Java that is first in the path; 0: there is none."""
    if not shutil.which("javac"):
        return 0
    told = subprocess.run(["javac", "-version"], text=True, capture_output=True, check=False)
    found = re.search(r"javac (\d+)", told.stdout + told.stderr)
    return int(found[1]) if found else 0


def versions() -> dict[str, str]:
    """Of all that the peer consists of and runs on."""
    pom = (SOURCES / "pom.xml").read_text()
    boot = re.search(r"<artifactId>spring-boot-starter-parent</artifactId>\s*<version>(.*?)</version>", pom)
    assert boot
    told = subprocess.run(["java", "-version"], text=True, capture_output=True, check=True)
    return {"Spring Boot": boot[1], "Java": told.stderr.splitlines()[0]}


def spring(mysql: MySQL) -> Server:
    """As one runs it in production: the default collector and compilers, and a heap that is large enough."""
    environment = {
        "MYSQL_PORT": str(mysql.port),
        "MYSQL_USER": "platform",
        "MYSQL_PASSWORD": mysql.password("platform"),
        "SCHEMA": str(ROOT / "schemas" / "transaction.avsc"),
    }
    command = [shutil.which("java") or "java", f"-Xmx{HEAP}", "-jar", str(JAR)]
    return Server("spring", command, os.environ | environment, "/transactions", WARM_SECONDS)
