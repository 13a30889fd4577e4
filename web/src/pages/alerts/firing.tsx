/** Every alert that fires, kept quiet or not, and the ones that wait for their time. */
import { useMemo } from "preact/hooks";
import { acknowledge, act, busy, toneOf, urgency, useAlerts, useAttention, worstFirst, type Alert, type Attention } from "../../data/alerting";
import { useEndpoint } from "../../data/query";
import type { Alert as RuleAlert } from "../../data/server";
import { Badge } from "../../parts/badge";
import { Failed, Loading } from "../../parts/states";
import { Table, type Column } from "../../parts/table";
import { parameter, setParameters } from "../../state/address";
import { person } from "../../state/preferences";
import { formatDuration, now } from "../../state/time";
import { Detail } from "./detail";
import { FilterField, filter } from "./filter";
import { PersonField } from "./forms";

const chosen = parameter("alert");
const wish = parameter("do");

export function Firing() {
  const asked = useAlerts(now.value, filter.value);
  const attention = useAttention(now.value);
  const rules = useEndpoint<{ readonly alerts: readonly RuleAlert[] }>("api/v1/alerts", now.value).value;
  const alerts = useMemo(() => worstFirst(asked.value ?? []), [asked.value]);
  const open = alerts.find((each) => each.fingerprint === chosen.value);
  const pending = rules.value?.alerts.filter((each) => each.state === "pending").length ?? 0;
  return (
    <>
      <div class="bar"><FilterField /><span class="muted">{pending > 0 && `${pending} more wait for their time`}</span></div>
      {wish.value === "acknowledge" && alerts.length > 0 && <Take alerts={alerts} />}
      {asked.fault && <Failed fault={asked.fault} />}
      {!asked.value && !asked.fault && <Loading what="Looking" />}
      {asked.value && !asked.fault && !alerts.length && <p class="empty">{filter.value ? "Nothing that fires matches." : "No alert fires."}</p>}
      <div class={open ? "beside open" : "beside"}>
        {alerts.length > 0 && <div class="panel firing"><List alerts={alerts} attention={attention} /></div>}
        {open && <Detail key={open.fingerprint} alert={open} />}
      </div>
    </>
  );
}

/** A link of a message asks; only a person does. */
function Take({ alerts }: { alerts: readonly Alert[] }) {
  const by = person.value.trim();
  const take = async (): Promise<void> => {
    const work = (): Promise<unknown> => Promise.all(alerts.map((each) => acknowledge(each.fingerprint, by)));
    if (await act("They are yours", work)) setParameters({ do: "" }, true);
  };
  return (
    <section class="panel pad take" aria-label="Acknowledge">
      <p class="bright">Take {alerts.length === 1 ? (alerts[0]?.labels["alertname"] ?? "this alert") : `these ${alerts.length} alerts`} over?</p>
      <PersonField />
      <button type="button" class="primary" disabled={!by || busy.value} onClick={() => void take()}>Acknowledge</button>
      <button type="button" onClick={() => setParameters({ do: "" }, true)}>Leave it</button>
    </section>
  );
}

function quietWord(alert: Alert): string {
  if (alert.status.silencedBy.length) return "silenced";
  if (alert.status.inhibitedBy.length) return "held back";
  return alert.status.mutedBy.length ? "quiet time" : "";
}

function List({ alerts, attention }: { alerts: readonly Alert[]; attention: ReadonlyMap<string, Attention> }) {
  const columns: readonly Column<Alert>[] = [
    {
      key: "severity", title: "Severity", width: "108px", order: (row) => urgency(row.labels),
      cell: (row) => <Badge state={toneOf(row)}>{quietWord(row) || (row.labels["severity"] ?? "firing")}</Badge>,
    },
    {
      key: "alert", title: "Alert", width: "minmax(130px, 1fr)", order: (row) => row.labels["alertname"] ?? "",
      cell: (row) => <button type="button" class="link-button" onClick={() => setParameters({ alert: row.fingerprint })}>{row.labels["alertname"] ?? "without a name"}</button>,
    },
    { key: "says", title: "Says", width: "minmax(0, 2fr)", cell: (row) => row.annotations["summary"] ?? "" },
    { key: "since", title: "For", width: "64px", order: (row) => -Date.parse(row.startsAt), cell: (row) => formatDuration(now.value - Date.parse(row.startsAt)) },
    { key: "owner", title: "Owner", width: "minmax(0, 90px)", order: (row) => row.labels["owner"] ?? "", cell: (row) => row.labels["owner"] ?? "" },
    {
      key: "has", title: "Has it", width: "minmax(0, 80px)", order: (row) => handOf(attention.get(row.fingerprint)),
      cell: (row) => handOf(attention.get(row.fingerprint)) || <span class="muted">nobody</span>,
    },
    { key: "to", title: "Goes to", width: "minmax(0, 110px)", cell: (row) => row.receivers.map((each) => each.name).join(", ") },
  ];
  return <Table label="Alerts" columns={columns} rows={alerts} height={640} chosen={(row) => row.fingerprint === chosen.value} onRow={(row) => setParameters({ alert: row.fingerprint })} />;
}

export function handOf(told: Attention | undefined): string {
  return told?.acknowledged_by || told?.assignee || "";
}
