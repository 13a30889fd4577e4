/** Desk: venues, strategies, orders, risk and hours, as they are this second. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { formatValue } from "../../data/units";
import { Badge, type State } from "../../parts/badge";
import { Failed, Loading } from "../../parts/states";
import { formatAge, formatTime, isRelative } from "../../state/time";
import { useAnswers, type Answers, type Point } from "./answers";
import { Calendars } from "./hours";
import { Matrix } from "./matrix";
import { Orders, Whys } from "./orders";
import { Breakers, Limits, Switches } from "./risk";
import { Drift, Strategies } from "./strategies";
import "../../styles/desk.css";

const LATE_MS = 5_000;

export default function Desk() {
  const answers = useAnswers().value;
  if (answers.fault) return <Failed fault={answers.fault} />;
  if (!answers.atMs) return <Loading what="Listening to the desk" />;
  return (
    <div class="desk">
      <Head answers={answers} />
      <Part title="Venues" bare><Matrix answers={answers} /></Part>
      <div class="desk-columns">
        <Part title="Strategies"><Strategies answers={answers} /></Part>
        <Part title="Ours against the venue's"><Drift answers={answers} /></Part>
      </div>
      <Part title="Orders"><Orders answers={answers} /></Part>
      <div class="desk-row">
        <Part title="Why not, in the last hour"><Whys answers={answers} /></Part>
        <Part title="Limits"><Limits answers={answers} /></Part>
        <Part title="Kill switches and breakers"><Switches answers={answers} /><Breakers answers={answers} /></Part>
        <Part title="Hours"><Calendars atMs={isRelative.value ? 0 : answers.atMs} /></Part>
      </div>
    </div>
  );
}

function Part({ title, children, bare }: { title: string; children: ComponentChildren; bare?: boolean }) {
  return (
    <section class={bare ? "desk-part" : "panel pad desk-part"} aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function sum(points: readonly Point[] | undefined): number {
  return points?.length ? points.reduce((total, each) => total + each.value, 0) : NaN;
}

/** The few numbers that decide whether somebody has to read on. */
function Head({ answers }: { answers: Answers }) {
  const { points } = answers;
  const pnl = sum(points.realized) + sum(points.unrealized);
  const away = (points.connected ?? []).filter((each) => each.value === 0).length;
  const told: readonly (readonly [string, string, State])[] = [
    ["P&L of the day", formatValue(pnl, "USD"), pnl < 0 ? "bad" : "muted"],
    ["Connections gone", formatValue(points.connected ? away : NaN, "integer"), away ? "bad" : "muted"],
    ["Stale feeds", formatValue(points.age ? sum(points.stale) || 0 : NaN, "integer"), sum(points.stale) > 0 ? "bad" : "muted"],
    ["Open orders", formatValue(sum(points.open), "integer"), "muted"],
    ["Lost orders", formatValue(sum(points.orphaned), "integer"), sum(points.orphaned) > 0 ? "bad" : "muted"],
    ["Positions that drift", formatValue(points.compared ? points.drift?.length ?? 0 : NaN, "integer"), points.drift?.length ? "bad" : "muted"],
  ];
  const tripped = (points.switches ?? []).filter((each) => each.value === 1);
  return (
    <header class="desk-head">
      <h1>Desk</h1>
      {tripped.map((each) => <Badge key={`${each.labels["switch"]} ${each.labels["instance"]}`} state="bad">{`trading is stopped: ${each.labels["switch"]}`}</Badge>)}
      <dl>
        {told.map(([title, value, state]) => (
          <div key={title} class={`tone-${state}`}><dt>{title}</dt><dd>{value}</dd></div>
        ))}
      </dl>
      <Heard atMs={answers.atMs} />
    </header>
  );
}

/** Say when this was so, and loudly when nothing new has come. */
function Heard({ atMs }: { atMs: number }) {
  const tick = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => { tick.value = Date.now(); }, 1_000);
    return () => clearInterval(timer);
  }, []);
  if (!isRelative.value) return <span class="muted">As it was at {formatTime(atMs)}</span>;
  const late = tick.value - atMs > LATE_MS;
  return late ? <Badge state="warn">{`heard ${formatAge(atMs, tick.value)}`}</Badge> : <span class="muted">each second</span>;
}
