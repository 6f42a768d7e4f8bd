"""The documents keep up with the repository: the tests, files and decisions that they name are there."""

import re

import pytest
from conftest import ROOT

TESTS = {path.stem: path for pattern in ("*.swift", "test_*.py") for path in (ROOT / "Tests").rglob(pattern)}
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def rows(document, heading):
    """The cells of the tables whose first column has this heading."""
    for table in re.findall(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", (ROOT / f"docs/{document}.md").read_text(), re.M):
        for line in table.splitlines():
            yield line.strip("| ").split(" | ")


def rules():
    """The rows of the tables of rules, each with the tests that it names: a file's name in backticks, then the test's."""
    for document in ("where-tested", "conformance"):
        for cells in rows(document, "rule"):
            yield cells[0], cells[-1]


def test_every_test_in_the_table_exists():
    missing, named = [], 0
    for rule, tests in rules():
        for entry in tests.split("<br>"):
            found = re.fullmatch(r"`(\w+)` (.+)", entry)
            assert found, f"{rule}: {entry} is not a file and a test"
            file, name = found.groups()
            named += 1
            definition = f"def {name}(" if file.startswith("test_") else f"func `{name}`("
            if file not in TESTS or definition not in TESTS[file].read_text():
                missing.append(f"{rule}: {entry}")

    assert missing == []
    assert named > 100


def test_each_suite_of_a_specification_is_counted():
    counted = {suite.strip("`"): int(tests) for _, suite, tests in rows("conformance", "specification")}

    assert {suite: TESTS[suite].read_text().count("@Test") for suite in counted} == counted
    assert {name for name, path in TESTS.items() if path.parent.name == "Specifications" and re.match("RFC|OpenID", name)} <= counted.keys()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_links_to_exists(document):
    text = document.read_text()
    links = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'(?:src|srcset|href)="([^"#]+)"', text)

    missing = [link for link in links if not re.match(r"[a-z]+:", link) and not (document.parent / link).exists()]

    assert missing == []


def test_decisions_are_numbered_one_by_one():
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))

    assert [int(path.name[:4]) for path in decisions] == list(range(1, len(decisions) + 1))
    for path in decisions:
        assert path.read_text().startswith(f"# {int(path.name[:4])}. ")
