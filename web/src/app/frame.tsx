/** What is around every page: the head with its navigation, and the foot with the state of things. */
import { useSignal } from "@preact/signals";
import { Component, type ComponentChildren, type ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { hasToken, heardAt, signOut, signedOut, unreachable } from "../data/client";
import { liveAt } from "../data/live";
import { asking } from "../data/query";
import { Icon } from "../parts/icon";
import { Failed, Loading, Notice } from "../parts/states";
import { Toasts } from "../parts/toasts";
import { address, href } from "../state/address";
import { nextTheme, nextZone } from "../state/preferences";
import { formatAge, formatClock, isRelative, live, refresh, zoneLabel } from "../state/time";
import { Help } from "./help";
import { helpOpen, paletteOpen } from "./opened";
import { PAGES, pageOf, type Page } from "./pages";
import { Palette } from "./palette";
import { SignIn } from "./signin";
import { TimeBar } from "./timebar";

export function Frame() {
  const page = pageOf(address.value.page);
  if (signedOut.value) return <SignIn />;
  return (
    <>
      <a class="skip" href="#page">Skip to the page</a>
      <Head chosen={page?.name ?? ""} />
      <main id="page" class="page" tabIndex={-1}>
        {page ? <Guard key={page.name}><Loaded page={page} /></Guard> : <Lost />}
      </main>
      <Foot />
      <Palette />
      <Help />
      <Toasts />
    </>
  );
}

function Head({ chosen }: { chosen: string }) {
  return (
    <header class="head">
      <a class="brand" data-page href={href("now")} aria-label="Tapewatch: now">
        <svg viewBox="0 0 32 20" aria-hidden="true"><path d="M1 12h6l4-10 6 16 4-9h10" /></svg>
        <span>tapewatch</span>
      </a>
      <nav class="pages" aria-label="Pages">
        {PAGES.map((each) => (
          <a key={each.name} data-page href={href(each.name)} aria-current={each.name === chosen ? "page" : undefined}>
            {each.title}
          </a>
        ))}
      </nav>
      <button type="button" class="find" onClick={() => { paletteOpen.value = true; }}>
        <Icon name="search" /><span>Find</span><kbd>k</kbd>
      </button>
      <TimeBar />
    </header>
  );
}

function Foot() {
  const at = useTick();
  return (
    <footer class="foot">
      <span class={unreachable.value ? "foot-state tone-bad" : "foot-state tone-good"}>
        <Icon name={unreachable.value ? "bad" : "good"} />
        {unreachable.value || "Connected"}
      </span>
      <span>{heardAt.value ? `heard ${formatAge(heardAt.value, at)}` : ""}</span>
      {live.value && <span>{liveAt.value ? `live ${formatAge(liveAt.value, at)}` : "live: nothing to follow here"}</span>}
      <span class="foot-room" />
      {hasToken() && <button type="button" onClick={signOut}>Sign out</button>}
      <button type="button" title="Dark or light (t)" aria-label="Change between dark and light" onClick={nextTheme}><Icon name="sun" /></button>
      <button type="button" title="Keys (?)" aria-label="Show the keys" onClick={() => { helpOpen.value = true; }}><Icon name="help" /></button>
      <button type="button" class="clock" title="Change the time zone (z)" onClick={nextZone}>
        <time>{formatClock(at)}</time> <span>{zoneLabel.value}</span>
      </button>
    </footer>
  );
}

const REFRESH_MS = 15_000;

/** The time, once a second; a relative range moves along every so often, unless the stream does it. */
function useTick(): number {
  const at = useSignal(Date.now());
  useEffect(() => {
    let last = Date.now();
    const timer = setInterval(() => {
      at.value = Date.now();
      // What takes longer than a turn is not asked anew before it is there: it would never end.
      if (document.hidden || !isRelative.value || at.value - last < REFRESH_MS || asking()) return;
      last = at.value;
      refresh();
    }, 1_000);
    return () => clearInterval(timer);
  }, []);
  return at.value;
}

function Loaded({ page }: { page: Page }) {
  const found = useSignal<{ view: ComponentType } | undefined>(undefined);
  const fault = useSignal<Error | undefined>(undefined);
  useEffect(() => {
    document.title = `${page.title} · Tapewatch`;
    page.load().then(
      (module) => { found.value = { view: module.default }; },
      (reason: Error) => { fault.value = reason; },
    );
  }, [page.name]);
  if (fault.value) return <Failed fault={fault.value} />;
  const View = found.value?.view;
  return View ? <View /> : <Loading what="Opening" />;
}

/** Keeps a fault of one page from taking the frame with it. */
class Guard extends Component<{ children: ComponentChildren }, { fault?: Error }> {
  static override getDerivedStateFromError(fault: Error) {
    return { fault };
  }

  override render() {
    return this.state.fault ? <Failed fault={this.state.fault} /> : this.props.children;
  }
}

function Lost() {
  return (
    <Notice icon="warn" title="There is no such page">
      <p>The address names <code class="wrap">{address.value.page}</code>. Go to <a data-page href={href("now")}>Now</a>, or press <kbd>k</kbd> to find what you look for.</p>
    </Notice>
  );
}
