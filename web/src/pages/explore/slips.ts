/** Marks what the server cannot read while it is written, in its own words. */
import { StateEffect, StateField, type Extension, type Text } from "@codemirror/state";
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view";
import { ApiError, ask } from "../../data/client";

const PAUSE_MS = 600;
const WHERE = /(\d+):(\d+): (?:parse error: )?([^]*)$/;

const marked = StateEffect.define<DecorationSet>();

const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, change) => {
    const fresh = change.effects.find((each) => each.is(marked));
    return fresh ? (fresh.value as DecorationSet) : marks.map(change.changes);
  },
  provide: (own) => EditorView.decorations.from(own),
});

/** Turn a refusal into a mark from the place that it names to the end of the word there. */
export function markOf(doc: Text, fault: string): DecorationSet {
  const found = WHERE.exec(fault);
  const line = Number(found?.[1]);
  if (!found || line > doc.lines || !doc.length) return Decoration.none;
  const from = Math.min(doc.line(line).from + Number(found[2]) - 1, doc.length - 1);
  const word = /^\w*/.exec(doc.sliceString(from))?.[0].length ?? 0;
  const mark = Decoration.mark({ class: "cm-slip", attributes: { title: found[3] ?? "" } });
  return Decoration.set(mark.range(from, from + Math.max(word, 1)));
}

async function read(view: EditorView, text: string): Promise<DecorationSet> {
  try {
    await ask("api/v1/explain_query", [["query", text]]);
  } catch (fault) {
    if (fault instanceof ApiError && fault.status === 400) return markOf(view.state.doc, fault.message);
  }
  return Decoration.none;
}

/** Ask after each pause; an answer to what is written no more is dropped. */
export function slips(): Extension {
  let timer = 0;
  const listener = EditorView.updateListener.of(({ docChanged, view }) => {
    if (!docChanged) return;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const text = view.state.doc.toString();
      const marks = text.trim() ? await read(view, text) : Decoration.none;
      if (view.state.doc.toString() === text) view.dispatch({ effects: marked.of(marks) });
    }, PAUSE_MS) as unknown as number;
  });
  return [field, listener];
}
