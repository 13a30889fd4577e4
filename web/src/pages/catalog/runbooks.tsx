/** Runbooks: a list, and the one that is open, which prints without what is around it. */
import { useEndpoint } from "../../data/query";
import { Markdown } from "../../parts/markdown";
import { Failed, Loading } from "../../parts/states";
import { href, parameter } from "../../state/address";
import type { Platform } from "./model";

const chosen = parameter("runbook");

export function Runbooks({ platform }: { platform: Platform }) {
  const entries = Object.entries(platform.runbooks);
  if (!entries.length) return <p class="empty">No runbooks are written.</p>;
  return (
    <div class="runbooks">
      <nav class="panel pad" aria-label="Runbooks">
        {entries.map(([name, each]) => (
          <a key={name} data-page href={href("catalog", { tab: "runbooks", platform: platform.name, runbook: name })} aria-current={name === chosen.value ? "page" : undefined}>{each.title}</a>
        ))}
      </nav>
      {chosen.value ? <Open key={chosen.value} platform={platform.name} name={chosen.value} /> : <p class="empty">Choose one.</p>}
    </div>
  );
}

function Open({ platform, name }: { platform: string; name: string }) {
  const asked = useEndpoint<{ readonly text: string }>(`api/v1/catalog/${platform}/runbooks/${encodeURIComponent(name)}`).value;
  if (!asked.value) return asked.fault ? <Failed fault={asked.fault} /> : <Loading what="Reading the runbook" />;
  return (
    <article class="panel pad runbook">
      <button type="button" class="print" onClick={() => print()}>Print</button>
      <Markdown text={asked.value.text} platform={platform} />
    </article>
  );
}
