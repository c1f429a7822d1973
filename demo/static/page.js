// The script of the page: it sends the requests of /scenario to the API and shows the result of each.
//
// A script cannot see why a request was blocked. The page therefore gets the requests that the browser sent from the
// record of the API, and the reason from the policy; the page's own server provides both.

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

// A line of text with a hanging indent, which is deeper if the text itself is indented.
function line(...content) {
  const made = element("span", ...content);
  made.className = made.textContent.startsWith("   ") ? "line deep" : "line";
  return made;
}

// --- Sending requests -------------------------------------------------------------------

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
  // A script cannot distinguish an API that is down from one that refuses the request, but the record can.
  return exchanges.length > 0 ? "blocked" : "failed";
}

// --- Showing results --------------------------------------------------------------------

const WORDS = { readable: "Readable", blocked: "Blocked", failed: "Not sent" };

function showVerdict(place, verdict, expected) {
  place.textContent = verdict === expected ? WORDS[verdict] : `${WORDS[verdict]}: unexpected`;
  place.dataset.is = verdict === expected ? verdict : "unexpected";
}

function whatItDid(result) {
  if (result.verdict === "readable") {
    return [
      element("p", `It passed the response to the page, with status ${result.status}:`),
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
  find("#listed").textContent = allowed ? "allows this page’s origin" : "does not allow this page’s origin";
  find("#expectation").textContent = allowed
    ? "Expected: the page can read all six responses."
    : `Expected: the page can read none of the six responses. It is the same page as on ${scenario.listed}, but its origin differs: to a browser, localhost and 127.0.0.1 are different origins.`;
  find(".here").dataset.expected = scenario.expected;
  const link = find("#other-page");
  link.href = scenario.otherPage;
  link.textContent = allowed
    ? `Open the same page on the refused origin: ${scenario.otherPage}`
    : `Open the same page on the allowed origin: ${scenario.otherPage}`;
  find("#configuration").textContent = scenario.configuration;
}

// --- Running the scenario ---------------------------------------------------------------

async function run(scenario) {
  document.documentElement.dataset.state = "running";
  find("#again").disabled = true;
  const { requests, expected } = scenario;
  let asExpected = 0;
  // The requests are sent one after the other so that the record and the browser's console keep their order.
  for (const [index, request] of requests.entries()) {
    find("#status").textContent = `Sending ${index + 1} of ${requests.length}…`;
    const result = await send(scenario.api, request);
    show(request, result, expected);
    asExpected += result.verdict === expected ? 1 : 0;
  }
  const total = requests.length;
  const readable = expected === "readable" ? `all ${total}` : `none of the ${total}`;
  find("#status").textContent =
    asExpected === total
      ? `As expected: the page could read ${readable} responses.`
      : `Unexpected: only ${asExpected} of ${total} requests had the expected result.`;
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
  find("#status").textContent = `The page’s own server does not respond (${error.message}). Is the demo still running?`;
  find("#again").disabled = false;
  document.documentElement.dataset.state = "done";
}
