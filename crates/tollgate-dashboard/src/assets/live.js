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

// Between two renewals, so that a busy shop costs an open page no more than this.
const RENEWED_EVERY_MS = 2000;

let waiting = null;
let running = false;
let renewed = 0;
let isStale = false;

// Asks for this page anew, after a short while in which more may come; a page that nobody sees is asked for when
// somebody does.
function renew() {
  if (waiting || document.hidden) {
    isStale = true;
    return;
  }
  waiting = setTimeout(show, Math.max(300, renewed + RENEWED_EVERY_MS - Date.now()));
}

// What waits for something of which the stream says nothing looks again, while it is seen, for ten minutes.
const waitsUntil = Date.now() + 600_000;

function again() {
  const waits = document.querySelector("[data-again-seconds]");
  if (!waits || waitsUntil < Date.now()) return;
  if (!document.hidden && !isBusy(document.getElementById("main"))) renew();
  setTimeout(again, 1000 * waits.dataset.againSeconds);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && isStale) renew();
});

async function show() {
  waiting = null;
  isStale = false;
  const main = document.getElementById("main");
  if (running) return renew();
  if (isBusy(main)) return offer();
  running = true;
  renewed = Date.now();
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected || answer.status === 401) return location.reload();
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
    if (!fresh || isBusy(main)) return;
    replace(main, fresh);
  } catch {
    // The stream says when the server is back.
  } finally {
    running = false;
    if (isStale) renew();
  }
}

// Puts what is new in the place of what was there. What was said, what is unfolded and what has the focus stay so.
function replace(main, fresh) {
  const said = main.querySelector(":scope > .said");
  const open = [...main.querySelectorAll("details[open][id]")].map((details) => details.id);
  const focused = main.contains(document.activeElement) && document.activeElement.getAttribute("href");
  main.replaceChildren(...fresh.childNodes);
  if (said && !main.querySelector(":scope > .said")) main.prepend(said);
  for (const id of open) {
    const details = document.getElementById(id);
    if (details) details.open = true;
  }
  if (focused) {
    const link = [...main.querySelectorAll("a[href]")].find((link) => link.getAttribute("href") === focused);
    if (link) link.focus({ preventScroll: true });
  }
  dress(main);
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

// How long it waits before it listens again where it was refused, up to a minute.
const AGAIN_MS_MAX = 60000;

let stream = null;
let againMs = 5000;

function listen() {
  const topics = body.dataset.topics;
  if (!topics || !live) return;
  stream = new EventSource("/v1/stream?topics=" + encodeURIComponent(topics));
  const say = (text, state) => {
    live.hidden = false;
    live.textContent = text;
    live.dataset.state = state;
  };
  let lost = false;
  stream.onopen = () => {
    say(body.dataset.live, "live");
    if (lost || againMs !== 5000) renew();
    lost = false;
    againMs = 5000;
  };
  stream.onerror = () => {
    lost = true;
    say(body.dataset.lost, "lost");
    if (stream.readyState !== EventSource.CLOSED) return;
    // A browser gives up where it is refused. The page says whether the session has ended, and leads to signing in;
    // else we try again ourselves.
    renew();
    setTimeout(listen, againMs);
    againMs = Math.min(againMs * 2, AGAIN_MS_MAX);
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
}

addEventListener("pagehide", () => stream && stream.close());

dress(document);
showSound();
listen();
again();
