/** What has changed lately: starts, configuration, catalog, deployments. */
import { useEndpoint } from "./query";

export interface Change {
  readonly at: string;
  readonly kind: string;
  readonly what: string;
  readonly by: string;
  readonly link: string;
  readonly details: readonly string[];
}

export function useChanges(sinceMs: number, untilMs: number, turn: unknown) {
  return useEndpoint<readonly Change[]>("api/v1/changes", turn, [["since", String(sinceMs / 1_000)], ["until", String(untilMs / 1_000)]]).value;
}
