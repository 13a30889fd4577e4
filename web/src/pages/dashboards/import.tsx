/** Dashboards of Grafana: taken in from a file, told what they lack, and let go of. */
import { useSignal } from "@preact/signals";
import { plain } from "../../data/client";
import { tell } from "../../parts/toasts";
import { go, href } from "../../state/address";
import type { Dashboard } from "./model";

interface Taken {
  readonly data: { readonly name: string; readonly left_out: readonly string[] };
}

export function Import() {
  const fault = useSignal("");
  const take = async (files: FileList | null): Promise<void> => {
    fault.value = "";
    try {
      for (const file of files ?? []) {
        const body: unknown = JSON.parse(await file.text());
        const { data } = await plain<Taken>("api/v1/dashboards/import", { method: "POST", body });
        tell(data.left_out.length ? `${data.left_out.length} things of it are left out` : "Everything of it is here");
        go(href("dashboards", { name: data.name }));
      }
    } catch (reason) {
      fault.value = reason instanceof SyntaxError ? "This file is no JSON." : (reason as Error).message;
    }
  };
  return (
    <>
      {fault.value && <span class="field-fault wrap" role="alert">{fault.value}</span>}
      <label class="room tool file">
        Import from Grafana
        <input class="visually-hidden" type="file" accept=".json,application/json" onChange={(event) => void take(event.currentTarget.files)} />
      </label>
    </>
  );
}

/** What an imported dashboard lacks, and the way to be rid of it. */
export function LeftOut({ board }: { board: Dashboard }) {
  const told = board.left_out ?? [];
  const remove = async (): Promise<void> => {
    await plain(`api/v1/dashboards/${encodeURIComponent(board.name)}`, { method: "DELETE" });
    go(href("dashboards"));
  };
  return (
    <div class="left-out">
      {told.length > 0 ? (
        <details>
          <summary>{told.length} {told.length === 1 ? "thing" : "things"} of Grafana's dashboard {told.length === 1 ? "is" : "are"} not here</summary>
          <ul>{told.map((each) => <li class="wrap" key={each}>{each}</li>)}</ul>
        </details>
      ) : <p class="muted">Imported from Grafana, with everything in it.</p>}
      <button type="button" class="quiet small" onClick={() => void remove().catch((fault: Error) => tell(fault.message))}>Remove</button>
    </div>
  );
}
