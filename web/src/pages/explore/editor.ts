/**
 * The editor: CodeMirror with PromQL's own language, in a shadow root.
 *
 * Its styles are adopted there as style sheets, so the page needs no permission for inline ones.
 */
import { history, historyKeymap, insertNewlineAndIndent, standardKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { LanguageType, promQLLanguage } from "@prometheus-io/codemirror-promql";
import { newCompleteStrategy } from "@prometheus-io/codemirror-promql/dist/esm/complete";
import { send } from "../../data/client";
import { completion, pairs, type Source } from "./completion";
import { slips } from "./slips";

export interface Editor {
  readonly focus: () => void;
  readonly read: () => string;
  readonly write: (text: string) => void;
  readonly insert: (text: string) => void;
  readonly mark: (start: number, end: number) => void;
  readonly destroy: () => void;
}

/** Completion is Prometheus' own; what cannot be read is told by the server, so its checks stay out. */
const strategy = newCompleteStrategy({
  remote: {
    url: "",
    fetchFn: (input, init) => send(String(input), init),
    cache: { maxAge: 60_000 },
  },
  maxMetricsMetadata: 10_000,
});
/** Of what a completion is asked with, Prometheus' reads the state and the place alone. */
const next: Source = (place) => strategy.promQL(place as Parameters<typeof strategy.promQL>[0]) as ReturnType<Source>;
const language = promQLLanguage(LanguageType.PromQL);

const highlight = HighlightStyle.define([
  { tag: tags.name, color: "var(--text)" },
  { tag: tags.number, color: "var(--series-6)" },
  { tag: tags.string, color: "var(--series-3)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.name)], color: "var(--series-1)" },
  { tag: [tags.keyword, tags.modifier, tags.logicOperator, tags.operatorKeyword], color: "var(--series-2)" },
  { tag: tags.labelName, color: "var(--series-4)" },
  { tag: [tags.operator, tags.arithmeticOperator, tags.compareOperator], color: "var(--muted)" },
  { tag: [tags.paren, tags.squareBracket, tags.brace], color: "var(--muted)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

const looks = EditorView.theme({
  "&": { fontSize: "13.5px", backgroundColor: "transparent", color: "var(--bright)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto", maxHeight: "220px" },
  ".cm-content": { padding: "8px 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 10px" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  ".cm-placeholder": { color: "var(--muted)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-content ::selection": {
    backgroundColor: "#f2b84b44",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--chosen)", outline: "1px solid var(--line-strong)" },
  ".cm-slip": { textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "4px" },
});

/** The list stands beside the editor, where its theme does not reach. */
const LIST = new CSSStyleSheet();
LIST.replaceSync(`
  .cm-completions { position: fixed; z-index: 8; max-width: min(620px, 92vw); min-width: 320px; max-height: 260px; margin: 0; padding: 3px 0; overflow-y: auto; list-style: none;
    border: 1px solid var(--line-strong); border-radius: 5px; background: var(--raised); color: var(--text); box-shadow: var(--shadow); font: 12px/1.6 var(--mono); }
  .cm-completions li { display: flex; gap: 2em; justify-content: space-between; padding: 1px 10px; cursor: pointer; white-space: nowrap; }
  .cm-completions li[aria-selected=true] { background: var(--chosen); color: var(--bright); }
  .cm-completions span { min-width: 0; overflow: hidden; color: var(--muted); font-family: var(--font); text-overflow: ellipsis; }
`);

/** Put an editor into an element. */
export function openEditor(host: HTMLElement, text: string, run: (text: string) => void): Editor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  const submit = (): boolean => {
    run(view.state.doc.toString());
    return true;
  };
  const keys = Prec.highest(
    keymap.of([
      { key: "Mod-Enter", run: submit },
      { key: "Shift-Enter", run: insertNewlineAndIndent },
    ]),
  );
  // Enter runs too, but the completion list, whose keys stand before, takes it while it is open.
  const enter = keymap.of([{ key: "Enter", run: submit }]);
  const state = EditorState.create({
    doc: text,
    extensions: [
      keys,
      history(),
      indentOnInput(),
      bracketMatching(),
      pairs(),
      completion(next),
      keymap.of(historyKeymap),
      enter,
      keymap.of(standardKeymap),
      placeholder("sum by (venue) (rate(orders_sent_total[5m]))"),
      syntaxHighlighting(highlight),
      language,
      slips(),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": "Query in PromQL", "data-editor": "promql" }),
      looks,
    ],
  });
  const view = new EditorView({ state, parent: root, root });
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, LIST];
  return {
    focus: () => view.focus(),
    read: () => view.state.doc.toString(),
    write: (fresh) => {
      if (fresh !== view.state.doc.toString()) {
        view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: fresh } });
      }
    },
    insert: (fresh) => {
      view.dispatch(view.state.replaceSelection(fresh));
      view.focus();
    },
    mark: (start, end) => {
      const length = view.state.doc.length;
      view.dispatch({ selection: { anchor: Math.min(start, length), head: Math.min(end, length) } });
    },
    destroy: () => view.destroy(),
  };
}
