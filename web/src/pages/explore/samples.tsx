/** The answer for one time as a table with a column for each label. */
import { useMemo } from "preact/hooks";
import { formatExact } from "../../data/units";
import type { Sample } from "../../data/frames";
import { quoteName } from "../../data/names";
import { Icon } from "../../parts/icon";
import { Popover } from "../../parts/popover";
import { Table, type Column } from "../../parts/table";
import { href } from "../../state/address";
import { saveCsv, toCsv } from "./csv";

const COLUMNS_MAX = 14;

export function SampleTable({ samples, text }: { samples: readonly Sample[]; text: string }) {
  const names = useMemo(() => labelNames(samples), [samples]);
  const columns = useMemo(() => columnsOf(names, text), [names, text]);
  return (
    <div class="answer-table">
      <div class="answer-tools">
        <LabelMenu names={names} samples={samples} />
        <button type="button" onClick={() => saveCsv(toCsv(samples, names))}><Icon name="save" /> CSV</button>
      </div>
      <Table label="Series" columns={columns} rows={samples} height={520} sort="-value" />
    </div>
  );
}

function labelNames(samples: readonly Sample[]): string[] {
  const counts = new Map<string, number>();
  for (const { labels } of samples) for (const name in labels) counts.set(name, (counts.get(name) ?? 0) + 1);
  const names = [...counts.keys()].sort();
  return names.includes("__name__") ? ["__name__", ...names.filter((name) => name !== "__name__")] : names;
}

function columnsOf(names: readonly string[], text: string): Column<Sample>[] {
  const shown = names.slice(0, COLUMNS_MAX);
  const labels = shown.map((name): Column<Sample> => ({
    key: name,
    title: name === "__name__" ? "metric" : name,
    width: name === "__name__" ? "minmax(12rem, 2fr)" : "minmax(5rem, 1fr)",
    order: ({ labels }) => labels[name] ?? "",
    cell: ({ labels }) => <LabelLink name={name} value={labels[name]} text={text} />,
  }));
  const value: Column<Sample> = {
    key: "value", title: "value", width: "10rem", number: true, order: (sample) => sample.value,
    cell: (sample) => <span class="mono bright">{sample.histogram ? histogramWords(sample) : formatExact(sample.value)}</span>,
  };
  return [...labels, value];
}

function histogramWords({ histogram }: Sample): string {
  return histogram ? `${formatExact(histogram.count)} in ${histogram.buckets.length} buckets` : "";
}

/** A label leads to everything else that carries it. */
function LabelLink({ name, value, text }: { name: string; value: string | undefined; text: string }) {
  if (value === undefined) return <span class="muted">–</span>;
  if (name === "__name__") {
    return value === text ? <span title={value}>{value}</span> : <a data-page title={value} href={href("explore", { expr: value, view: "table" })}>{value}</a>;
  }
  const target = `count by (__name__) ({${quoteName(name)}=${JSON.stringify(value)}})`;
  const about = `Every metric with ${name}="${value}"`.slice(0, 300);
  return <a class="label-link" data-page title={about} href={href("explore", { expr: target, view: "table" })}>{value.slice(0, 200)}</a>;
}

function LabelMenu({ names, samples }: { names: readonly string[]; samples: readonly Sample[] }) {
  const metric = samples[0]?.labels["__name__"];
  const own = names.filter((name) => name !== "__name__");
  if (!metric || !own.length) return <span class="muted small">A label leads to every metric that carries it.</span>;
  return (
    <Popover label={<>Count by label <Icon name="down" /></>} title="Count the series by one label">
      {(close) => (
        <ul class="menu">
          {own.map((name) => (
            <li key={name}>
              <a data-page onClick={close} href={href("explore", { expr: `count by (${quoteName(name)}) (${metric})`, view: "table" })}>{name}</a>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}
