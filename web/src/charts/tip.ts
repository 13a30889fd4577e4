/** What stands beside the cross-hair: the time, and the largest values there. */
import { formatTime } from "../state/time";

interface Row {
  readonly name: string;
  readonly colour: string;
  readonly value: number;
  readonly text: string;
  readonly focused: boolean;
}

const ROWS_MAX = 10;
const GAP_PX = 14;

/** Plain elements, because they move with every move of the mouse. */
export class Tip {
  private readonly box = document.createElement("div");

  constructor(private readonly host: HTMLElement) {
    this.box.className = "tip";
    this.box.hidden = true;
  }

  attach(over: HTMLElement): void {
    over.append(this.box);
  }

  destroy(): void {
    this.box.remove();
  }

  hide(): void {
    this.box.hidden = true;
  }

  show(rows: readonly Row[], seconds: number, left: number, top: number): void {
    const ordered = [...rows].sort((one, other) => other.value - one.value);
    const head = element("div", "tip-time", formatTime(seconds * 1_000));
    const shown = ordered.slice(0, ROWS_MAX).map(rowElement);
    const rest = ordered.length - shown.length;
    if (rest > 0) shown.push(element("div", "tip-rest", `and ${rest} more`));
    this.box.replaceChildren(head, ...shown);
    this.box.hidden = false;
    this.place(left, top);
  }

  private place(left: number, top: number): void {
    const width = this.box.offsetWidth;
    const room = this.host.clientWidth - left;
    const x = room > width + 80 ? left + GAP_PX : left - width - GAP_PX;
    this.box.style.transform = `translate(${Math.max(x, -40)}px, ${Math.max(top - 12, 0)}px)`;
  }
}

function rowElement(row: Row): HTMLElement {
  const line = element("div", row.focused ? "tip-row focused" : "tip-row");
  const swatch = element("span", "swatch");
  swatch.style.background = row.colour;
  line.append(swatch, element("span", "tip-name", row.name), element("span", "tip-value", row.text));
  return line;
}

function element(tag: string, name: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}
