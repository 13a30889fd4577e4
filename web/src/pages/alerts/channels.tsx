/** Every channel: whether messages arrive there, and what waits. */
import { OWN, type Channel } from "../../data/alerting";
import { usePlain } from "../../data/query";
import { Badge, type State } from "../../parts/badge";
import { Failed, Loading } from "../../parts/states";
import { formatAge, now } from "../../state/time";

export const CONDITIONS: Readonly<Record<string, State>> = { working: "good", unproven: "muted", failing: "bad", refusing: "bad" };

export function useChannels() {
  return usePlain<readonly Channel[]>(`${OWN}/channels`, now.value).value;
}

export function Channels() {
  const asked = useChannels();
  if (!asked.value) return asked.fault ? <Failed fault={asked.fault} /> : <Loading what="Asking the channels" />;
  if (!asked.value.length) return <p class="empty">There are no channels: alerts are shown here, and nobody is told.</p>;
  return (
    <>
      <Chain />
      <ul class="cards" aria-label="Channels">{asked.value.map((each) => <Row key={each.receiver + each.integration} channel={each} />)}</ul>
    </>
  );
}

interface Heartbeats {
  readonly fault: string;
  readonly heartbeats: readonly { readonly kind: string; readonly failed: number; readonly last: string | null; readonly last_error: string }[];
}

/** Whether an alert would get through from end to end, and who outside would notice if not. */
function Chain() {
  const told = usePlain<Heartbeats>(`${OWN}/heartbeats`, now.value).value.value;
  if (!told) return null;
  return (
    <section class="panel pad card" aria-label="The whole way">
      <p><Badge state={told.fault ? "bad" : "good"}>{told.fault ? "broken" : "sound"}</Badge> <b>From rules to channels</b> <span class="wrap muted">{told.fault || "An alert would arrive."}</span></p>
      {told.heartbeats.map((each) => <p key={each.kind} class="muted wrap">Heartbeat by {each.kind}: {each.last ? `sent ${ago(each.last)}` : "not sent yet"}{each.last_error && `; ${each.last_error}`}</p>)}
      {!told.heartbeats.length && <p class="muted">Nobody outside would notice if this server stopped: <code>alerting.heartbeats</code> names who should.</p>}
    </section>
  );
}

function ago(text: string | null): string {
  return text ? formatAge(Date.parse(text), now.value) : "never";
}

function Row({ channel }: { channel: Channel }) {
  const counts = [`${channel.delivered} arrived`, `${channel.failed} failed`, channel.refused && `${channel.refused} refused`, channel.waiting && `${channel.waiting} wait`];
  return (
    <li class="panel pad card">
      <p><Badge state={CONDITIONS[channel.condition] ?? "warn"}>{channel.condition}</Badge> <b>{channel.receiver}</b> <span class="muted">{channel.integration} · {channel.destination}</span></p>
      {channel.words && <p class={channel.failing_since ? "fault wrap" : "muted wrap"}>{channel.words}</p>}
      <p class="muted">{counts.filter(Boolean).join(", ")} · last arrived {ago(channel.last_success)}{channel.failing_since && ` · failing since ${ago(channel.failing_since)}`}</p>
    </li>
  );
}
