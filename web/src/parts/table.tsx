/** A table of any length: only the rows that are seen are there. */
import { useSignal, useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "./icon";

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** A track of CSS grid: `1fr`, `8rem`, `minmax(10rem, 2fr)`. */
  readonly width: string;
  readonly number?: boolean;
  readonly cell: (row: Row) => ComponentChildren;
  /** What rows are ordered by; without it the column is not sorted. */
  readonly order?: (row: Row) => string | number;
}

export interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly height?: number;
  readonly sort?: string;
  readonly onRow?: (row: Row) => void;
  readonly chosen?: (row: Row) => boolean;
}

const ROW_PX = 26;
const SPARE_ROWS = 2;

/** A column to sort by, and which way: a leading minus means the largest first. */
interface Sort {
  readonly key: string;
  readonly falling: boolean;
}

function readSort(text: string | undefined): Sort {
  return { key: text?.replace(/^-/, "") ?? "", falling: text?.startsWith("-") ?? false };
}

export function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort): readonly Row[] {
  const order = columns.find((each) => each.key === sort.key)?.order;
  if (!order) return rows;
  const keyed = rows.map((row) => ({ row, key: order(row) }));
  keyed.sort((one, other) => compare(one.key, other.key));
  if (sort.falling) keyed.reverse();
  return keyed.map((each) => each.row);
}

function compare(one: string | number, other: string | number): number {
  if (typeof one === "number" && typeof other === "number") {
    if (Number.isNaN(one)) return Number.isNaN(other) ? 0 : -1;
    return Number.isNaN(other) ? 1 : one - other;
  }
  return String(one) < String(other) ? -1 : String(one) > String(other) ? 1 : 0;
}

export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, height = 420 } = props;
  const sort = useSignal(readSort(props.sort));
  const top = useSignal(0);
  const body = useRef<HTMLDivElement>(null);
  const sorted = useSorted(rows, columns, sort.value);
  const first = useComputed(() => Math.max(Math.floor(top.value / ROW_PX) - SPARE_ROWS, 0)).value;
  const count = Math.ceil(height / ROW_PX) + 2 * SPARE_ROWS;
  const tracks = columns.map((each) => each.width).join(" ");
  const shown = sorted.slice(first, first + count);
  const choose = (key: string): void => {
    sort.value = { key, falling: sort.value.key === key ? !sort.value.falling : false };
  };
  return (
    <div class={sorted.length * ROW_PX > height ? "table long" : "table"} role="table" aria-label={label} aria-rowcount={rows.length + 1}>
      <div class="table-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: tracks }}>
        {columns.map((each) => <Head key={each.key} column={each} sort={sort.value} choose={choose} />)}
      </div>
      <div
        class="table-body" role="rowgroup" tabIndex={0} aria-label={`${label}: rows`} ref={body}
        style={{ maxHeight: `${height}px` }}
        onScroll={(event) => { top.value = event.currentTarget.scrollTop; }}
      >
        <div class="table-room" role="presentation" style={{ height: `${sorted.length * ROW_PX}px` }}>
          <div class="table-rows" role="presentation" style={{ transform: `translateY(${first * ROW_PX}px)` }}>
            {shown.map((row, index) => (
              <div
                // A row that leaves at one end comes in at the other, so that scrolling makes no new elements.
                key={(first + index) % count} role="row" aria-rowindex={first + index + 2}
                class={`table-row${props.chosen?.(row) ? " chosen" : ""}${props.onRow ? " able" : ""}`}
                style={{ gridTemplateColumns: tracks }}
                onClick={props.onRow && (() => props.onRow?.(row))}
              >
                {columns.map((each) => (
                  <div key={each.key} role="cell" class={each.number ? "cell number" : "cell"}>{each.cell(row)}</div>
                ))}
              </div>
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

function Head<Row>({ column, sort, choose }: { column: Column<Row>; sort: Sort; choose: (key: string) => void }) {
  const own = sort.key === column.key;
  const way = own ? (sort.falling ? "descending" : "ascending") : "none";
  return (
    <div role="columnheader" aria-sort={column.order ? way : undefined} class={column.number ? "cell number" : "cell"}>
      {column.order ? (
        <button type="button" class={`head-button${own ? (sort.falling ? " falling" : " rising") : ""}`} onClick={() => choose(column.key)}>
          {column.title}
          {own && <Icon name="down" />}
        </button>
      ) : column.title}
    </div>
  );
}

function useSorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], sort: Sort): readonly Row[] {
  const known = useRef<{ rows: readonly Row[]; sort: Sort; sorted: readonly Row[] } | undefined>(undefined);
  const former = known.current;
  if (former && former.rows === rows && former.sort === sort) return former.sorted;
  const sorted = sortRows(rows, columns, sort);
  known.current = { rows, sort, sorted };
  return sorted;
}
