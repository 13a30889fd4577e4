/** Changes, the newest first, each with its lines for whoever wants to know more. */
import type { Change } from "../data/changes";
import { webLink } from "../pages/links";
import { formatAge, formatTime, now } from "../state/time";
import { Badge, type State } from "./badge";

const TONES: Readonly<Record<string, State>> = { refused: "bad", start: "info", configuration: "info", catalog: "info" };

export function Changes({ changes, none }: { changes: readonly Change[]; none: string }) {
  if (!changes.length) return <p class="muted">{none}</p>;
  return (
    <ul class="fresh" aria-label="Changes">
      {changes.map((each, index) => (
        <li class="fresh-row" key={index}>
          <Badge state={TONES[each.kind] ?? "good"}>{each.kind}</Badge>
          <What change={each} />
          <time class="muted" title={formatTime(Date.parse(each.at))}>{formatAge(Date.parse(each.at), now.value)}</time>
        </li>
      ))}
    </ul>
  );
}

function What({ change: { what, by, link, details } }: { change: Change }) {
  const outside = webLink(link);
  const head = <>{outside ? <a href={outside} target="_blank" rel="noreferrer">{what}</a> : what}{by && <span class="muted"> {by}</span>}</>;
  if (!details.length) return <span class="wrap">{head}</span>;
  return <details class="wrap"><summary>{head}</summary><ul class="muted small">{details.map((each) => <li key={each}>{each}</li>)}</ul></details>;
}
