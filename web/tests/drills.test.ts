import { describe, expect, it } from "vitest";
import { merged, toldOf, type Message, type Running } from "../src/pages/drills/model";

const RUNNING: Running = { name: "feed_stall", began: 100, ends: 220, fires: ["FeedStale", "NoMarketData", "SyncBehind", "Late"] };

function message(number: number, changed: number, more: Partial<Message> = {}): Message {
  return {
    number, revision: number, service: "slack", receiver: "hft/slack", state: "firing", title: "", text: "", alerts: [], at: changed, changed, changes: 0, faults: [], ...more,
  };
}

describe("messages", () => {
  it("stand with the newest first, and a changed one once", () => {
    const known = [message(1, 10), message(2, 20)];
    const now = merged(known, [message(1, 30, { title: "changed" }), message(3, 25)]);
    expect(now.map((each) => each.number)).toEqual([1, 3, 2]);
    expect(now[0]?.title).toBe("changed");
  });
});

describe("a fault", () => {
  it("is told, fires, is pending or waits, alert by alert", () => {
    const states = [
      { labels: { alertname: "NoMarketData", alertstate: "firing" } }, { labels: { alertname: "SyncBehind", alertstate: "pending" } },
    ];
    const messages = [
      message(1, 90, { alerts: ["FeedStale"] }), message(2, 107.5, { title: "[P0 ×3] FeedStale · connectors" }), message(3, 120, { alerts: ["LateFeed"] }),
    ];
    expect(toldOf(RUNNING, states, messages).map((each) => [each.alert, each.state])).toEqual([
      ["FeedStale", "told"], ["NoMarketData", "firing"], ["SyncBehind", "pending"], ["Late", "waiting"],
    ]);
    expect(toldOf(RUNNING, states, messages)[0]?.afterS).toBe(7.5);
  });
});
