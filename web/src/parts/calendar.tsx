/** Who or what holds when: a line of time for each name, with a mark at this moment. */
import { formatTime, now, type Range } from "../state/time";
import type { State } from "./badge";

export interface Span extends Range {
  readonly words: string;
  readonly tone: State;
  readonly title: string;
}

export interface Line {
  readonly name: string;
  readonly spans: readonly Span[];
}

const DAY_MS = 86_400_000;
const TICKS_MAX = 8;

/** The days of a range, counted from now on, so that both ends are whole days of UTC. */
export function daysFromNow(before: number, after: number): Range {
  const todayMs = Math.floor(now.value / DAY_MS) * DAY_MS;
  return { startMs: todayMs - before * DAY_MS, endMs: todayMs + after * DAY_MS };
}

export function Calendar({ label, range, lines }: { label: string; range: Range; lines: readonly Line[] }) {
  const place = (ms: number): number => Math.min(Math.max((ms - range.startMs) / (range.endMs - range.startMs), 0), 1) * 100;
  const step = Math.ceil((range.endMs - range.startMs) / DAY_MS / TICKS_MAX) * DAY_MS;
  const ticks = Array.from({ length: Math.ceil((range.endMs - range.startMs) / step) }, (_, index) => range.startMs + index * step);
  return (
    <div class="calendar" role="group" aria-label={label}>
      <div class="calendar-line" aria-hidden="true">
        <span />
        <div class="calendar-track calendar-days">{ticks.map((each) => <span key={each} style={{ left: `${place(each)}%` }}>{formatTime(each, "day").slice(5)}</span>)}</div>
      </div>
      {lines.map((line) => (
        <div class="calendar-line" key={line.name}>
          <span class="ellipsis" title={line.name}>{line.name}</span>
          <div class="calendar-track">
            {line.spans.filter((each) => each.endMs > range.startMs && each.startMs < range.endMs).map((each) => (
              <span
                key={each.startMs + each.words} class={`calendar-span tone-${each.tone}`} title={each.title}
                style={{ left: `${place(each.startMs)}%`, width: `${place(each.endMs) - place(each.startMs)}%` }}
              >
                {each.words}
              </span>
            ))}
            <i style={{ left: `${place(now.value)}%` }} />
          </div>
        </div>
      ))}
    </div>
  );
}
