/** The configuration in use, and every setting by its name. */
import { useSignal } from "@preact/signals";
import { useEndpoint } from "../../data/query";
import { Failed, Loading } from "../../parts/states";
import { Table, type Column } from "../../parts/table";
import { now } from "../../state/time";

type Pair = readonly [string, string];

const COLUMNS: readonly Column<Pair>[] = [
  { key: "name", title: "setting", width: "minmax(0, 1fr)", order: ([name]) => name, cell: ([name]) => <code>{name}</code> },
  { key: "value", title: "value", width: "minmax(0, 1fr)", order: ([, value]) => value, cell: ([, value]) => <span title={value}>{value || "–"}</span> },
];

export function Configuration() {
  const yaml = useEndpoint<{ readonly yaml: string }>("api/v1/status/config", now.value).value;
  const flags = useEndpoint<Readonly<Record<string, string>>>("api/v1/status/flags", now.value).value;
  const text = useSignal("");
  const fault = yaml.fault ?? flags.fault;
  if (fault) return <Failed fault={fault} />;
  if (!yaml.value || !flags.value) return <Loading />;
  const rows = Object.entries(flags.value).filter((pair) => pair.join(" ").toLowerCase().includes(text.value.toLowerCase()));
  return (
    <div class="grid-2">
      <section class="panel" aria-label="Settings">
        <div class="bar">
          <h2>Every setting</h2>
          <input type="search" placeholder="Filter" aria-label="Filter settings" value={text.value} onInput={(event) => { text.value = event.currentTarget.value; }} />
        </div>
        <Table label="Settings" columns={COLUMNS} rows={rows} height={620} sort="name" />
      </section>
      <section class="panel" aria-label="As YAML">
        <div class="bar"><h2>As YAML</h2></div>
        <pre tabIndex={0} class="yaml">{yaml.value.yaml}</pre>
      </section>
    </div>
  );
}
