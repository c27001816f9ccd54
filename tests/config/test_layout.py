from native.driving.embedded import ROOT


def test_platform_is_a_source_root_and_no_package() -> None:
    # With an __init__.py it would shadow Python's own platform module.
    assert (ROOT / "platform").is_dir()
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_pythons_own_platform_module_is_the_one_that_is_imported() -> None:
    import platform

    assert platform.python_version_tuple()[0] == "3"


def test_the_rooms_of_the_house_are_there() -> None:
    rooms = {
        "manage.py", "platform", "transactions", "fraud", "search", "analytics", "notifications", "monitoring",
        "reconciliation", "privacy",
        "schemas", "compose", "connectors", "requirements.txt", "README.md", "LICENSE", "CHANGELOG.md",
        "CONTRIBUTING.md",
    }  # fmt: skip
    assert rooms - {path.name for path in ROOT.iterdir()} == set()
