/**
 * Runbooks as pages: headings, lists, code, links and emphasis, and nothing that runs by itself.
 *
 * Everything else in the text, markup too, is shown as the characters that it is.
 */
import type { ComponentChildren } from "preact";
import { webLink } from "../pages/links";
import { href } from "../state/address";
import { Question } from "./question";
import { copy } from "./toasts";
import "../styles/alerts.css";

export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly text: string }
  | { readonly kind: "list"; readonly ordered: boolean; readonly start: number; readonly items: readonly string[] }
  | { readonly kind: "code"; readonly language: string; readonly text: string }
  | { readonly kind: "words"; readonly text: string };

const FENCE = /^\s*(```+|~~~+)\s*(\w*)/;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^\s*(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;

/** Take a text apart into its blocks. */
export function readBlocks(text: string): readonly Block[] {
  const lines = text.split(/\r?\n/);
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at] ?? "";
    const fence = FENCE.exec(line);
    const heading = HEADING.exec(line);
    const end = fence ? endOfCode(lines, at + 1, fence[1] ?? "") : heading || !line.trim() ? at + 1 : endOfWords(lines, at);
    if (fence) blocks.push({ kind: "code", language: fence[2] ?? "", text: lines.slice(at + 1, end).join("\n") });
    else if (heading) blocks.push({ kind: "heading", level: heading[1]?.length ?? 1, text: heading[2] ?? "" });
    else if (ITEM.test(line)) blocks.push(listOf(lines.slice(at, end)));
    else if (line.trim()) blocks.push({ kind: "words", text: lines.slice(at, end).join("\n") });
    at = fence ? end + 1 : end;
  }
  return blocks;
}

function endOfCode(lines: readonly string[], from: number, fence: string): number {
  const end = lines.findIndex((line, index) => index >= from && line.trim() === fence);
  return end < 0 ? lines.length : end;
}

function endOfWords(lines: readonly string[], from: number): number {
  const isList = ITEM.test(lines[from] ?? "");
  const end = lines.findIndex((line, index) => index > from
    && (!line.trim() || FENCE.test(line) || HEADING.test(line) || (!isList && ITEM.test(line))));
  return end < 0 ? lines.length : end;
}

function listOf(lines: readonly string[]): Block {
  const items: string[] = [];
  for (const line of lines) {
    const item = ITEM.exec(line);
    if (item) items.push(item[2] ?? "");
    else items.push(`${items.pop() ?? ""}\n${line.trim()}`);
  }
  const first = ITEM.exec(lines[0] ?? "")?.[1];
  return { kind: "list", ordered: first !== undefined, start: Number(first ?? 1), items };
}

/** Show a text; `leading` says how deep its first headings stand in the page. */
export function Markdown({ text, platform, leading = 1 }: { text: string; platform: string; leading?: number }) {
  return <div class="prose">{readBlocks(text).map((block, index) => <Shown key={index} block={block} platform={platform} leading={leading} />)}</div>;
}

function Shown({ block, platform, leading }: { block: Block; platform: string; leading: number }) {
  if (block.kind === "code") return <Code language={block.language} text={block.text} />;
  if (block.kind === "words") return <p class="wrap">{inline(block.text, platform)}</p>;
  if (block.kind === "list") {
    const items = block.items.map((each, index) => <li key={index} class="wrap">{inline(each, platform)}</li>);
    return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
  }
  const Heading = `h${Math.min(block.level + leading, 6)}` as "h2";
  return <Heading>{inline(block.text, platform)}</Heading>;
}

function Code({ language, text }: { language: string; text: string }) {
  if (language === "promql") return <Question text={text} />;
  return (
    <div class="code">
      <pre tabIndex={0}>{text}</pre>
      <button type="button" class="quiet small" onClick={() => void copy(text, "Text")}>Copy</button>
    </div>
  );
}

const INLINE = /`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|<(https?:\/\/[^>\s]+)>/g;

/** The parts of a line; a link that leads nowhere we know stays as it was written. */
function inline(text: string, platform: string): ComponentChildren {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    parts.push(text.slice(at, found.index), mark(found, platform));
    at = found.index + found[0].length;
  }
  return [...parts, text.slice(at)];
}

function mark(found: RegExpMatchArray, platform: string): ComponentChildren {
  const [whole, code, words, target, strong, emphasis, address] = found;
  if (code) return <code>{code}</code>;
  if (strong) return <strong>{strong}</strong>;
  if (emphasis) return <em>{emphasis}</em>;
  const outside = webLink(target ?? address);
  if (outside) return <a href={outside} target="_blank" rel="noreferrer">{words ?? address}</a>;
  const runbook = /^(?:\.\/)?([\w-]+)\.md(?:#.*)?$/.exec(target ?? "")?.[1];
  return runbook ? <a data-page href={href("catalog", { tab: "runbooks", platform, runbook })}>{words}</a> : whole;
}
