/**
 * The list of what could come next, and brackets that come in pairs.
 *
 * Stands in for `@codemirror/autocomplete`, which weighs four times as much: what PromQL's own
 * completion takes from there is `snippet` alone.
 */
import { EditorSelection, Prec, type ChangeSpec, type EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";

export interface Option {
  readonly label: string;
  readonly detail?: string;
  readonly info?: unknown;
  readonly boost?: number;
  readonly apply?: string | Apply;
}

type Apply = (view: EditorView, option: Option, from: number, to: number) => void;

export interface Place {
  readonly state: EditorState;
  readonly pos: number;
}

interface Result {
  readonly from: number;
  readonly to?: number;
  readonly options: readonly Option[];
}

export type Source = (place: Place) => Result | null | Promise<Result | null>;

/** Text to insert, of which the first `${field}` is left chosen. */
export function snippet(template: string): Apply {
  const first = /\$\{(\w*)\}/.exec(template);
  const insert = template.replace(/\$\{(\w*)\}/g, "$1");
  return (view, _option, from, to) => {
    const at = from + (first?.index ?? insert.length);
    view.dispatch({ changes: { from, to, insert }, selection: { anchor: at, head: at + (first?.[1]?.length ?? 0) }, userEvent: "input.complete" });
  };
}

const SHOWN_MAX = 60;

/** How well a label suits what is written, the lower the better; nothing where it does not. */
export function fit(label: string, written: string): number | undefined {
  const name = label.toLowerCase();
  const wanted = written.toLowerCase();
  if (name.startsWith(wanted)) return 0;
  const at = name.indexOf(wanted);
  if (at > 0) return /\W|_/.test(name[at - 1] ?? "") ? 1 : 2;
  let from = 0;
  for (const letter of wanted) {
    from = name.indexOf(letter, from) + 1;
    if (!from) return undefined;
  }
  return 3;
}

/** The options that suit, the best first. */
export function suited(options: readonly Option[], written: string): readonly Option[] {
  const rated = options.flatMap((option) => {
    const rank = fit(option.label, written);
    return rank === undefined ? [] : [{ option, rank: rank - (option.boost ?? 0) / 100 }];
  });
  rated.sort((one, other) => one.rank - other.rank || one.option.label.length - other.option.label.length || (one.option.label < other.option.label ? -1 : 1));
  return rated.slice(0, SHOWN_MAX).map(({ option }) => option);
}

const PAUSE_MS = 60;

/** The list below the cursor: it comes while one writes, or at Ctrl and Space. */
export function completion(source: Source): Extension {
  const list = document.createElement("ul");
  list.className = "cm-completions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "What could come next");
  let options: readonly Option[] = [];
  let span = { from: 0, to: 0 };
  let chosen = 0;
  let timer = 0;
  let asked = 0;

  const close = (view?: EditorView): boolean => {
    clearTimeout(timer);
    asked++;
    const open = list.isConnected;
    list.remove();
    view?.contentDOM.removeAttribute("aria-activedescendant");
    return open;
  };
  const choose = (view: EditorView, index: number): boolean => {
    if (!list.isConnected) return false;
    chosen = (index + options.length) % options.length;
    for (const [at, row] of [...list.children].entries()) row.setAttribute("aria-selected", String(at === chosen));
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
    view.contentDOM.setAttribute("aria-activedescendant", `completion-${chosen}`);
    return true;
  };
  const take = (view: EditorView, index = chosen): boolean => {
    const option = options[index];
    if (!list.isConnected || !option) return false;
    close(view);
    const { from, to } = span;
    const { apply = option.label } = option;
    if (typeof apply === "function") apply(view, option, from, to);
    else view.dispatch({ changes: { from, to, insert: apply }, selection: { anchor: from + apply.length }, userEvent: "input.complete" });
    return true;
  };
  const show = (view: EditorView): void => {
    list.replaceChildren(...options.map((option, index) => rowOf(option, index, () => take(view, index))));
    const at = view.coordsAtPos(span.from);
    if (!at) return;
    (view.root as ShadowRoot).append(list);
    list.style.left = `${Math.max(4, Math.min(at.left, innerWidth - list.offsetWidth - 4))}px`;
    list.style.top = at.bottom + list.offsetHeight > innerHeight ? `${at.top - list.offsetHeight - 2}px` : `${at.bottom + 2}px`;
    choose(view, 0);
  };
  const ask = async (view: EditorView): Promise<void> => {
    const mine = ++asked;
    const { state } = view;
    const pos = state.selection.main.head;
    const result = await source({ state, pos });
    if (mine !== asked || !view.hasFocus) return;
    span = { from: result?.from ?? pos, to: Math.max(result?.to ?? pos, pos) };
    const written = state.sliceDoc(span.from, pos);
    options = suited(result?.options ?? [], written);
    // What is written out already needs no list of itself.
    if (!options.length || (options.length === 1 && options[0]?.label === written)) close(view);
    else show(view);
  };

  const listener = EditorView.updateListener.of(({ docChanged, selectionSet, transactions, view }) => {
    const typed = transactions.some((each) => each.isUserEvent("input.type") || (list.isConnected && each.isUserEvent("delete")));
    if (!docChanged && !selectionSet) return;
    if (!typed) {
      close(view);
      return;
    }
    clearTimeout(timer);
    timer = setTimeout(() => void ask(view), PAUSE_MS) as unknown as number;
  });
  const keys = keymap.of([
    { key: "Ctrl-Space", run: (view) => { void ask(view); return true; } },
    { key: "ArrowDown", run: (view) => choose(view, chosen + 1) },
    { key: "ArrowUp", run: (view) => choose(view, chosen - 1) },
    { key: "Enter", run: (view) => take(view) },
    { key: "Tab", run: (view) => take(view) },
    { key: "Escape", run: close },
  ]);
  const leaving = EditorView.domEventHandlers({ blur: (_event, view) => { close(view); } });
  return [Prec.high(keys), listener, leaving, EditorView.contentAttributes.of({ "aria-autocomplete": "list" })];
}

function rowOf(option: Option, index: number, take: () => void): HTMLElement {
  const row = document.createElement("li");
  row.id = `completion-${index}`;
  row.setAttribute("role", "option");
  const about = [option.detail, typeof option.info === "string" ? option.info : ""].filter(Boolean).join(" · ");
  const detail = document.createElement("span");
  detail.textContent = about;
  row.append(option.label, detail);
  // The editor keeps the focus, so the list is not closed before it is used.
  row.addEventListener("mousedown", (event) => {
    event.preventDefault();
    take();
  });
  return row;
}

const PAIRS: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", '"': '"' };
const CLOSING = new Set(Object.values(PAIRS));

/** An opened bracket is closed; one that stands there already is stepped over. */
export function pairs(): Extension {
  const input = EditorView.inputHandler.of((view, from, to, text) => {
    const next = view.state.sliceDoc(to, to + 1);
    if (from === to && CLOSING.has(text) && next === text) {
      view.dispatch({ selection: EditorSelection.cursor(to + 1), userEvent: "input.type" });
      return true;
    }
    const closing = PAIRS[text];
    if (!closing || /[\w"]/.test(next)) return false;
    const changes: ChangeSpec = [{ from, insert: text }, { from: to, insert: closing }];
    view.dispatch({ changes, selection: { anchor: from + 1, head: to + 1 }, userEvent: "input.type" });
    return true;
  });
  const remove = (view: EditorView): boolean => {
    const { from, empty } = view.state.selection.main;
    const around = view.state.sliceDoc(from - 1, from + 1);
    if (!empty || around.length < 2 || PAIRS[around[0] ?? ""] !== around[1]) return false;
    view.dispatch({ changes: { from: from - 1, to: from + 1 }, userEvent: "delete.backward" });
    return true;
  };
  return [input, keymap.of([{ key: "Backspace", run: remove }])];
}
