/** Metrics: an editor, and under it the answer as a chart, as a table, or taken apart. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ApiError } from "../../data/client";
import { formatValue } from "../../data/units";
import { gridOf, useInstant, useRange, type Asked } from "../../data/query";
import { Icon } from "../../parts/icon";
import { Failed, Loading, Notice } from "../../parts/states";
import { Choice } from "../../parts/tabs";
import { copy } from "../../parts/toasts";
import { parameter, setParameters } from "../../state/address";
import { past, rememberQuery } from "../../state/preferences";
import { formatDuration, live, range, refresh } from "../../state/time";
import { ChartView } from "./chart";
import type { Editor } from "./editor";
import { Explanation } from "./explanation";
import { Picker } from "./picker";
import { SampleTable } from "./samples";

const expr = parameter("expr");
const view = parameter("view", "chart");
const VIEWS = { chart: "Chart", table: "Table", explain: "Explain" } as const;

export function Metrics() {
  const editor = useRef<Editor | undefined>(undefined);
  const run = (text: string): void => {
    rememberQuery(text.trim());
    if (text.trim() === expr.value) refresh();
    else setParameters({ expr: text.trim() });
  };
  return (
    <div class="explore">
      <Picker choose={(name) => run(name)} />
      <div class="explore-main">
        <section class="panel ask" aria-label="Question">
          <EditorField editor={editor} run={run} />
          <div class="ask-foot">
            <button type="button" class="primary" onClick={() => run(editor.current?.read() ?? expr.value)}>Run</button>
            <History choose={run} />
            <button type="button" class="quiet" disabled={!expr.value} onClick={() => void copy(expr.value, "The query was")}>
              <Icon name="copy" /> Copy
            </button>
            <span class="room" />
            <Choice label="Show as" names={VIEWS} chosen={view.value} choose={(name) => setParameters({ view: name === "chart" ? "" : name }, true)} />
          </div>
        </section>
        {expr.value ? <Answer text={expr.value} editor={editor} /> : <Start />}
      </div>
    </div>
  );
}

function EditorField({ editor, run }: { editor: { current: Editor | undefined }; run: (text: string) => void }) {
  const host = useRef<HTMLDivElement>(null);
  const ready = useSignal(false);
  useEffect(() => {
    let gone = false;
    void import("./editor").then(({ openEditor }) => {
      if (gone || !host.current) return;
      editor.current = openEditor(host.current, expr.peek(), run);
      ready.value = true;
      if (!expr.peek()) editor.current.focus();
    });
    const focus = (): void => editor.current?.focus();
    addEventListener("focus-editor", focus);
    return () => {
      gone = true;
      removeEventListener("focus-editor", focus);
      editor.current?.destroy();
      editor.current = undefined;
    };
  }, []);
  useEffect(() => editor.current?.write(expr.value), [expr.value]);
  return (
    <div class="editor">
      {!ready.value && <div class="editor-wait mono">{expr.value || "…"}</div>}
      <div ref={host} hidden={!ready.value} />
    </div>
  );
}

function History({ choose }: { choose: (text: string) => void }) {
  if (!past.value.length) return null;
  return (
    <>
      <label class="visually-hidden" for="history">Earlier queries</label>
      <select id="history" class="history" value="" onChange={(event) => { if (event.currentTarget.value) choose(event.currentTarget.value); }}>
        <option value="">Earlier queries</option>
        {past.value.map((text) => <option key={text} value={text}>{text.length > 90 ? `${text.slice(0, 89)}…` : text}</option>)}
      </select>
    </>
  );
}

function Start() {
  return (
    <Notice icon="explore" title="Ask a question in PromQL">
      <p>Choose a metric at the left, or write one: names, labels and functions are completed while you type.</p>
      <p class="muted"><kbd>Enter</kbd> runs it, <kbd>Shift Enter</kbd> begins a new line, <kbd>?</kbd> shows all keys.</p>
    </Notice>
  );
}

function Answer({ text, editor }: { text: string; editor: { current: Editor | undefined } }) {
  if (view.value === "explain") return <Explanation text={text} mark={(start, end) => editor.current?.mark(start, end)} />;
  return view.value === "table" ? <TableAnswer text={text} /> : <ChartAnswer text={text} />;
}

const WIDTH_PX = 1_100;

function ChartAnswer({ text }: { text: string }) {
  const grid = useComputed(() => gridOf(range.value, WIDTH_PX)).value;
  const asked = useRange(text, grid).value;
  const slip = asked.fault instanceof ApiError && asked.fault.message.includes('expression type "range vector"');
  if (slip) return <Notice icon="info" title="These are samples, not a curve"><p>A window such as <code>[5m]</code> needs a function around it, for example <code>rate</code>. The table shows the samples as they are.</p></Notice>;
  return (
    <Told asked={asked} step={grid.stepS} count={asked.value?.series.length}>
      {asked.value && <ChartView frame={asked.value} text={text} live={live.value} />}
    </Told>
  );
}

function TableAnswer({ text }: { text: string }) {
  const asked = useInstant(text, range.value.endMs).value;
  return (
    <Told asked={asked} count={asked.value?.length}>
      {asked.value && <SampleTable samples={asked.value} text={text} />}
    </Told>
  );
}

function Told<T>({ asked, step, count, children }: {
  asked: Asked<T>; step?: number; count?: number | undefined; children: preact.ComponentChildren;
}) {
  if (asked.fault) return <Failed fault={asked.fault} />;
  if (!asked.value) return <section class="panel"><Loading /></section>;
  return (
    <section class={`panel answer${asked.loading ? " waiting" : ""}`} aria-label="Answer" aria-busy={asked.loading}>
      <p class="cost">
        <span><b>{formatValue(count ?? 0, "integer")}</b> series</span>
        {step && <span>a point each <b>{formatDuration(step * 1_000)}</b></span>}
        {asked.cost && <span><b>{formatValue(asked.cost.samplesRead, "integer")}</b> samples read</span>}
        {asked.cost && <span>in <b>{formatValue(asked.cost.seconds, "s")}</b></span>}
      </p>
      {asked.warnings.map((each) => <p class="warning" key={each}><Icon name="warn" />{each}</p>)}
      {count === 0 ? (
        <Notice icon="info" title="Nothing was found">
          <p>No series matches in this time range, or none has samples in it. Widen the range with <kbd>−</kbd>, or look for the name at the left.</p>
        </Notice>
      ) : children}
    </section>
  );
}
