/** A query taken apart: what every part means, and how it will be worked out. */
import { useEndpoint } from "../../data/query";
import { Failed, Loading } from "../../parts/states";

interface Node {
  readonly text: string;
  readonly sentence: string;
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly children: readonly Node[];
}

interface Explained {
  readonly tree: Node;
  readonly plan: string;
}

export function Explanation({ text, mark }: { text: string; mark: (start: number, end: number) => void }) {
  const asked = useEndpoint<Explained>("api/v1/explain_query", 0, [["query", text]]).value;
  if (asked.fault) return <Failed fault={asked.fault} />;
  if (!asked.value) return <section class="panel"><Loading what="Taking it apart" /></section>;
  return (
    <div class="explanation">
      <section class="panel pad" aria-label="Meaning">
        <h2>What it means</h2>
        <ol class="tree"><Branch node={asked.value.tree} mark={mark} /></ol>
      </section>
      <section class="panel pad" aria-label="Plan">
        <h2>How it is worked out</h2>
        <pre tabIndex={0}>{asked.value.plan}</pre>
      </section>
    </div>
  );
}

function Branch({ node, mark }: { node: Node; mark: (start: number, end: number) => void }) {
  return (
    <li>
      <button type="button" class="node" title="Show it in the query" onClick={() => mark(node.start, node.end)}>
        <code>{node.text}</code>
        <span class="node-words">{node.sentence}</span>
        <span class="node-type">{node.type}</span>
      </button>
      {node.children.length > 0 && (
        <ol>{node.children.map((child) => <Branch key={`${child.start}-${child.end}`} node={child} mark={mark} />)}</ol>
      )}
    </li>
  );
}
