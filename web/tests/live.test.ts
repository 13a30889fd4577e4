import { describe, expect, it } from "vitest";
import { Tail } from "../src/data/following";
import { Book } from "../src/data/live";

describe("the lines of a stream", () => {
  it("are numbers that stand for labels told before", () => {
    const book = new Book(["up", "rate(x[1m])"]);
    book.read({ questions: ["q1", "q2"] });
    book.read({ question: "q2", first: 0, series: [{ venue: "okx" }] });
    book.read({ question: "q2", first: 1, series: [{ venue: "cme" }] });
    const heard = book.read({ question: "q2", time: 7, values: [[1, "2.5"], [0, "NaN"]] });
    expect(heard?.text).toBe("rate(x[1m])");
    expect(heard?.answer.points.map((point) => point.labels["venue"])).toEqual(["cme", "okx"]);
    expect(heard?.answer.points[0]?.value).toBe(2.5);
  });

  it("number their series anew when the server says so", () => {
    const book = new Book(["up"]);
    book.read({ questions: ["q1"] });
    book.read({ question: "q1", first: 0, series: [{ pod: "a" }, { pod: "b" }] });
    book.read({ question: "q1", first: 0, series: [{ pod: "c" }] });
    expect(book.read({ question: "q1", time: 1, values: [[0, "1"]] })?.answer.points[0]?.labels).toEqual({ pod: "c" });
  });
});

describe("a frame that grows", () => {
  const frame = { times: Float64Array.of(0, 15, 30), series: [{ labels: { venue: "okx" }, values: Float64Array.of(1, 2, 3) }] };

  it("takes only what is newer, and leaves a gap where a series is missing", () => {
    const tail = new Tail();
    expect(tail.take({ time: 30, points: [{ labels: { venue: "okx" }, value: 9 }] }, 30, 0)).toBe(false);
    tail.take({ time: 31, points: [{ labels: { venue: "okx" }, value: 4 }] }, 30, 0);
    tail.take({ time: 32, points: [] }, 30, 0);
    const grown = tail.extend(frame, [0]);
    expect([...grown.times]).toEqual([0, 15, 30, 31, 32]);
    expect([...(grown.series[0]?.values ?? [])]).toEqual([1, 2, 3, 4, NaN]);
  });
});
