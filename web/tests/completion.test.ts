import { describe, expect, it } from "vitest";
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { fit, snippet, suited } from "../src/pages/explore/completion";

describe("what could come next", () => {
  it("stands in the order of how well it suits", () => {
    const options = ["feed_connected", "connected", "venue_connection", "cpu_on"].map((label) => ({ label }));
    expect(suited(options, "conn").map((each) => each.label)).toEqual(["connected", "feed_connected", "venue_connection"]);
  });

  it("is found by letters that stand apart", () => {
    expect(fit("histogram_quantile", "hq")).toBe(3);
    expect(fit("histogram_quantile", "qh")).toBeUndefined();
  });

  it("is not written twice for a capital letter", () => {
    expect(fit("HTTP_requests", "http")).toBe(0);
  });

  it("leaves the first field of a snippet chosen", () => {
    const view = new EditorView({ state: EditorState.create({ doc: "to" }) });
    snippet("topk(${count}, ${vector})")(view, { label: "topk" }, 0, 2);
    expect(view.state.doc.toString()).toBe("topk(count, vector)");
    expect(view.state.sliceDoc(view.state.selection.main.from, view.state.selection.main.to)).toBe("count");
    view.destroy();
  });
});
