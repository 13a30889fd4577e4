/**
 * The live stream: one connection for everything on the screen.
 *
 * Panels subscribe with an expression. When the set of expressions changes the stream is opened
 * again with all of them; the server evaluates each once for all who look at it.
 */
import { signal } from "@preact/signals";
import { heardAt, isAbort, lines, send } from "./client";
import { readBuckets, readNumber, type Bucket, type Labels } from "./frames";

export interface LivePoint {
  readonly labels: Labels;
  readonly value: number;
  readonly buckets?: readonly Bucket[];
}

export interface LiveAnswer {
  /** Seconds since 1970. */
  readonly time: number;
  readonly points: readonly LivePoint[];
}

type Hear = (answer: LiveAnswer) => void;

interface Hello {
  readonly questions: readonly string[];
}
interface SeriesLine {
  readonly question: string;
  readonly first: number;
  readonly series: readonly Labels[];
}
type RawPoint = readonly [number, string | null, { buckets?: readonly (readonly [number, string, string, string])[] }?];
interface ValuesLine {
  readonly question: string;
  readonly time: number;
  readonly values: readonly RawPoint[];
}
type Line = Hello | SeriesLine | ValuesLine | { readonly question: string; readonly error: string };

const SETTLE_MS = 80;
const PAUSE_FIRST_MS = 500;
const PAUSE_LAST_MS = 15_000;

/** When the stream last brought something; zero while none is open. */
export const liveAt = signal(0);

const hearers = new Map<string, Set<Hear>>();
let opened: AbortController | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let pauseMs = PAUSE_FIRST_MS;

/** Hear every new answer to an expression; returns the way out. */
export function listen(text: string, hear: Hear): () => void {
  const set = hearers.get(text) ?? new Set();
  if (!set.size) {
    hearers.set(text, set);
    reopenSoon(SETTLE_MS);
  }
  set.add(hear);
  return () => {
    set.delete(hear);
    if (set.size || hearers.get(text) !== set) return;
    hearers.delete(text);
    reopenSoon(SETTLE_MS);
  };
}

function reopenSoon(afterMs: number): void {
  clearTimeout(timer);
  timer = setTimeout(() => void open(), afterMs);
}

async function open(): Promise<void> {
  opened?.abort();
  opened = undefined;
  const texts = [...hearers.keys()];
  if (!texts.length || document.hidden) {
    liveAt.value = 0;
    return;
  }
  const own = new AbortController();
  opened = own;
  try {
    const body = new URLSearchParams(texts.map((text) => ["query", text]));
    const response = await send("api/v1/stream", { method: "POST", body, signal: own.signal });
    await follow(new Book(texts), lines(response));
  } catch (fault) {
    if (isAbort(fault) || own.signal.aborted) return;
  }
  if (opened === own) {
    liveAt.value = 0;
    reopenSoon(pauseMs);
    pauseMs = Math.min(pauseMs * 2, PAUSE_LAST_MS);
  }
}

async function follow(book: Book, from: AsyncIterable<unknown>): Promise<void> {
  for await (const line of from) {
    const heard = book.read(line as Line);
    if (!heard) continue;
    heardAt.value = liveAt.value = Date.now();
    pauseMs = PAUSE_FIRST_MS;
    for (const hear of hearers.get(heard.text) ?? []) hear(heard.answer);
  }
}

/** Knows what the numbers in the lines of one stream stand for. */
export class Book {
  private readonly texts: readonly string[];
  private readonly asked = new Map<string, string>();
  private readonly labels = new Map<string, Labels[]>();

  constructor(texts: readonly string[]) {
    this.texts = texts;
  }

  /** Take a line in; returns an answer where the line completes one. */
  read(line: Line): { text: string; answer: LiveAnswer } | undefined {
    if ("questions" in line) {
      line.questions.forEach((name, index) => this.asked.set(name, this.texts[index] ?? ""));
      return undefined;
    }
    if ("series" in line) {
      const known = this.labels.get(line.question)?.slice(0, line.first) ?? [];
      this.labels.set(line.question, [...known, ...line.series]);
      return undefined;
    }
    const text = this.asked.get(line.question);
    if (!("values" in line) || text === undefined) return undefined;
    const labels = this.labels.get(line.question) ?? [];
    return { text, answer: { time: line.time, points: line.values.map((each) => point(each, labels)) } };
  }
}

function point([number, text, told]: RawPoint, labels: readonly Labels[]): LivePoint {
  const own = labels[number] ?? {};
  if (text !== null) return { labels: own, value: readNumber(text) };
  return { labels: own, value: NaN, buckets: readBuckets({ count: "0", sum: "0", buckets: told?.buckets ?? [] }) };
}

if (typeof document !== "undefined") document.addEventListener("visibilitychange", () => reopenSoon(SETTLE_MS));
