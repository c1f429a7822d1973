// The script of the page: it sends the requests of /scenario to the API and shows the result of each.
//
// A script cannot see why a request was blocked. The page therefore gets the requests that the browser sent from the
// record of the API, and the reason from the policy; the page's own server provides both.

import * as commands from "./commands.js";
import { ask, element, find, line } from "./dom.js";
import * as panel from "./panel.js";

const origin = location.origin;
const CREDENTIALS = { omit: "without credentials", include: "with credentials" };
// How often the page looks whether something has changed, in milliseconds.
const LOOK_EVERY = 1000;

// --- Sending requests -------------------------------------------------------------------

async function send(api, request) {
  const id = `${request.key}-${crypto.randomUUID()}`;
  const { method, headers, credentials } = request;
  const body = request.body ?? undefined;
  let outcome;
  try {
    const response = await fetch(`${api}/?demo=${id}`, { method, headers, body, credentials });
    const readable = [...response.headers.keys()];
    outcome = { status: response.status, text: await response.text(), readable };
  } catch (error) {
    outcome = { error: String(error) };
  }
  const [exchanges, explanation] = await Promise.all([
    ask("/exchanges", { id }),
    ask("/explain", { method, origin, headers: request.unsafeNames.join() }),
  ]);
  return { id, ...outcome, exchanges, explanation, verdict: judge(outcome, exchanges) };
}

function judge(outcome, exchanges) {
  if (outcome.error === undefined) return "readable";
  // A script cannot distinguish an API that is down from one that refuses the request, but the record can.
  return exchanges.length > 0 ? "blocked" : "failed";
}

// --- Showing results --------------------------------------------------------------------

const WORDS = { readable: "Readable", blocked: "Blocked", failed: "Not sent" };

// There is no expected verdict after an edit.
function showVerdict(place, verdict, expected) {
  const surprising = expected !== null && verdict !== expected;
  place.textContent = surprising ? `${WORDS[verdict]}: unexpected` : WORDS[verdict];
  place.dataset.is = surprising ? "unexpected" : verdict;
}

function whatItDid(result) {
  if (result.verdict === "readable") {
    return [
      element("p", `It passed the response to the page, with status ${result.status}:`),
      element("pre", result.text),
      element("p", `The script could read these headers of the response: ${result.readable.join(", ") || "none"}.`),
    ];
  }
  if (result.verdict === "failed") {
    return [
      element("p", "The request never reached the API. Is it still running?"),
      element("pre", result.error),
    ];
  }
  const ran = result.exchanges.some((exchange) => exchange.method !== "OPTIONS");
  return [
    element(
      "p",
      ran
        ? "It did not pass the response to the page, although the API handled the request: CORS decides who can read a response, not who can send a request."
        : "It sent a preflight first. The API refused the preflight, so the request itself was never sent.",
    ),
    element("p", "The script only gets this error:"),
    element("pre", result.error),
    element("p", "The browser’s console shows the reason."),
  ];
}

function whatItSent(exchanges) {
  if (exchanges.length === 0) return [element("p", "The API recorded nothing.")];
  return exchanges.map((exchange) => {
    const preflight = exchange.method === "OPTIONS";
    const cookie = exchange.sent.some(([name]) => name === "cookie");
    const permission = exchange.answered.some(([name]) => name === "access-control-allow-origin");
    return element(
      "figure",
      element("figcaption", preflight ? "Preflight, sent by the browser" : "Request"),
      element(
        "pre",
        line(element("b", `${exchange.method} ${exchange.path}`)),
        ...exchange.sent.map(headerLine),
        ...(cookie ? [] : [line(element("i", "no cookie"))]),
        line(),
        line(element("b", `→ ${exchange.status ?? "no response"}`)),
        ...exchange.answered.map(headerLine),
        ...(permission ? [] : [line(element("i", "no Access-Control-Allow-Origin"))]),
      ),
    );
  });
}

const headerLine = ([name, value]) => line(element("b", `${spell(name)}:`), ` ${value}`);
const spell = (name) => name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());

function show(request, result, expected) {
  const row = find(`#row-${request.key}`);
  const card = find(`#${request.key}`);
  const asked = result.exchanges.some((exchange) => exchange.method === "OPTIONS");
  find(".asked", row).textContent = asked ? "sent" : "not sent";
  const before = card.dataset.verdict;
  const hasChanged = before !== undefined && before !== result.verdict;
  find(".was", row).textContent = hasChanged ? `was ${WORDS[before].toLowerCase()}` : "";
  showVerdict(find(".verdict", row), result.verdict, expected);
  showVerdict(find(".verdict", card), result.verdict, expected);
  find(".did", card).replaceChildren(...whatItDid(result));
  find(".sent", card).replaceChildren(...whatItSent(result.exchanges));
  find(".says", card).replaceChildren(...result.explanation.text.split("\n").map((text) => line(text)));
  Object.assign(card.dataset, {
    request: request.key,
    id: result.id,
    verdict: result.verdict,
    status: result.status ?? "",
    error: result.error ?? "",
  });
}

function place(request) {
  const row = find("#row").content.cloneNode(true);
  const card = find("#card").content.cloneNode(true);
  find("tr", row).id = `row-${request.key}`;
  find("a", row).href = `#${request.key}`;
  // Two links have the text "GET": outside the table, screen readers need the full name of the request.
  find("a", row).setAttribute("aria-label", `${request.name}, ${CREDENTIALS[request.credentials]}`);
  find("article", card).id = request.key;
  const details = find("details", card);
  find("a", row).addEventListener("click", () => { details.open = true; });
  for (const part of [row, card]) {
    find(".name", part).textContent = request.name;
  }
  find(".credentials", row).textContent = request.credentials === "include" ? "with" : "without";
  find(".credentials", card).textContent = CREDENTIALS[request.credentials];
  find("#rows").append(row);
  find("#cards").append(card);
}

function introduce(scenario) {
  find("#own-origin").textContent = origin;
  find("#api-origin").textContent = scenario.api;
  const link = find("#other-page");
  link.href = scenario.otherPage;
  link.textContent =
    scenario.expected === "readable"
      ? `Open the same page on the refused origin: ${scenario.otherPage}`
      : `Open the same page on the allowed origin: ${scenario.otherPage}`;
  find("#configuration").textContent = scenario.configuration;
}

function showExpectation(scenario, edited) {
  if (edited) {
    find("#expectation").textContent = "What the API allows has been edited, so the results differ from the documented ones.";
  } else if (scenario.expected === "readable") {
    find("#expectation").textContent = "Expected: the page can read all six responses.";
  } else {
    find("#expectation").textContent =
      `Expected: the page can read none of the six responses. It is the same page as on ${scenario.listed}, but its origin differs: to a browser, localhost and 127.0.0.1 are different origins.`;
  }
}

function showDecision(allowed) {
  find("#listed").textContent = allowed ? "allows this page’s origin" : "does not allow this page’s origin";
  find(".here").dataset.allowed = allowed;
}

// --- Running the scenario ---------------------------------------------------------------

async function run(scenario, edited) {
  const { requests } = scenario;
  const expected = edited ? null : scenario.expected;
  const verdicts = [];
  find("#status").textContent = `Sending ${requests.length} requests…`;
  showExpectation(scenario, edited);
  // The requests are sent one after the other so that the record and the browser's console keep their order.
  for (const request of requests) {
    const result = await send(scenario.api, request);
    showDecision(result.explanation.originAllowed);
    show(request, result, expected);
    verdicts.push(result.verdict);
  }
  find("#status").textContent = summary(verdicts, expected);
}

function summary(verdicts, expected) {
  const total = verdicts.length;
  if (expected === null) {
    const readable = verdicts.filter((verdict) => verdict === "readable").length;
    return `After the edit, the page could read ${readable} of ${total} responses.`;
  }
  const asExpected = verdicts.filter((verdict) => verdict === expected).length;
  const which = expected === "readable" ? `all ${total}` : `none of the ${total}`;
  return asExpected === total
    ? `As expected: the page could read ${which} responses.`
    : `Unexpected: only ${asExpected} of ${total} requests had the expected result.`;
}

// Runs follow each other, because two at once would show their results in the same places. Each returns its summary.
let lastRun = Promise.resolve();
function runNext(scenario) {
  document.documentElement.dataset.state = "running";
  find("#again").disabled = true;
  const current = lastRun.then(() => run(scenario, state?.edited ?? false)).catch(fail).then(() => {
    const { dataset } = document.documentElement;
    dataset.runs = Number(dataset.runs ?? 0) + 1;
    if (current !== lastRun) return find("#status").textContent;
    find("#again").disabled = false;
    dataset.state = "done";
    return find("#status").textContent;
  });
  lastRun = current;
  return current;
}

// The page of the other origin, or a command, may have changed something: show it, and send the requests again.
async function look(scenario, view) {
  const isBusy = document.documentElement.dataset.state !== "done";
  // The text that somebody is typing here must not be replaced.
  if (isBusy || (document.hasFocus() && find("#panel").contains(document.activeElement))) return;
  const latest = await ask("/policy").catch(() => state);
  if (latest.revision === state.revision) return;
  state = latest;
  view.show(state);
  await runNext(scenario);
}

function fail(error) {
  find("#status").textContent = `The page’s own server does not respond (${error.message}). Is the demo still running?`;
}

// What the policy allows now, or null if it cannot change.
let state = null;
try {
  const scenario = await ask("/scenario", { origin });
  state = await ask("/policy");
  introduce(scenario);
  scenario.requests.forEach(place);
  find("#cards details").open = true;
  const view = state?.commands ? commands : panel;
  if (state) {
    view.start(state, (changed) => {
      state = changed;
      return runNext(scenario);
    });
  }
  find("#again").addEventListener("click", () => runNext(scenario));
  await runNext(scenario);
  if (state) setInterval(look, LOOK_EVERY, scenario, view);
} catch (error) {
  fail(error);
  document.documentElement.dataset.state = "done";
}
