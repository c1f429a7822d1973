// Take the steps of every exchange, tell the server what was seen of each, then leave for the next page.
"use strict";
const WORKER = typeof document === "undefined";
const seen = (response, names) => ({ status: response.status, type: response.type, names });

async function byFetch(ask) {
  const { url, method, credentials, mode, redirect, headers, body, body_type: type } = ask;
  const options = { method, credentials, mode, redirect, headers };
  if (ask.referrer_policy) options.referrerPolicy = ask.referrer_policy;
  if (body !== null) options.body = type === null ? body : new Blob([body], { type });
  const response = await fetch(url, options);
  await response.text();
  return seen(response, [...response.headers.keys()]);
}

function byXhr(ask) {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open(ask.method, ask.url);
    xhr.withCredentials = ask.credentials === "include";
    for (const [name, value] of ask.headers) xhr.setRequestHeader(name, value);
    if (ask.upload_listener) xhr.upload.onprogress = () => {};
    xhr.onerror = () => reject(new TypeError("network"));
    xhr.onload = () => {
      const names = xhr.getAllResponseHeaders().split("\r\n").filter(Boolean).map((line) => line.split(":")[0]);
      resolve({ status: xhr.status, type: "cors", names: names.map((name) => name.toLowerCase()) });
    };
    xhr.send(ask.body === null || ask.body_type === null ? ask.body : new Blob([ask.body], { type: ask.body_type }));
  });
}

const ATTRIBUTE = { omit: null, "same-origin": "anonymous", include: "use-credentials" };

function byElement(name, address, properties) {
  return (ask) =>
    new Promise((resolve, reject) => {
      const element = document.createElement(name);
      element.crossOrigin = ATTRIBUTE[ask.credentials];
      if (ask.referrer_policy) element.referrerPolicy = ask.referrer_policy;
      Object.assign(element, properties);
      element.onload = () => resolve({});
      element.onerror = () => reject(new TypeError("element"));
      element[address] = ask.url;
      document.body.append(element);
    });
}

function byEvents(ask) {
  return new Promise((resolve, reject) => {
    const source = new EventSource(ask.url, { withCredentials: ask.credentials === "include" });
    const end = (then) => () => { source.close(); then(); };
    source.onopen = end(() => resolve({}));
    source.onerror = end(() => reject(new TypeError("events")));
  });
}

async function byFont(ask) {
  await new FontFace("font", `url(${ask.url})`).load();
  return {};
}

async function byBeacon(ask) {
  const data = ask.body_type === null ? ask.body : new Blob([ask.body ?? ""], { type: ask.body_type });
  return { queued: navigator.sendBeacon(ask.url, data) };
}

let worker = null;
const waiting = new Map();

function byWorker(ask) {
  if (worker === null) {
    worker = new Worker("/page.js");
    worker.onmessage = ({ data: [key, result] }) => waiting.get(key)(result);
  }
  return new Promise((resolve) => {
    waiting.set(ask.url, resolve);
    worker.postMessage({ ...ask, initiator: "fetch" });
  });
}

const WAYS = {
  fetch: byFetch,
  xhr: byXhr,
  worker: byWorker,
  beacon: byBeacon,
  events: byEvents,
  image: byElement("img", "src", {}),
  script: byElement("script", "src", {}),
  module: byElement("script", "src", { type: "module" }),
  style: byElement("link", "href", { rel: "stylesheet" }),
  font: byFont,
};

// Ends a hang; nothing is measured.
const patience = () => new Promise((resolve) => setTimeout(resolve, 20000, { error: "hang" }));
const take = (ask) =>
  Promise.race([patience(), Promise.resolve(ask).then(WAYS[ask.initiator]).catch((error) => ({ error: error.name, text: String(error) }))]);

async function run() {
  const kind = location.pathname.slice(1);
  if (kind === "run") document.cookie = "session=1; path=/";
  const batch = await (await fetch(`/batch/${kind}`)).json();
  const results = {};
  const takeAll = async ({ number, steps }) => {
    results[number] = [];
    for (const [index, ask] of steps.entries()) {
      if (index > 0) await fetch(`/step/${number}/${index}`);
      results[number].push(await take(ask));
    }
  };
  // Alone: Firefox remembers no preflight until it has made a few.
  if (batch.length) await takeAll(batch.shift());
  const lane = async () => { while (batch.length) await takeAll(batch.shift()); };
  // Fewer than the six connections that a browser opens to one server: where redirects had to wait for one, Chromium 156
  // sometimes gave out none any more, with all of them answered and idle.
  await Promise.all(Array.from({ length: 4 }, lane));
  await fetch("/result", { method: "POST", body: JSON.stringify(results) });
  await fetch("/done", { method: "POST" });
  if (kind === "run") location.replace("/opaque");
}

if (WORKER) self.onmessage = async ({ data }) => self.postMessage([data.url, await take(data)]);
else run();
