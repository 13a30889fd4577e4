// Shows the messages of the inbox as they come. Everything is put in as text, never as markup.

const SHOWN_MAX = 300;
const messages = new Map();
const cards = new Map();
let service = "";
let faulty = false;

const at = (id) => document.getElementById(id);
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

function link(text, url) {
  const item = document.createElement("li");
  const words = text || url;
  if (/^https?:\/\//.test(url)) {
    const anchor = document.createElement("a");
    anchor.href = url;
    anchor.target = "_blank";
    anchor.rel = "noopener noreferrer";
    anchor.textContent = words;
    item.append(anchor);
  } else {
    item.textContent = words;
  }
  return item;
}

function line(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function changes(message) {
  if (!message.changes) return "";
  return message.changes === 1 ? "changed once" : `changed ${message.changes} times`;
}

function draw(message) {
  const known = cards.get(message.number);
  const card = known ?? at("message").content.cloneNode(true).firstElementChild;
  const part = (name) => card.querySelector(name);
  card.className = message.state;
  part(".bar").style.backgroundColor = message.color ? `#${message.color}` : "";
  part(".service").textContent = message.service;
  part(".receiver").textContent = message.receiver;
  part(".changes").textContent = changes(message);
  part("time").textContent = clock.format(new Date(message.changed * 1000));
  part("h2").textContent = message.title;
  part(".text").textContent = message.text;
  part(".links").replaceChildren(...message.links.map((each) => link(each.text, each.url)));
  part(".faults").replaceChildren(...message.faults.map(line));
  part(".raw").textContent = message.raw;
  card.hidden = !wanted(message);
  if (!known) {
    cards.set(message.number, card);
    at("messages").prepend(card);
    forget();
  }
}

function wanted(message) {
  return (!service || message.service === service) && (!faulty || message.faults.length > 0);
}

function forget() {
  for (const number of cards.keys()) {
    if (cards.size <= SHOWN_MAX) return;
    cards.get(number).remove();
    cards.delete(number);
    messages.delete(number);
  }
}

function count() {
  const counts = new Map();
  for (const each of messages.values()) {
    counts.set(each.service, (counts.get(each.service) ?? 0) + 1);
  }
  const entries = [["", messages.size], ...[...counts].sort()];
  at("services").replaceChildren(
    ...entries.map(([name, number]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${name || "all"} ${number}`;
      button.setAttribute("aria-pressed", String(name === service));
      button.addEventListener("click", () => choose(name));
      return button;
    }),
  );
  at("empty").hidden = messages.size > 0;
}

function choose(name) {
  service = name;
  again();
}

function again() {
  for (const [number, message] of messages) cards.get(number).hidden = !wanted(message);
  count();
}

function empty() {
  messages.clear();
  cards.clear();
  at("messages").replaceChildren();
  count();
}

function say(words, away) {
  at("state").textContent = words;
  at("state").className = away ? "away" : "";
}

at("faulty").addEventListener("change", (event) => {
  faulty = event.target.checked;
  again();
});
at("clear").addEventListener("click", () => fetch("api/messages", { method: "DELETE" }));

let drawing = 0;
function later() {
  drawing ||= requestAnimationFrame(() => {
    drawing = 0;
    count();
  });
}

const stream = new EventSource("api/events");
stream.addEventListener("open", () => say("live", false));
stream.addEventListener("error", () => say("not connected", true));
stream.addEventListener("clear", empty);
stream.addEventListener("message", (event) => {
  const message = JSON.parse(event.data);
  messages.set(message.number, message);
  draw(message);
  later();
});
count();
