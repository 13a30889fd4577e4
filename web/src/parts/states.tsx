/** What a place shows while it has nothing to show; each says what can be done. */
import type { ComponentChildren } from "preact";
import { ApiError } from "../data/client";
import { refresh } from "../state/time";
import { Icon, type IconName } from "./icon";

export function Notice({ icon, title, children, tone = "muted" }: {
  icon?: IconName; title: string; children?: ComponentChildren; tone?: string;
}) {
  return (
    <div class={`notice tone-${tone}`}>
      {icon && <Icon name={icon} />}
      <div>
        <p class="notice-title">{title}</p>
        {children && <div class="notice-words">{children}</div>}
      </div>
    </div>
  );
}

export function Loading({ what = "Asking the server" }: { what?: string }) {
  return (
    <div class="loading" role="status">
      <span class="loading-bar" aria-hidden="true" />
      <span>{what} …</span>
    </div>
  );
}

/** Say what failed in the server's own words, and what helps. */
export function Failed({ fault, children }: { fault: Error; children?: ComponentChildren }) {
  return (
    <div class="notice tone-bad" role="alert">
      <Icon name="bad" />
      <div>
        <p class="notice-title">{titleOf(fault)}</p>
        <div class="notice-words">
          <p class="mono wrap">{fault.message.replace(LEAD, "")}</p>
          <p class="muted">{remedyOf(fault)}</p>
          {children}
          {!isSlip(fault) && <button type="button" onClick={refresh}>Try again</button>}
        </div>
      </div>
    </div>
  );
}

/** What the API puts before the words that say what is wrong with a query. */
const LEAD = /^invalid parameter "query": /;

function isSlip(fault: Error): boolean {
  return fault instanceof ApiError && fault.status === 400;
}

function titleOf(fault: Error): string {
  if (!(fault instanceof ApiError)) return "Something went wrong in this page";
  const titles: Record<string, string> = {
    bad_data: "The question cannot be read",
    timeout: "The answer took too long",
    execution: "The question cannot be answered",
    unreachable: "No connection",
    unauthorized: "Signed out",
    not_found: "There is no such thing",
    unavailable: "The server is busy",
  };
  return titles[fault.kind] ?? "The server refused";
}

function remedyOf(fault: Error): string {
  if (!(fault instanceof ApiError)) return "Reload the page; if it stays, tell whoever runs the server.";
  const remedies: Record<string, string> = {
    bad_data: "Mend the place that is named, and run it again.",
    timeout: "Ask for a shorter range, or for fewer series.",
    execution: "The message says which values do not fit.",
    unreachable: "What is shown is older. The page goes on as soon as the server answers.",
    unauthorized: "Give the token again.",
    unavailable: "It answers again as soon as others are done.",
  };
  return remedies[fault.kind] ?? "The server's log tells more.";
}
