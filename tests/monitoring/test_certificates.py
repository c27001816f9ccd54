from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitoring import certificates
from native.security.certificates import LASTS, make_certificates


def ends() -> dict[str, float]:
    return {sample.labels["certificate"]: sample.value for each in certificates.expiry() for sample in each.samples}


def test_the_end_of_each_certificate_is_told_under_its_name(tmp_path: Path, settings: Any) -> None:
    make_certificates(tmp_path, ["mysql"])
    settings.CERTIFICATES_WATCHED = [tmp_path / "ca.pem", tmp_path / "mysql.pem"]
    told = ends()
    expected = (datetime.now(UTC) + LASTS).timestamp()
    assert abs(told["mysql"] - expected) < timedelta(hours=2).total_seconds()
    assert told["ca"] > told["mysql"]


def test_of_a_chain_the_first_end_counts(tmp_path: Path, settings: Any) -> None:
    make_certificates(tmp_path, ["mysql"])
    (tmp_path / "chain.pem").write_text((tmp_path / "ca.pem").read_text() + (tmp_path / "mysql.pem").read_text())
    settings.CERTIFICATES_WATCHED = [tmp_path / "chain.pem", tmp_path / "mysql.pem"]
    assert ends()["chain"] == ends()["mysql"]


def test_a_file_without_a_certificate_counts_as_one_that_has_ended(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    settings.CERTIFICATES_WATCHED = [tmp_path / "empty.pem", tmp_path / "absent.pem"]
    assert ends() == {"empty": 0, "absent": 0}
