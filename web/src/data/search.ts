/** Names while somebody types them. */
import { lines, send } from "./client";

export interface Hit {
  readonly name: string;
  readonly type?: string;
  readonly help?: string;
  readonly unit?: string;
}

interface Batch {
  readonly results?: readonly Hit[];
  readonly has_more?: boolean;
}

export interface Found {
  readonly hits: readonly Hit[];
  readonly more: boolean;
}

/** Find metrics whose names hold these letters, with what they say about themselves. */
export async function findMetrics(text: string, limit: number, signal: AbortSignal): Promise<Found> {
  const query = new URLSearchParams({ limit: String(limit), include_metadata: "true" });
  if (text) {
    query.set("search[]", text);
    query.set("sort_by", "score");
  }
  return collect(`api/v1/search/metric_names?${query}`, signal);
}

async function collect(path: string, signal: AbortSignal): Promise<Found> {
  const hits: Hit[] = [];
  let more = false;
  for await (const line of lines(await send(path, { signal }))) {
    const batch = line as Batch;
    hits.push(...(batch.results ?? []));
    more = batch.has_more ?? more;
  }
  return { hits, more };
}
