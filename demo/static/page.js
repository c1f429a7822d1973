// The page: send the requests of /scenario to the API, and show what became of each.
//
// A script learns nothing of why a request was blocked. So what the browser sent is read from
// the API's record, through this page's own server, and the reason from the policy itself.

const origin = location.origin;
const find = (selector, within = document) => within.querySelector(selector);
const CREDENTIALS = { omit: "without credentials", include: "with credentials" };

async function ask(path, parameters) {
  const response = await fetch(`${path}?${new URLSearchParams(parameters)}`);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

function element(name, ...content) {
  const made = document.createElement(name);
  made.append(...content);
  return made;
}

// A line of text that is indented where it wraps, deeper if it is indented itself.
function line(...content) {
  const made = element("span", ...content);
  made.className = made.textContent.startsWith("   ") ? "line deep" : "line";
  return made;
}

// --- What happens -----------------------------------------------------------------------

async function send(api, request) {
  const id = `${request.key}-${crypto.randomUUID()}`;
  const { method, headers, credentials } = request;
  const body = request.body ?? undefined;
  let outcome;
  try {
    const response = await fetch(`${api}/?demo=${id}`, { method, headers, body, credentials });
    outcome = { status: response.status, text: await response.text() };
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
  // An API that is down and one that refuses look alike to a script: the record tells.
  return exchanges.length > 0 ? "blocked" : "failed";
}

// --- How it is shown --------------------------------------------------------------------

const WORDS = { readable: "Readable", blocked: "Blocked", failed: "Not sent" };

function showVerdict(place, verdict, expected) {
  place.textContent = verdict === expected ? WORDS[verdict] : `${WORDS[verdict]}: not expected`;
  place.dataset.is = verdict === expected ? verdict : "surprise";
}

function whatItDid(result) {
  if (result.verdict === "readable") {
    return [
      element("p", `It gave the page the answer, status ${result.status}:`),
      element("pre", result.text),
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
        ? "It kept the answer from the page. The API did run this request: CORS decides who may read an answer, not who may ask."
        : "It asked first. The preflight was refused, so the request itself was never sent.",
    ),
    element("p", "All that the script was told:"),
    element("pre", result.error),
    element("p", "The reason stands in the browser’s console."),
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
      element("figcaption", preflight ? "Preflight, sent by the browser itself" : "The request"),
      element(
        "pre",
        line(element("b", `${exchange.method} ${exchange.path}`)),
        ...exchange.sent.map(headerLine),
        ...(cookie ? [] : [line(element("i", "no cookie"))]),
        line(),
        line(element("b", `→ ${exchange.status ?? "no answer"}`)),
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
  find(".asked", row).textContent = asked ? "yes: a preflight" : "no";
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
  // Two links say GET: read out of the table, each names its request whole.
  find("a", row).setAttribute("aria-label", `${request.name}, ${CREDENTIALS[request.credentials]}`);
  find("article", card).id = request.key;
  for (const part of [row, card]) {
    find(".name", part).textContent = request.name;
    find(".credentials", part).textContent = CREDENTIALS[request.credentials];
  }
  find("#rows").append(row);
  find("#cards").append(card);
}

function introduce(scenario) {
  const allowed = scenario.expected === "readable";
  find("#own-origin").textContent = origin;
  find("#api-origin").textContent = scenario.api;
  find("#standing").textContent = allowed ? "lists this page’s origin" : "does not list this page’s origin";
  find("#expectation").textContent = allowed
    ? "Expected: the browser lets this page read all six answers."
    : `Expected: the browser lets this page read none of the six answers. It is the same page as at ${scenario.listed}, but another origin: to a browser, localhost and 127.0.0.1 are strangers.`;
  find(".here").dataset.expected = scenario.expected;
  const link = find("#other-page");
  link.href = scenario.otherPage;
  link.textContent = allowed
    ? `See the same page from the refused origin: ${scenario.otherPage}`
    : `See the same page from the allowed origin: ${scenario.otherPage}`;
  find("#configuration").textContent = scenario.configuration;
}

// --- The run ----------------------------------------------------------------------------

async function run(scenario) {
  document.documentElement.dataset.state = "running";
  find("#again").disabled = true;
  const { requests, expected } = scenario;
  let asExpected = 0;
  // One after the other, so that the record and the browser's console keep their order.
  for (const [index, request] of requests.entries()) {
    find("#status").textContent = `Sending ${index + 1} of ${requests.length}…`;
    const result = await send(scenario.api, request);
    show(request, result, expected);
    asExpected += result.verdict === expected ? 1 : 0;
  }
  const word = expected === "readable" ? "could be read" : "were kept from this page";
  find("#status").textContent =
    asExpected === requests.length
      ? `As expected: all ${requests.length} answers ${word}.`
      : `Not as expected: only ${asExpected} of ${requests.length} answers ${word}.`;
  find("#again").disabled = false;
  document.documentElement.dataset.state = "done";
}

try {
  const scenario = await ask("/scenario", { origin });
  introduce(scenario);
  scenario.requests.forEach(place);
  find("#again").addEventListener("click", () => run(scenario).catch(fail));
  await run(scenario);
} catch (error) {
  fail(error);
}

function fail(error) {
  find("#status").textContent = `The page’s own server does not answer (${error.message}). Is the demo still running?`;
  find("#again").disabled = false;
  document.documentElement.dataset.state = "done";
}
