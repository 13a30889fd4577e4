import { describe, expect, it } from "vitest";
import { exchange, zone } from "../src/state/preferences";
import { formatAge, formatClock, formatDuration, formatTime, parseDuration, parseMoment } from "../src/state/time";

const NOW = Date.UTC(2026, 0, 31, 9, 30);

describe("durations", () => {
  it.each([["90s", 90_000], ["1h30m", 5_400_000], ["500ms", 500], ["2d", 172_800_000]])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
  it.each(["", "5", "m5", "5x", "1h 30m"])("does not read %j", (text) => {
    expect(parseDuration(text)).toBeNaN();
  });
  it.each([[950, "950ms"], [61_000, "1m1s"], [90_061_000, "1d1h"], [3_600_000, "1h"], [0, "0ms"], [-60_000, "-1m"]])("writes %d", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe("moments", () => {
  it.each([
    ["now", NOW], ["now-1h", NOW - 3_600_000], ["now+5m", NOW + 300_000], ["1769851800", NOW],
    ["2026-01-31T09:30:00Z", NOW], ["2026-01-31 09:30", NOW], ["2026-01-31T10:30:00+01:00", NOW],
  ])("reads %s", (text, ms) => {
    expect(parseMoment(text, NOW)).toBe(ms);
  });
  it("does not read words", () => {
    expect(parseMoment("yesterday", NOW)).toBeNaN();
  });
});

describe("zones", () => {
  it("writes the same moment in UTC and at the exchange", () => {
    zone.value = "utc";
    expect(formatTime(NOW)).toBe("2026-01-31 09:30:00");
    zone.value = "exchange";
    exchange.value = { label: "New York", zone: "America/New_York" };
    expect(formatTime(NOW)).toBe("2026-01-31 04:30:00");
    expect(formatClock(NOW, false)).toBe("04:30");
    zone.value = "utc";
  });
  it("says how long ago something was", () => {
    expect(formatAge(NOW - 75_000, NOW)).toBe("1m15s ago");
    expect(formatAge(NOW, NOW)).toBe("now");
  });
});
