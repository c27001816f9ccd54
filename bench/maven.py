"""Building peers with Maven, and the Java that they run on."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = (17, "sudo apt-get install maven openjdk-17-jdk-headless")


def build(sources: Path, made: Path) -> None:
    """Build what is made of them where they are newer; ends with a sentence where Maven or Java is missing."""
    refuse_without_java()
    if made.exists() and made.stat().st_mtime > max(file.stat().st_mtime for file in sources.rglob("*")):
        return
    command = ["mvn", "--quiet", "--batch-mode", "-Dstyle.color=never", "--file", str(sources / "pom.xml"), "package"]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"The peer could not be built. Try it alone: {' '.join(command)}")


def refuse_without_java() -> None:
    release, command = NEEDED
    if not (shutil.which("mvn") and java_release() >= release):
        sys.exit(f"The peers, which are Java's, are built by Maven with Java {release} or later: {command}")


def java_release() -> int:
    """Of the Java that is first in the path; 0: there is none."""
    if not shutil.which("javac"):
        return 0
    told = subprocess.run(["javac", "-version"], text=True, capture_output=True, check=False)
    found = re.search(r"javac (\d+)", told.stdout + told.stderr)
    return int(found[1]) if found else 0


def java() -> str:
    """The program."""
    return shutil.which("java") or "java"


def java_version() -> str:
    """As it tells it."""
    told = subprocess.run([java(), "-version"], text=True, capture_output=True, check=True)
    return told.stderr.splitlines()[0]
