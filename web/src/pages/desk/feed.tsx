/** One feed of one venue: the ranges that never came, who is silent, and how late messages are. */
import { scaleOf, Track, type Rung } from "../../charts/ladder";
import { gridOf, useEndpoint, useInstant, useRange } from "../../data/query";
import { formatValue } from "../../data/units";
import { Icon } from "../../parts/icon";
import { href, setParameters } from "../../state/address";
import { formatClock, formatTime, now, range } from "../../state/time";
import { lostIn } from "./model";
import { missedIn, silentest } from "./questions";

interface Gap {
  readonly symbol: string;
  readonly first: number;
  readonly last: number;
  readonly at: string;
  readonly service: string;
  readonly instance: string;
}

const SHOWN_MAX = 50;

export function Feed({ venue, channel, rungs }: { venue: string; channel: string; rungs: readonly Rung[] }) {
  const silent = useInstant(silentest(venue, channel), now.value).value.value ?? [];
  return (
    <section class="panel pad feed" aria-label={`${venue} ${channel}`}>
      <header class="drawer-head">
        <h3>{venue} · {channel}</h3>
        <a data-page class="small" href={href("explore", { expr: `rate(venue_feed_messages_total{venue=${JSON.stringify(venue)}, channel=${JSON.stringify(channel)}}[1m])` })}>Messages in Explore</a>
        <button type="button" class="quiet" aria-label="Close" onClick={() => setParameters({ venue: "", channel: "" }, true)}><Icon name="close" /></button>
      </header>
      <div class="feed-parts">
        <Gaps venue={venue} channel={channel} />
        <div>
          <h4>Silent for longest</h4>
          <ul class="lines">
            {silent.map((each) => <li key={each.labels["symbol"]}><span>{each.labels["symbol"] || "all"}</span><span class="number">{formatValue(each.value, "s")}</span></li>)}
          </ul>
        </div>
        <div>
          <h4>How old messages are when they come</h4>
          {rungs.length > 0 ? <Track rungs={rungs} unit="s" place={scaleOf(rungs.map((each) => each.value))} /> : <p class="muted">Its messages do not say when they were sent.</p>}
        </div>
      </div>
    </section>
  );
}

function Gaps({ venue, channel }: { venue: string; channel: string }) {
  const asked = useEndpoint<{ readonly gaps: readonly Gap[] }>("api/v1/desk/gaps", now.value, [["venue", venue], ["channel", channel]]).value;
  const gaps = asked.value?.gaps ?? [];
  return (
    <div>
      <h4>What never came</h4>
      {asked.fault && <p class="fault">{asked.fault.message}</p>}
      {asked.value && !gaps.length && <Counted venue={venue} channel={channel} />}
      <ul class="lines" tabIndex={gaps.length ? 0 : undefined} aria-label="Ranges that never came">
        {gaps.slice(0, SHOWN_MAX).map((each) => (
          <li key={`${each.symbol} ${each.first} ${each.instance}`} title={`${each.service} ${each.instance}`}>
            <span>{each.symbol || "all"} <b>{each.first === each.last ? each.first : `${each.first} to ${each.last}`}</b></span>
            <span class="number muted">{formatTime(Date.parse(each.at))}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const COUNTED_PX = 90;

/** A feed whose process is elsewhere, or is scraped, tells how many it missed and when, not which. */
function Counted({ venue, channel }: { venue: string; channel: string }) {
  const grid = gridOf(range.value, COUNTED_PX);
  const asked = useRange(missedIn(venue, channel, grid.stepS), grid).value;
  const lost = asked.value ? lostIn(asked.value) : [];
  if (!asked.value) return null;
  if (!lost.length) return <p class="muted">Nothing is missing in this time range.</p>;
  return (
    <>
      <p class="muted small">Counted by the feed; only processes of this host remember which numbers.</p>
      <ul class="lines" tabIndex={0} aria-label="When numbers were missed">
        {lost.slice(0, SHOWN_MAX).map((each) => (
          <li key={`${each.symbol} ${each.firstS}`}>
            <span>{each.symbol || "all"} <b>{each.count} missing</b></span>
            <span class="number muted">{formatClock(each.firstS * 1_000)} to {formatClock(each.lastS * 1_000)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
