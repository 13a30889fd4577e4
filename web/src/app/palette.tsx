/** One box to go anywhere: pages, actions, dashboards, metrics. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../data/client";
import { findMetrics } from "../data/search";
import { Dialog } from "../parts/dialog";
import { Icon, type IconName } from "../parts/icon";
import { go, href } from "../state/address";
import { nextTheme, nextZone } from "../state/preferences";
import { live, refresh, setRange } from "../state/time";
import { setLive } from "./keys";
import { helpOpen, paletteOpen } from "./opened";
import { PAGES } from "./pages";

interface Entry {
  readonly title: string;
  readonly about: string;
  readonly icon: IconName;
  readonly run: () => void;
}

const METRICS_MAX = 12;
const PAUSE_MS = 90;

function fixedEntries(): Entry[] {
  const pages = PAGES.map((each): Entry => ({
    title: each.title, about: each.about, icon: each.icon, run: () => go(href(each.name)),
  }));
  const spans = [["15m", "15 minutes"], ["1h", "hour"], ["6h", "6 hours"], ["1d", "day"], ["7d", "7 days"]] as const;
  return [
    ...pages,
    { title: live.value ? "Stop following live" : "Follow live", about: "l", icon: "now", run: () => setLive(!live.value) },
    { title: "Look again", about: "r", icon: "refresh", run: refresh },
    { title: "Change the time zone", about: "z", icon: "clock", run: nextZone },
    { title: "Change between dark and light", about: "t", icon: "sun", run: nextTheme },
    { title: "Show the keys", about: "?", icon: "help", run: () => { helpOpen.value = true; } },
    ...spans.map(([span, words]): Entry => ({
      title: `Last ${words}`, about: "Time range", icon: "clock", run: () => setRange(`now-${span}`, "now"),
    })),
  ];
}

function matches(entry: Entry, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/);
  return words.every((word) => entry.title.toLowerCase().includes(word));
}

async function found(text: string, signal: AbortSignal): Promise<Entry[]> {
  const [metrics, boards] = await Promise.all([metricEntries(text, signal), boardEntries(text, signal)]);
  return [...boards, ...metrics];
}

async function metricEntries(text: string, signal: AbortSignal): Promise<Entry[]> {
  const { hits } = await findMetrics(text, METRICS_MAX, signal);
  return hits.map((hit) => ({
    title: hit.name, about: hit.help || hit.type || "", icon: "metrics", run: () => go(href("explore", { expr: hit.name })),
  }));
}

async function boardEntries(text: string, signal: AbortSignal): Promise<Entry[]> {
  const { data } = await ask<readonly { name: string; title: string; description?: string }[]>("api/v1/dashboards", [], signal);
  const all = data.map((each): Entry => ({
    title: each.title, about: each.description ?? "", icon: "dashboards", run: () => go(href("dashboards", { name: each.name })),
  }));
  return all.filter((entry) => matches(entry, text));
}

export function Palette() {
  return paletteOpen.value ? <Box /> : null;
}

function Box() {
  const text = useSignal("");
  const more = useSignal<readonly Entry[]>([]);
  const chosen = useSignal(0);
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      if (!text.value.trim()) more.value = [];
      else found(text.value.trim(), stop.signal).then((entries) => { more.value = entries; }, () => undefined);
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text.value]);
  const entries = [...fixedEntries().filter((entry) => matches(entry, text.value.trim())), ...more.value];
  const at = Math.min(chosen.value, entries.length - 1);
  const run = (entry: Entry | undefined): void => {
    paletteOpen.value = false;
    entry?.run();
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === "ArrowDown") chosen.value = Math.min(at + 1, entries.length - 1);
    else if (event.key === "ArrowUp") chosen.value = Math.max(at - 1, 0);
    else if (event.key === "Enter") run(entries[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog label="Find a page, a metric or an action" kind="palette" onClose={() => { paletteOpen.value = false; }}>
      <div class="palette-field">
        <Icon name="search" />
        <input
          autofocus type="text" role="combobox" aria-expanded="true" aria-controls="palette-list" autocomplete="off"
          aria-label="Find" aria-activedescendant={`palette-${at}`} placeholder="Find a page, a metric, an action"
          spellcheck={false} value={text.value} onKeyDown={press}
          onInput={(event) => { text.value = event.currentTarget.value; chosen.value = 0; }}
        />
        <kbd>Esc</kbd>
      </div>
      <ul id="palette-list" role="listbox" aria-label="Found">
        {entries.map((each, index) => (
          <li
            key={`${each.icon}${each.title}`} id={`palette-${index}`} role="option" aria-selected={index === at}
            onClick={() => run(each)} onMouseMove={() => { chosen.value = index; }}
          >
            <Icon name={each.icon} />
            <span class="palette-title">{each.title}</span>
            <span class="palette-about">{each.about}</span>
          </li>
        ))}
      </ul>
      {!entries.length && <p class="muted palette-none">Nothing is called so.</p>}
    </Dialog>
  );
}
