/** Matchers as people write them: `{venue="okx", alertname=~"Feed.*"}`, braces or not. */
import type { Matcher } from "./alerting";
import type { Labels } from "./frames";
import { quoteName } from "./names";

const ONE = /^\s*([\w.:]+|"(?:[^"\\]|\\.)*")\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^",{}\s]+)\s*(?:,|$)/u;

/** Read matchers; nothing for what cannot be read, or says nothing. */
export function readMatchers(text: string): readonly Matcher[] | undefined {
  let rest = text.trim().replace(/^\{([^]*)\}$/, "$1").trim();
  const found: Matcher[] = [];
  while (rest) {
    const parts = ONE.exec(rest);
    if (!parts) return undefined;
    const [whole, name = "", kind = "", value = ""] = parts;
    try {
      found.push({ name: unquote(name), value: unquote(value), isRegex: kind.endsWith("~"), isEqual: !kind.startsWith("!") });
    } catch {
      return undefined; // An escape that there is not.
    }
    rest = rest.slice(whole.length).trim();
  }
  return found.length ? found : undefined;
}

function unquote(text: string): string {
  return text.startsWith('"') ? (JSON.parse(text) as string) : text;
}

export function writeMatcher({ name, value, isRegex, isEqual }: Matcher): string {
  return `${quoteName(name)}${isEqual ? "=" : "!"}${isRegex ? "~" : isEqual ? "" : "="}${JSON.stringify(value)}`;
}

export function writeMatchers(matchers: readonly Matcher[]): string {
  return `{${matchers.map(writeMatcher).join(", ")}}`;
}

/** The matchers that select exactly what carries these labels. */
export function matchersOf(labels: Labels): readonly Matcher[] {
  return Object.entries(labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true }));
}
