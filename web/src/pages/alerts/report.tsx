/** How good the alerts were: which were worth waking for, how long everything took, who was woken. */
import { OWN } from "../../data/alerting";
import { send } from "../../data/client";
import { usePlain } from "../../data/query";
import { Failed, Loading } from "../../parts/states";
import { Table, type Column } from "../../parts/table";
import { copy } from "../../parts/toasts";
import { parameter, setParameters } from "../../state/address";
import { formatDuration, formatTime, now } from "../../state/time";

interface Share {
  readonly count: number;
  readonly share: number;
}

interface Spread {
  readonly count: number;
  readonly p50: number | null;
  readonly p99: number | null;
}

interface Counted {
  readonly fired: number;
  readonly acted_on: number;
}

interface OfAlert extends Counted {
  readonly alert: string;
  readonly flapping: number;
}

interface Report {
  readonly fired: number;
  readonly acknowledged: Share;
  readonly flapping: Share;
  readonly silenced: Share;
  readonly seconds: Readonly<Record<"detect" | "notify" | "acknowledge" | "resolve", Spread>>;
  readonly alerts: readonly OfAlert[];
  readonly owners: readonly (Counted & { readonly owner: string })[];
  readonly never_fired: readonly string[];
  readonly shifts: readonly { readonly schedule: string; readonly person: string; readonly from: string; readonly pages: number; readonly pages_per_12h: number }[];
}

const days = parameter("days", "7");
const TOOK = { detect: "to detect", notify: "to tell", acknowledge: "to acknowledge", resolve: "to end" } as const;

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function seconds(value: number | null): string {
  return value === null ? "–" : formatDuration(value * 1_000);
}

export function ReportView() {
  const since = new Date(now.value - Number(days.value) * 86_400_000).toISOString();
  const path = `${OWN}/report?since=${since}`;
  const asked = usePlain<Report>(path).value;
  const save = async (): Promise<void> => copy(await (await send(`${path}&format=markdown`)).text(), "The report");
  return (
    <>
      <div class="bar">
        <select aria-label="Time" value={days.value} onChange={(event) => setParameters({ days: event.currentTarget.value })}>
          {["1", "7", "30", "90"].map((each) => <option key={each} value={each}>{each === "1" ? "Last day" : `Last ${each} days`}</option>)}
        </select>
        <button type="button" onClick={() => void save()}>Copy as Markdown</button>
      </div>
      {asked.fault && <Failed fault={asked.fault} />}
      {asked.value ? <Whole report={asked.value} /> : !asked.fault && <Loading what="Reading the history" />}
    </>
  );
}

function Whole({ report }: { report: Report }) {
  if (!report.fired) return <p class="empty">Nothing fired in this time.</p>;
  const acted = report.alerts.reduce((sum, each) => sum + each.acted_on, 0);
  const woken = report.shifts.filter((each) => each.pages);
  return (
    <>
      <dl class="figures">
        <Figure name="fired" value={String(report.fired)} />
        <Figure name="acted on" value={percent(acted / report.fired)} />
        <Figure name="over within 5 minutes" value={percent(report.flapping.share)} />
        <Figure name="silenced" value={percent(report.silenced.share)} />
        {Object.entries(TOOK).map(([key, words]) => {
          const { p50, p99 } = report.seconds[key as keyof typeof TOOK];
          return <Figure key={key} name={words} value={seconds(p50)} more={p99 === null ? "" : `99 of 100 within ${seconds(p99)}`} />;
        })}
      </dl>
      <div class="panel"><Table label="Alerts" columns={COLUMNS} rows={report.alerts} height={360} sort="-fired" /></div>
      <div class="grid-2">
        <section class="panel pad"><h2>By owner</h2>
          <ul class="plain">{report.owners.map((each) => <li key={each.owner}><b>{each.owner}</b> <span class="muted">{each.fired} fired, {percent(each.acted_on / each.fired)} acted on</span></li>)}</ul>
        </section>
        <section class="panel pad"><h2>Who was woken</h2>
          <ul class="plain">
            {woken.map((each) => <li key={each.schedule + each.from}><b>{each.person || "the desk"}</b> <span class="muted">{formatTime(Date.parse(each.from), "minute")}: {each.pages} {each.pages === 1 ? "page" : "pages"}, {each.pages_per_12h} in 12 h</span></li>)}
            {!woken.length && <li class="muted">Nobody.</li>}
          </ul>
        </section>
      </div>
      {report.never_fired.length > 0 && (
        <section class="panel pad"><h2>{report.never_fired.length} never fired</h2>
          <p class="muted wrap">{report.never_fired.join(", ")}</p>
        </section>
      )}
    </>
  );
}

function Figure({ name, value, more = "" }: { name: string; value: string; more?: string }) {
  return <div class="panel pad"><dt class="muted">{name}</dt><dd>{value}</dd>{more && <dd class="muted small">{more}</dd>}</div>;
}

const COLUMNS: readonly Column<OfAlert>[] = [
  { key: "alert", title: "Alert", width: "minmax(140px, 1fr)", order: (row) => row.alert, cell: (row) => row.alert },
  { key: "fired", title: "Fired", width: "80px", number: true, order: (row) => row.fired, cell: (row) => row.fired },
  { key: "acted", title: "Acted on", width: "90px", number: true, order: (row) => row.acted_on / row.fired, cell: (row) => percent(row.acted_on / row.fired) },
  { key: "flapping", title: "Over at once", width: "110px", number: true, order: (row) => row.flapping, cell: (row) => row.flapping },
];
