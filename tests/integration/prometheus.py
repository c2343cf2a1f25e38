"""A real Prometheus over processes of a test."""

import json
import math
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Self

import yaml

from deploy.kafka.properties import HOST, free_ports
from deploy.make import tools
from tests.integration.staging import ROOT

RULES = ROOT / "deploy" / "prometheus" / "rules"


class Prometheus:
    """A real server over the processes of this test."""

    def __init__(self, folder: Path, targets: dict[str, str | list[str]], rules: Path = RULES) -> None:
        (port,) = free_ports(1)
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules / "*.yml")],
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [at] if isinstance(at, str) else at}]}
                for job, at in targets.items()
            ],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        words = [
            *(tools.path_of("prometheus"), f"--config.file={folder / 'prometheus.yml'}"),
            *(f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={HOST}:{port}"),
        ]
        self.url = f"http://{HOST}:{port}/api/v1"
        self.process = subprocess.Popen([str(word) for word in words], stderr=subprocess.DEVNULL)

    def ask(self, path: str, **words: str) -> Any:
        """The `data` of an answer; None while it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.url}/{path}?{urllib.parse.urlencode(words)}", timeout=10) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def values(self, expression: str) -> list[float]:
        """What an expression gives now, NaN left out."""
        return [number for _, number in self._series(expression)]

    def labels(self, expression: str) -> list[dict[str, str]]:
        """The labels of each series that an expression gives now, those without a number left out."""
        return [labels for labels, _ in self._series(expression)]

    def _series(self, expression: str) -> list[tuple[dict[str, str], float]]:
        found = self.ask("query", query=expression.replace("$__rate_interval", "20s")) or {"result": []}
        numbers = [(one["metric"], float(one["value"][1])) for one in found["result"]]
        return [(labels, number) for labels, number in numbers if not math.isnan(number)]

    def firing(self) -> set[tuple[str, str]]:
        """Alert and partition (or nothing) of what is told now."""
        found = (self.ask("alerts") or {"alerts": []})["alerts"]
        told = [one["labels"] for one in found if one["state"] == "firing"]
        return {(labels["alertname"], labels.get("partition", "")) for labels in told}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)
