"""A report as JUnit XML, which build servers show."""

from xml.sax.saxutils import escape, quoteattr

from tapewatch.catalog.rule_tests.run import Outcome, Report


def junit_text(report: Report) -> str:
    """Write a report; every file is a suite."""
    files = list(dict.fromkeys(outcome.file for outcome in report.outcomes))
    suites = (
        _suite(file, [each for each in report.outcomes if each.file == file]) for file in files
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{"".join(suites)}</testsuites>\n'


def _suite(file: str, outcomes: list[Outcome]) -> str:
    failed = sum(bool(outcome.complaints) for outcome in outcomes)
    head = f'  <testsuite name={quoteattr(file)} tests="{len(outcomes)}" failures="{failed}">\n'
    return f"{head}{''.join(map(_case, outcomes))}  </testsuite>\n"


def _case(outcome: Outcome) -> str:
    name = quoteattr(outcome.test or "the file")
    if not outcome.complaints:
        return f"    <testcase name={name}/>\n"
    told = escape("\n".join(outcome.complaints))
    return f"    <testcase name={name}><failure>{told}</failure></testcase>\n"
