/** Services, and what needs what: those that need nothing stand on the left. */
import { href } from "../../state/address";
import { columnsOf, type Platform } from "./model";

const WIDE = 168;
const HIGH = 34;
const STEP_X = 250;
const STEP_Y = 50;
const SAG = 52;

export function Services({ platform }: { platform: Platform }) {
  const entries = Object.entries(platform.services);
  if (!entries.length) return <p class="empty">No services are declared.</p>;
  return (
    <>
      <div class="panel pad graph"><Graph platform={platform} /></div>
      <ul class="cards">
        {entries.map(([name, each]) => (
          <li class="panel pad card" key={name} id={`service-${name}`}>
            <p><b>{each.title || name}</b> <span class="muted">{[each.title && name, `tier ${each.tier}`, each.owner].filter(Boolean).join(" · ")}</span></p>
            {each.help && <p class="wrap">{each.help}</p>}
            <p class="muted">
              {each.needs.length ? `needs ${each.needs.join(", ")}` : "needs nothing"}
              {Object.entries(each.ports).map(([port, number]) => ` · ${port} ${number}`)}
            </p>
            <p class="links">
              <a data-page href={href("dashboards", { name: `${platform.name}-service-${name}` })}>Its page</a>
              <a data-page href={href("alerts", { filter: `{service=${JSON.stringify(name)}}` })}>Its alerts now</a>
              <a data-page href={href("catalog", { tab: "metrics", find: name })}>Its metrics</a>
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}

function Graph({ platform }: { platform: Platform }) {
  const columns = columnsOf(platform.services);
  const places = new Map(columns.flatMap((column, x) => column.map((name, y) => [name, { x: x * STEP_X, y: y * STEP_Y }] as const)));
  const width = (columns.length - 1) * STEP_X + WIDE;
  const height = (Math.max(...columns.map((column) => column.length)) - 1) * STEP_Y + HIGH + (columns.length > 2 ? SAG / 2 : 0);
  const lines = Object.entries(platform.services).flatMap(([name, each]) => each.needs.map((needed) => [name, needed] as const));
  return (
    <svg width={width + 4} height={height + 4} viewBox={`-2 -2 ${width + 4} ${height + 4}`} role="img" aria-label={`Services: ${lines.map((pair) => pair.join(" needs ")).join(", ")}`}>
      {lines.map(([name, needed]) => {
        const [end, start] = [places.get(name), places.get(needed)];
        if (!start || !end) return null;
        const [x, y] = [start.x + WIDE, start.y + HIGH / 2];
        // A line over a column goes below what stands there.
        const low = end.x - start.x > STEP_X ? SAG : 0;
        return <path key={`${name} ${needed}`} d={`M${x},${y}C${x + 60},${y + low} ${end.x - 60},${end.y + HIGH / 2 + low} ${end.x},${end.y + HIGH / 2}`} />;
      })}
      {[...places].map(([name, { x, y }]) => (
        <g key={name} transform={`translate(${x} ${y})`}>
          <title>{name}</title>
          <rect width={WIDE} height={HIGH} rx="5" />
          <text x="12" y="22">{shortened(platform.services[name]?.title || name)}</text>
        </g>
      ))}
    </svg>
  );
}

const LETTERS_MAX = 22;

function shortened(text: string): string {
  return text.length > LETTERS_MAX ? `${text.slice(0, LETTERS_MAX - 1)}…` : text;
}
