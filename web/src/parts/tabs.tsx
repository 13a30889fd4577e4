/** Parts of a page, each with an address of its own. */
import { href, type Parameters } from "../state/address";

export interface Tab {
  readonly name: string;
  readonly title: string;
  readonly count?: string;
}

export function Tabs({ page, tabs, chosen, label, carried = {} }: {
  page: string; tabs: readonly Tab[]; chosen: string; label: string; carried?: Parameters;
}) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((each) => (
        <a
          key={each.name} data-page class="tab" aria-current={each.name === chosen ? "page" : undefined}
          href={href(page, { ...carried, tab: each.name === tabs[0]?.name ? "" : each.name })}
        >
          {each.title}
          {each.count && <span class="count">{each.count}</span>}
        </a>
      ))}
    </nav>
  );
}

/** A choice between a few, as buttons side by side. */
export function Choice<Name extends string>({ label, names, chosen, choose }: {
  label: string; names: Readonly<Record<Name, string>>; chosen: string; choose: (name: Name) => void;
}) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {(Object.keys(names) as Name[]).map((name) => (
        <button type="button" key={name} aria-pressed={name === chosen} onClick={() => choose(name)}>{names[name]}</button>
      ))}
    </div>
  );
}
