import { afterEach, expect, it, vi } from "vitest";
import { LRUCache } from "../src/data/shelf";

afterEach(() => vi.useRealTimers());

it("forgets what is old", () => {
  vi.useFakeTimers();
  const shelf = new LRUCache<string, number>({ ttl: 1_000 });
  shelf.set("a", 1);
  expect(shelf.get("a")).toBe(1);
  vi.advanceTimersByTime(1_001);
  expect(shelf.get("a")).toBeUndefined();
});

it("holds only so many, the oldest goes", () => {
  const shelf = new LRUCache<number, number>();
  for (let key = 0; key <= 500; key++) shelf.set(key, key);
  expect(shelf.get(0)).toBeUndefined();
  expect(shelf.get(500)).toBe(500);
});
