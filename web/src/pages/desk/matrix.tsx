/** The venue matrix: every feed of every venue, and beside them what the venue lets us do. */
import { scaleOf, Track, type Rung, type Scale } from "../../charts/ladder";
import { formatValue } from "../../data/units";
import { Badge, type State } from "../../parts/badge";
import { Icon } from "../../parts/icon";
import { parameter, setParameters } from "../../state/address";
import { formatDuration } from "../../state/time";
import type { Answers } from "./answers";
import { budgetsOf, placeOf, reader, rungsOf, sessionOf, valuesOf, type Budget, type Place } from "./model";
import { Feed } from "./feed";
import { waits } from "./waits";

const ERRORS_MANY = 0.05;

export const chosenVenue = parameter("venue");
export const chosenChannel = parameter("channel");

export function Matrix({ answers }: { answers: Answers }) {
  const venues = valuesOf(answers, "venue", "connected", "age", "used", "answers", "session");
  const channels = valuesOf(answers, "channel", "connected", "age");
  if (!venues.length) {
    return waits(answers, "connected", "age", "used") ?? (
      <p class="empty">
        No process tells of a venue. The SDK's <code>Feed</code> and <code>RateBudget</code> do, and so does <code>tapewatch floor hft</code>.
      </p>
    );
  }
  const read = reader(answers);
  const rungs = new Map(venues.map((venue) => [venue, rungsOf(answers, "answers", { venue })]));
  const place = scaleOf([...rungs.values()].flat().map((each) => each.value));
  const delays = delaysOf(answers, venues, channels);
  const apart = scaleOf([...delays.values()].flat().map((each) => each.value));
  return (
    <>
      <div class="panel matrix-box">
        <table class="matrix">
          <thead>
            <tr><th scope="col">Venue</th>{channels.map((each) => <th scope="col" key={each}>{each}</th>)}<th scope="col">Rate budgets</th><th scope="col">Answers <span class="small">p50 · p99 · p99.9</span></th></tr>
          </thead>
          <tbody>
            {venues.map((venue) => {
              const session = sessionOf(answers, venue);
              return (
                <tr key={venue}>
                  <th scope="row"><Venue venue={venue} session={session} change={read("change", { venue })} ban={read("ban", { venue })} /></th>
                  {channels.map((channel) => (
                    <td key={channel}>
                      <Cell place={placeOf(read, venue, channel, session)} rungs={delays.get(`${venue} ${channel}`) ?? []} scale={apart} />
                    </td>
                  ))}
                  <td><Budgets budgets={budgetsOf(answers, venue)} /></td>
                  <td><Answered rungs={rungs.get(venue) ?? []} scale={place} errors={read("errors", { venue })} /></td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {venues.includes(chosenVenue.value) && chosenChannel.value && <Feed venue={chosenVenue.value} channel={chosenChannel.value} rungs={delays.get(`${chosenVenue.value} ${chosenChannel.value}`) ?? []} />}
    </>
  );
}

function delaysOf(answers: Answers, venues: readonly string[], channels: readonly string[]): ReadonlyMap<string, readonly Rung[]> {
  return new Map(venues.flatMap((venue) => channels.map((channel) => [`${venue} ${channel}`, rungsOf(answers, "delays", { venue, channel })] as const)));
}

const SESSIONS: Readonly<Record<string, State>> = { open: "good", pre: "info", post: "info", closed: "muted", halted: "bad" };

export function SessionBadge({ session }: { session: string }) {
  return <Badge state={SESSIONS[session] ?? "muted"}>{session}</Badge>;
}

function Venue({ venue, session, change, ban }: { venue: string; session: string; change: number; ban: number }) {
  return (
    <>
      <b class="wrap">{venue}</b>
      {ban > 0 && <Badge state="bad">{`banned for ${formatDuration(ban * 1_000)}`}</Badge>}
      {session && <SessionBadge session={session} />}
      {change > 0 && <span class="muted small">{formatDuration(change * 1_000)} more</span>}
    </>
  );
}

function Cell({ place, rungs, scale }: { place: Place | undefined; rungs: readonly Rung[]; scale: Scale }) {
  if (!place) return <span class="muted">–</span>;
  const { venue, channel, state, word } = place;
  const open = venue === chosenVenue.value && channel === chosenChannel.value;
  return (
    <button
      type="button" class={`place tone-${state}`} aria-expanded={open}
      onClick={() => setParameters(open ? { venue: "", channel: "" } : { venue, channel }, true)}
    >
      <span class="place-word"><Icon name={state === "muted" ? "clock" : state} />{word}</span>
      <span class="place-numbers">
        {!Number.isNaN(place.messages) && <span title="Messages a second">{formatValue(place.messages)}/s</span>}
        {!Number.isNaN(place.age) && <span title="Since the last message of the quietest feed">{formatValue(place.age, "s")} old</span>}
        {place.gaps > 0 && <span class="place-gaps" title="In the last hour">{formatValue(place.gaps, "integer")} gaps, {formatValue(place.missing, "integer")} missing</span>}
      </span>
      {rungs.length > 0 && <span class="place-track"><Track rungs={rungs} unit="s" place={scale} bare /><span title="99 of 100 messages are younger than this when they come">p99 {formatValue(last(rungs), "s")}</span></span>}
    </button>
  );
}

function last(rungs: readonly Rung[]): number {
  return rungs.find((each) => each.name === "p99")?.value ?? NaN;
}

function Budgets({ budgets }: { budgets: readonly Budget[] }) {
  if (!budgets.length) return <span class="muted">–</span>;
  return (
    <ul class="meters">
      {budgets.map((each) => (
        <li key={each.name} class={`meter tone-${each.state}`}>
          <span class="ellipsis">{each.name.replaceAll("_", " ")}</span>
          <Meter label={`${each.name} used`} share={each.used} />
          <span class="number">{Math.round(Math.max(1 - each.used, 0) * 100)} % left</span>
          <span class={each.state === "bad" ? "number bright" : "number muted"}>{each.gone < 1 ? "gone" : Number.isFinite(each.gone) ? `gone in ${formatValue(each.gone, "s")}` : "lasts"}</span>
        </li>
      ))}
    </ul>
  );
}

export function Meter({ label, share }: { label: string; share: number }) {
  return (
    <span class="meter-track" role="meter" aria-label={label} aria-valuenow={Math.round(share * 100)} aria-valuemin={0} aria-valuemax={100}>
      <span class="meter-fill" style={{ width: `${Math.min(Math.max(share, 0), 1) * 100}%` }} />
    </span>
  );
}

function Answered({ rungs, scale, errors }: { rungs: readonly Rung[]; scale: Scale; errors: number }) {
  if (!rungs.length) return <span class="muted">–</span>;
  return (
    <div class="answered">
      <Track rungs={rungs} unit="s" place={scale} bare />
      <span class="number" title="What 50, 99 and 99.9 of 100 requests stayed below">
        {rungs.filter((each) => each.name !== "p95").map((each) => formatValue(each.value, "s")).join(" · ")}
      </span>
      <span class={errors > ERRORS_MANY ? "fault" : "muted"}>{formatValue(errors, "ratio")} fail</span>
    </div>
  );
}
