"""
Writes the trading calendars that are shipped, from the ``exchange_calendars`` library.

Run it where that library is installed (it brings pandas, which the server does not need):

    python -m tools.calendars src/tapewatch/watch/calendars/data

What is usual in a week is told once for each time at which it changed; every day that differs is an
exception. Calendars of markets that never follow holidays are written by hand beside them.
"""

import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import exchange_calendars

FIRST = date(2020, 1, 1)
LASTS = (date(2028, 12, 31), date(2027, 12, 31), date(2026, 12, 31))
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
AHEAD = 10
"""A change is a new usual when most of so many sessions of the same weekday follow it."""

CALENDARS = {
    "XNYS": ("New York Stock Exchange", ["NYSE"]),
    "XNAS": ("Nasdaq", ["NASDAQ"]),
    "CMES": ("Chicago Mercantile Exchange, Globex", ["XCME", "CME"]),
    "XLON": ("London Stock Exchange", ["LSE"]),
    "XETR": ("Xetra, Frankfurt", ["XFRA"]),
    "XPAR": ("Euronext Paris", []),
    "XTKS": ("Tokyo Stock Exchange", ["JPX"]),
    "XHKG": ("Hong Kong Stock Exchange", ["HKEX"]),
    "XSES": ("Singapore Exchange", ["SGX"]),
    "XASX": ("Australian Securities Exchange", ["ASX"]),
    "XTSE": ("Toronto Stock Exchange", ["TSX"]),
    "XBOM": ("Bombay Stock Exchange and National Stock Exchange of India", ["BSE", "XNSE", "NSE"]),
    "XKRX": ("Korea Exchange", ["KRX"]),
}


def main(folder: Path) -> None:
    for name, (title, aliases) in CALENDARS.items():
        calendar, last = open_calendar(name)
        text = "\n".join(lines(name, title, aliases, calendar, last)) + "\n"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        print(f"{name}: {len(text)} bytes, known until {last}")


def open_calendar(name):
    for last in LASTS:
        try:
            return exchange_calendars.get_calendar(name, start=str(FIRST), end=str(last)), last
        except ValueError:
            continue
    raise SystemExit(f"{name} is known for none of {LASTS}")


def lines(name, title, aliases, calendar, last):
    sessions = {
        day.date(): hours(row, calendar.tz, day) for day, row in calendar.schedule.iterrows()
    }
    version = exchange_calendars.__version__
    yield f"# Written by tools/calendars.py with exchange_calendars {version}."
    yield f"name: {name}"
    yield f"title: {title}"
    yield f"zone: {calendar.tz}"
    yield f"aliases: [{', '.join(aliases)}]"
    yield f"first: {FIRST}"
    yield f"last: {last}"
    weeks = usual_weeks(sessions, last)
    yield "weeks:"
    for since, week in weeks:
        yield f"  - since: {since}"
        for weekday, text in sorted(week.items()):
            yield f'    {DAYS[weekday]}: "{text}"'
    closed, special = exceptions(sessions, weeks, last)
    yield f"closed: [{', '.join(map(str, closed))}]"
    yield "special:" + ("" if special else " {}")
    for day, text in special:
        yield f'  {day}: "{text}"'


def hours(row, zone, day):
    """Write the hours of a session by the wall clock, counted from its own midnight."""
    times = row.open, row.break_start, row.break_end, row.close
    # What is missing (no break) is a time that does not equal itself.
    known = [each.tz_convert(zone) for each in times if each == each]
    texts = [wall(each, day.date()) for each in known]
    return ", ".join(f"{a}-{b}" for a, b in zip(texts[::2], texts[1::2], strict=True))


def wall(moment, day):
    minutes = (moment.date() - day).days * 1440 + moment.hour * 60 + moment.minute
    sign, minutes = ("~", -minutes) if minutes < 0 else ("", minutes)
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def usual_weeks(sessions, last):
    """Find what is usual on each weekday, and when that changed."""
    changes = []
    for weekday in range(7):
        days = [FIRST + timedelta(n) for n in range((last - FIRST).days + 1)]
        own = [(day, sessions.get(day, "")) for day in days if day.weekday() == weekday]
        current = ""
        for at, (day, _) in enumerate(own):
            ahead = Counter(text for _, text in own[at : at + AHEAD])
            usual, count = ahead.most_common(1)[0]
            if usual != current and count > AHEAD // 2 and own[at][1] == usual:
                changes.append((day if at else FIRST, weekday, usual))
                current = usual
    weeks, week = [], {}
    for since in sorted({monday(since) for since, _, _ in changes}):
        for own_since, weekday, text in sorted(changes):
            if monday(own_since) == since:
                week = {**week, weekday: text}
        week = {weekday: text for weekday, text in week.items() if text}
        weeks.append((max(since, FIRST), week))
    return weeks


def monday(day):
    return day - timedelta(day.weekday())


def exceptions(sessions, weeks, last):
    closed, special = [], []
    for n in range((last - FIRST).days + 1):
        day = FIRST + timedelta(n)
        usual = next((week for since, week in reversed(weeks) if since <= day), {})
        text, expected = sessions.get(day, ""), usual.get(day.weekday(), "")
        if text and text != expected:
            special.append((day, text))
        elif expected and not text:
            closed.append(day)
    return closed, special


if __name__ == "__main__":
    main(Path(sys.argv[1]))
