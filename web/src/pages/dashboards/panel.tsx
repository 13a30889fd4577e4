/** One panel: its head with what can be done, and its body. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Mark, Span } from "../../charts/plot";
import { fillQuery, type Frames } from "../../data/query";
import { lastOf } from "../../data/frames";
import { shortNames } from "../../data/names";
import { Icon } from "../../parts/icon";
import { Popover } from "../../parts/popover";
import { copy, tell } from "../../parts/toasts";
import { saveImage } from "../../parts/picture";
import { href } from "../../state/address";
import { curvesToCsv, saveCsv, toCsv } from "../explore/csv";
import type { Panel } from "./model";
import { PanelBody } from "./panels";

export function PanelBox({ panel, texts, height, marks, spans = [], compare }: {
  panel: Panel; texts: readonly string[]; height: number; marks: readonly Mark[]; spans?: readonly Span[]; compare: string;
}) {
  const shown = useSignal<Frames | undefined>(undefined);
  const place = useRef<HTMLElement>(null);
  return (
    <section class="panel board-panel" aria-label={panel.title} ref={place} style={panel.width ? { gridColumn: `span ${panel.width}` } : {}}>
      <div class="panel-head">
        <h3 title={panel.title}>{panel.title}</h3>
        {panel.description && <span class="about" title={panel.description} role="img" aria-label={panel.description}><Icon name="info" /></span>}
        <span class="room" />
        {texts.length > 0 && (
          <Popover label={<Icon name="more" />} title={`What to do with ${panel.title}`} align="right">
            {(close) => (
              <ul class="menu actions" onClick={close}>
                <li><a data-page href={href("explore", { expr: fillQuery(texts[0] ?? "", 15) })}>Open in Explore</a></li>
                <li><button type="button" onClick={() => void copy(texts.join("\n"), "PromQL was")}>Copy the PromQL</button></li>
                <li><button type="button" onClick={() => saveRows(shown.value)}>Save the last values as CSV</button></li>
                <li><button type="button" onClick={() => saveCurves(shown.value)}>Save all times as CSV</button></li>
                <li><button type="button" onClick={() => void savePicture(place.current, panel.title)}>Save as an image</button></li>
              </ul>
            )}
          </Popover>
        )}
      </div>
      <div class="panel-body" style={{ minHeight: `${height}px` }}>
        <PanelBody panel={panel} texts={texts} height={height} marks={marks} spans={spans} compare={compare} shown={shown} />
      </div>
    </section>
  );
}

function saveRows(frame: Frames | undefined): void {
  const samples = (frame?.series ?? []).map((each) => ({ labels: each.labels, value: lastOf(each.values) }));
  saveCsv(toCsv(samples, [...new Set(samples.flatMap((each) => Object.keys(each.labels)))].sort()));
}

function saveCurves(frame: Frames | undefined): void {
  if (frame) saveCsv(curvesToCsv(frame, shortNames(frame.series.map((each) => each.labels))));
}

async function savePicture(place: HTMLElement | null, title: string): Promise<void> {
  try {
    if (place) await saveImage(place, title);
  } catch {
    tell("This browser cannot make an image of it");
  }
}
