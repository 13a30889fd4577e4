/** What has happened, the newest first. */
import type { Entry } from "../../data/alerting";
import { formatTime } from "../../state/time";

export function Happened({ entries, named = false }: { entries: readonly Entry[]; named?: boolean }) {
  if (!entries.length) return <p class="muted">Nothing is written down.</p>;
  return (
    <ol class="happened">
      {entries.map((each, index) => (
        <li key={index}>
          <time class="muted mono">{formatTime(Date.parse(each.at))}</time>
          <span class="wrap">
            <b>{each.kind}</b>
            {named && each.alert && ` ${each.alert}`}
            {each.receiver && ` · ${each.receiver}`}
            {each.by && ` · by ${each.by}`}
            {each.told && <span class="muted"> {each.told}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
