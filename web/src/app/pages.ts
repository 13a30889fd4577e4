/** The pages there are; each is loaded when it is first opened. */
import type { ComponentType } from "preact";
import type { IconName } from "../parts/icon";

export interface Page {
  readonly name: string;
  readonly title: string;
  readonly icon: IconName;
  /** Goes there after `g`. */
  readonly key: string;
  readonly about: string;
  readonly load: () => Promise<{ default: ComponentType }>;
}

export const PAGES: readonly Page[] = [
  {
    name: "now", title: "Now", icon: "now", key: "n", about: "What is wrong, and how fresh everything is",
    load: () => import("../pages/now"),
  },
  {
    name: "alerts", title: "Alerts", icon: "alerts", key: "a", about: "What fires, why it was sent, silences, routes, channels",
    load: () => import("../pages/alerts"),
  },
  {
    name: "desk", title: "Desk", icon: "desk", key: "v", about: "Venues, strategies, orders, risk and hours, this second",
    load: () => import("../pages/desk"),
  },
  {
    name: "dashboards", title: "Dashboards", icon: "dashboards", key: "d", about: "Panels that somebody laid out",
    load: () => import("../pages/dashboards"),
  },
  {
    name: "explore", title: "Explore", icon: "explore", key: "e", about: "Ask anything",
    load: () => import("../pages/explore"),
  },
  {
    name: "objectives", title: "Objectives", icon: "objectives", key: "o", about: "What was promised, what is left of it, and what burnt it",
    load: () => import("../pages/objectives"),
  },
  {
    name: "catalog", title: "Catalog", icon: "catalog", key: "c", about: "Services, metrics, alerts, objectives and runbooks that are declared",
    load: () => import("../pages/catalog"),
  },
  {
    name: "platform", title: "Platform", icon: "platform", key: "p", about: "Targets, storage, queries and health of the server",
    load: () => import("../pages/platform"),
  },
  {
    name: "drills", title: "Drills", icon: "drills", key: "x", about: "Let something go wrong on the sample floor, and watch who is told",
    load: () => import("../pages/drills"),
  },
];

export function pageOf(name: string): Page | undefined {
  return PAGES.find((each) => each.name === name);
}
