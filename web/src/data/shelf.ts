/**
 * What the editor remembers of the server's names: the oldest goes first, and nothing stays long.
 *
 * It stands in the build for the cache that the editor's language brings along, of which it uses
 * these two methods and which weighs ten times as much. The name is the one that it imports.
 */

const KEPT_MAX = 500;
const KEPT_MS = 300_000;

interface Kept<Value> {
  readonly value: Value;
  readonly untilMs: number;
}

export class LRUCache<Key, Value> {
  private readonly kept = new Map<Key, Kept<Value>>();
  private readonly ttl: number;

  constructor({ ttl = KEPT_MS }: { readonly ttl?: number } = {}) {
    this.ttl = ttl;
  }

  get(key: Key): Value | undefined {
    const found = this.kept.get(key);
    if (found && found.untilMs > Date.now()) return found.value;
    this.kept.delete(key);
    return undefined;
  }

  set(key: Key, value: Value): void {
    this.kept.delete(key);
    this.kept.set(key, { value, untilMs: Date.now() + this.ttl });
    const [oldest] = this.kept.keys();
    if (this.kept.size > KEPT_MAX && oldest !== undefined) this.kept.delete(oldest);
  }
}
