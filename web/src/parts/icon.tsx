/** Line drawings of 16 by 16, in the colour of the text around them. */
const PATHS = {
  now: "M2 8h3l2-5 3 10 2-5h2",
  alerts: "M4 11V7a4 4 0 0 1 8 0v4l1 1H3zM6.8 14h2.4",
  objectives: "M8 2a6 6 0 1 0 6 6M8 5a3 3 0 1 0 3 3M8 8l5.5-5.5M11 2.5h2.5V5",
  catalog: "M3 2.5h8.5a1.5 1.5 0 0 1 1.5 1.5v9.5H4.5A1.5 1.5 0 0 1 3 12zM3 12a1.5 1.5 0 0 1 1.5-1.5H13",
  dashboards: "M2.5 2.5h4.5v6H2.5zM9 2.5h4.5v3.5H9zM9 8.5h4.5v5H9zM2.5 11h4.5v2.5H2.5z",
  desk: "M2.5 3.5h11v7h-11zM6 13.5h4M8 10.5v3M2.5 7h11M6 3.5v7M9.8 3.5v7",
  explore: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zM10.4 10.4l3.3 3.3",
  platform: "M2.5 3h11v3.5h-11zM2.5 9.5h11V13h-11zM5 4.75h.01M5 11.25h.01",
  drills: "M9 1.8L3.5 9h4l-.8 5.2L12.5 7h-4z",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9zM10.4 10.4l3.3 3.3",
  clock: "M8 2a6 6 0 1 0 0 12a6 6 0 0 0 0-12zM8 4.8V8l2.2 1.6",
  refresh: "M13 8a5 5 0 1 1-1.6-3.7M13.2 2v3h-3",
  good: "M3 8.5l3.2 3.2L13 5",
  warn: "M8 2.2l6.2 11H1.8zM8 6.5v3.2M8 11.6h.01",
  bad: "M8 2a6 6 0 1 0 0 12a6 6 0 0 0 0-12zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
  info: "M8 2a6 6 0 1 0 0 12a6 6 0 0 0 0-12zM8 7.4v3.4M8 5.2h.01",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  close: "M4 4l8 8M12 4l-8 8",
  copy: "M5.5 5.5h7.5v8H5.5zM3 10.5v-8h7.5",
  save: "M8 2.5v7.5M5 7.2L8 10.2l3-3M3 13.2h10",
  sun: "M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 0 0 0-5.6zM8 1.8v1.4M8 12.8v1.4M1.8 8h1.4M12.8 8h1.4M3.6 3.6l1 1M11.4 11.4l1 1M3.6 12.4l1-1M11.4 4.6l1-1",
  help: "M5.8 6a2.2 2.2 0 1 1 3 2c-.6.3-.8.7-.8 1.5M8 12h.01",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  metrics: "M2.5 13V9M6.2 13V4M9.8 13V7M13.5 13V2.5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
