"""Writes every dashboard's JSON into grafana/dashboards, from where Grafana reads it.

python -m grafana.generate
"""

import json
from pathlib import Path

from grafana.boards import DASHBOARDS
from grafana.dashboard import Dashboard

FOLDER = Path(__file__).resolve().parent / "dashboards"


def text(dashboard: Dashboard) -> str:
    return json.dumps(dashboard.json(), indent=1, ensure_ascii=False) + "\n"


def generate(folder: Path) -> None:
    """Bring a folder up to date; what no dashboard makes is removed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {f"{each.uid}.json": text(each) for each in DASHBOARDS}
    for file in folder.glob("*.json"):
        if file.name not in wanted:
            file.unlink()
    for name, content in wanted.items():
        (folder / name).write_text(content)


if __name__ == "__main__":
    generate(FOLDER)
