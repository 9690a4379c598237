// Keeps a page live: times in the viewer's zone, copying, and whatever the shop's stream says. Without it every page
// is whole all the same.
"use strict";

const language = document.documentElement.lang;
const body = document.body;

// Times stand in UTC; here they are written in the viewer's zone and language.
const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
const short = new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" });

function dress(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (isNaN(at)) continue;
    time.textContent = short.format(at);
    time.title = full.format(at);
  }
}

// Buttons that copy.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    // Without a secure origin there is no clipboard: what is to be copied is chosen instead.
    const code = button.parentElement.querySelector("code");
    if (code) getSelection().selectAllChildren(code);
    return;
  }
  const said = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => (button.textContent = said), 1500);
});

// A language takes effect when it is chosen.
document.addEventListener("change", (event) => {
  if (event.target.matches("form.language select")) event.target.form.requestSubmit();
});

// A form is sent once; a second press while it is on its way does nothing.
document.addEventListener("submit", (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  else if (event.target.method === "post") event.target.dataset.sent = "1";
});

// The menu is folded where there is no room for it.
const menu = document.querySelector("details.menu");
if (menu && matchMedia("(max-width: 60rem)").matches) menu.open = false;

// A sound when an order is paid: two tones, made here.
const sound = document.getElementById("sound");
let audio = null;

function wantsSound() {
  return localStorage.getItem("tollgate-sound") === "on";
}

function showSound() {
  if (!sound) return;
  sound.hidden = false;
  sound.textContent = wantsSound() ? sound.dataset.on : sound.dataset.off;
  sound.setAttribute("aria-pressed", String(wantsSound()));
}

function ring() {
  if (!wantsSound()) return;
  audio = audio || new AudioContext();
  [660, 880].forEach((pitch, index) => {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const at = audio.currentTime + index * 0.14;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.15, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.25);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.3);
  });
}

if (sound) {
  sound.addEventListener("click", () => {
    localStorage.setItem("tollgate-sound", wantsSound() ? "off" : "on");
    showSound();
    ring();
  });
}

// What is said at the edge of the page.
const toasts = document.getElementById("toasts");

function toast(text, href) {
  const line = document.createElement(href ? "a" : "p");
  if (href) line.href = href;
  line.textContent = text;
  toasts.append(line);
  setTimeout(() => line.remove(), 8000);
}

// Whoever fills in a form, or has one unfolded, is not disturbed.
function isBusy(main) {
  const active = document.activeElement;
  const writes = active && main.contains(active) && active.matches("input, textarea, select");
  return writes || main.querySelector("details.action[open]") || getSelection().toString() !== "";
}

let waiting = null;
let running = false;

// Asks for this page anew, after a short while in which more may come.
function renew() {
  if (waiting) return;
  waiting = setTimeout(show, 300);
}

async function show() {
  waiting = null;
  const main = document.getElementById("main");
  if (running) return renew();
  if (isBusy(main)) return offer();
  running = true;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected || answer.status === 401) return location.reload();
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
    if (!fresh || isBusy(main)) return;
    const open = [...main.querySelectorAll("details[open][id]")].map((details) => details.id);
    main.replaceChildren(...fresh.childNodes);
    for (const id of open) {
      const details = document.getElementById(id);
      if (details) details.open = true;
    }
    dress(main);
  } catch {
    // The stream says when the server is back.
  } finally {
    running = false;
  }
}

// What waits for something of which the stream says nothing looks again, while it is seen, for ten minutes.
const waitsUntil = Date.now() + 600_000;

function again() {
  const waits = document.querySelector("[data-again-seconds]");
  if (!waits || waitsUntil < Date.now()) return;
  if (!document.hidden && !isBusy(document.getElementById("main"))) renew();
  setTimeout(again, 1000 * waits.dataset.againSeconds);
}

// Something has changed while somebody was writing.
function offer() {
  if (document.getElementById("offer")) return;
  const button = document.createElement("button");
  button.id = "offer";
  button.type = "button";
  button.textContent = body.dataset.changed;
  button.addEventListener("click", () => location.reload());
  toasts.append(button);
}

// The types of messages that the stream has; an EventSource hears a type only by its name.
const TYPES = [
  "order.created", "order.paid", "order.partially_paid", "order.completed", "order.closing", "order.expired",
  "order.cancelled", "order.refunded", "order.changed", "order.attention",
  "payment.registered", "payment.authorized", "payment.paid", "payment.failed", "payment.expired",
  "payment.cancelled", "payment.refunded", "payment.charged_back", "hold.expired",
  "event.orphaned", "event.attention", "effect.dead", "effect.unknown", "receipt.issued",
  "stock.low", "slot.full", "endpoint.disabled", "alert.opened", "alert.ended", "reset",
];

const live = document.getElementById("live");

function listen() {
  const topics = body.dataset.topics;
  if (!topics || !live) return;
  const stream = new EventSource("/v1/stream?topics=" + encodeURIComponent(topics));
  const say = (text, state) => {
    live.hidden = false;
    live.textContent = text;
    live.dataset.state = state;
  };
  let lost = false;
  stream.onopen = () => {
    say(body.dataset.live, "live");
    if (lost) renew();
    lost = false;
  };
  stream.onerror = () => {
    lost = true;
    say(body.dataset.lost, "lost");
    // A browser gives up where it is refused: then we try again ourselves.
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  };
  for (const type of TYPES) {
    stream.addEventListener(type, (event) => {
      renew();
      if (type !== "order.paid") return;
      ring();
      const order = JSON.parse(event.data).data;
      toast(body.dataset.paid.replace("{}", order.code), "/orders/" + encodeURIComponent(order.id));
    });
  }
  addEventListener("pagehide", () => stream.close(), { once: true });
}

dress(document);
showSound();
listen();
again();
