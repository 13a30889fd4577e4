/** The time range, the zone, looking again and following live: the same on every page. */
import { useSignal } from "@preact/signals";
import { EXCHANGES, exchange, zone, type Zone } from "../state/preferences";
import {
  formatTime, from, isRelative, live, now, parseMoment, range, rangeWords, refresh, setRange, to, zoneLabel,
} from "../state/time";
import { liveAt } from "../data/live";
import { Icon } from "../parts/icon";
import { Popover } from "../parts/popover";
import { Choice } from "../parts/tabs";
import { setLive } from "./keys";

const SPANS = ["5m", "15m", "30m", "1h", "3h", "6h", "12h", "1d", "2d", "7d", "30d", "90d"];

export function TimeBar() {
  return (
    <div class="timebar">
      <Popover
        name="range" align="right" title="Time range"
        label={<><Icon name="clock" /><span class="tool-words">{rangeWords(from.value, to.value, range.value)}</span><span class="zone">{zoneLabel.value}</span><Icon name="down" /></>}
      >
        {(close) => <RangeBox close={close} />}
      </Popover>
      <button type="button" class="tool" title="Look again (r)" aria-label="Look again" onClick={refresh}><Icon name="refresh" /></button>
      <button
        type="button" class={`tool live${live.value ? " on" : ""}`} aria-pressed={live.value} disabled={!isRelative.value}
        title="Follow live (l)" onClick={() => setLive(!live.value)}
      >
        <span class={`live-dot${liveAt.value ? " hot" : ""}`} aria-hidden="true" />Live
      </button>
    </div>
  );
}

function RangeBox({ close }: { close: () => void }) {
  const own = { start: useSignal(from.value), end: useSignal(to.value) };
  const startMs = parseMoment(own.start.value, now.value);
  const endMs = parseMoment(own.end.value, now.value);
  const fault = !Number.isFinite(startMs) || !Number.isFinite(endMs)
    ? "Write now-2h, or 2026-01-31 09:30 (UTC)."
    : startMs >= endMs ? "The end has to be after the start." : "";
  const use = (start: string, end: string): void => {
    setRange(start, end);
    close();
  };
  return (
    <div class="range-box">
      <div class="spans" role="group" aria-label="Last">
        {SPANS.map((span) => (
          <button type="button" key={span} aria-pressed={from.value === `now-${span}`} onClick={() => use(`now-${span}`, "now")}>{span}</button>
        ))}
      </div>
      <form class="range-form" onSubmit={(event) => { event.preventDefault(); if (!fault) use(own.start.value, own.end.value); }}>
        <label>From<input value={own.start.value} spellcheck={false} onInput={(event) => { own.start.value = event.currentTarget.value; }} /></label>
        <label>To<input value={own.end.value} spellcheck={false} onInput={(event) => { own.end.value = event.currentTarget.value; }} /></label>
        <p class={fault ? "field-fault" : "muted"}>{fault || `${formatTime(startMs)} to ${formatTime(endMs)}`}</p>
        <button type="submit" class="primary" disabled={Boolean(fault)}>Show</button>
      </form>
      <ZoneBox />
    </div>
  );
}

function ZoneBox() {
  return (
    <div class="zone-box">
      <Choice<Zone>
        label="Time zone" names={{ utc: "UTC", local: "Local", exchange: "Exchange" }} chosen={zone.value}
        choose={(name) => { zone.value = name; }}
      />
      <label class="visually-hidden" for="exchange">Exchange</label>
      <select
        id="exchange" value={exchange.value.zone}
        onChange={(event) => {
          exchange.value = EXCHANGES.find((each) => each.zone === event.currentTarget.value) ?? exchange.value;
          zone.value = "exchange";
        }}
      >
        {EXCHANGES.map((each) => <option key={each.zone} value={each.zone}>{each.label}</option>)}
      </select>
    </div>
  );
}
