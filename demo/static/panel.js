// The panel that edits the policy and the live origins of the API.
//
// It edits through the page's own server. The API itself has no route for it.

import { element, find } from "./dom.js";

const FIELDS = [
  { name: "allow_origins", kind: "lines", label: "Allowed origins", hint: "One origin per line. * allows every origin." },
  { name: "allow_methods", kind: "list", label: "Allowed methods", hint: "Separated by commas. * allows all." },
  { name: "allow_headers", kind: "list", label: "Allowed request headers", hint: "Separated by commas. * allows all." },
  { name: "allow_credentials", kind: "flag", label: "Allow cookies and other credentials" },
  { name: "expose_headers", kind: "list", label: "Readable response headers", hint: "Separated by commas, for example Date, Server. The details of each request list what the script could read." },
  { name: "max_age", kind: "number", label: "Preflight cache, in seconds", hint: "Empty: the header is not sent. Each request of this page has its own URL, so that its preflight is never cached." },
  { name: "allow_origin_regex", kind: "text", label: "Regular expression for origins", hint: "It must match the whole origin.", rare: true },
  { name: "constant_allow_origin", kind: "flag", label: "Send the one origin in every response", rare: true },
  { name: "allow_private_network", kind: "flag", label: "Allow private network requests", rare: true },
  { name: "dangerously_allow_public_suffixes", kind: "flag", label: "Accept patterns below public suffixes", rare: true },
];

// Policies that show one point each. A function gets the options that apply now.
const EXAMPLES = [
  ["Allow this page", ({ allow_origins }) => ({ allow_origins: [...new Set([...allow_origins, location.origin])] })],
  ["Every origin, no cookies", () => ({ allow_origins: ["*"], allow_credentials: false })],
  ["Every origin, with cookies", () => ({ allow_origins: ["*"], allow_credentials: true })],
  ["Only GET", ({ allow_origins }) => ({ allow_origins: [...new Set([...allow_origins, location.origin])], allow_methods: ["GET"] })],
  ["No custom headers", ({ allow_origins }) => ({ allow_origins: [...new Set([...allow_origins, location.origin])], allow_headers: [] })],
];

// The conversion between an option and the text of its field. A text that is not valid is sent as it is, so that the
// library says what is wrong with it.
const READERS = {
  lines: (field) => field.value.split("\n").map((text) => text.trim()).filter(Boolean),
  list: (field) => field.value.split(",").map((text) => text.trim()).filter(Boolean),
  flag: (field) => field.checked,
  text: (field) => field.value || null,
  number: (field) => (/^-?\d+$/.test(field.value.trim()) ? Number(field.value) : field.value.trim() || null),
};
const WRITERS = {
  lines: (field, value) => { field.value = value.join("\n"); },
  list: (field, value) => { field.value = value.join(", "); },
  flag: (field, value) => { field.checked = value; },
  text: (field, value) => { field.value = value ?? ""; },
  number: (field, value) => { field.value = value ?? ""; },
};

let shown;
let onChange;

// Show the panel; `changed` is called after each change, and returns when the requests were sent again.
export function start(state, changed) {
  onChange = changed;
  FIELDS.forEach(placeField);
  for (const [name, options] of EXAMPLES) {
    const button = element("button", name);
    button.type = "button";
    button.addEventListener("click", () => {
      fill({ ...shown.documented, ...options(shown.documented) });
      apply();
    });
    find("#examples").append(element("li", button));
  }
  find("#policy-form").addEventListener("submit", (event) => {
    event.preventDefault();
    apply();
  });
  // In a text of several lines, Enter starts a new line.
  find("#policy-form").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) apply();
  });
  find("#origins-form").addEventListener("submit", (event) => {
    event.preventDefault();
    editOrigin("PUT", find("#live-origin").value.trim());
  });
  find("#reset").addEventListener("click", () => edit("DELETE", "/policy", {}));
  find("#live-origin").value = location.origin;
  find("#panel").hidden = false;
  show(state);
}

// Fill the form with the policy that applies now.
export function show(state) {
  shown = state;
  fill(state.options);
  find("#code").textContent = state.code;
  find("#live-origins").replaceChildren(...state.origins.map(liveOrigin));
  find("#no-live-origins").hidden = state.origins.length > 0;
}

function placeField({ name, kind, label, hint, rare }) {
  const part = find("#field").content.cloneNode(true);
  const control = document.createElement(kind === "lines" ? "textarea" : "input");
  Object.assign(control, { id: name, name, spellcheck: false, autocomplete: "off", autocapitalize: "off" });
  if (kind === "lines") control.rows = 5;
  if (kind === "flag") control.type = "checkbox";
  if (kind === "number") control.inputMode = "numeric";
  control.setAttribute("aria-describedby", `${name}-hint ${name}-issues`);
  find("label", part).htmlFor = name;
  find("label", part).append(label, " ", element("code", name));
  find(".hint", part).textContent = hint ?? "";
  find(".hint", part).id = `${name}-hint`;
  find(".issues", part).id = `${name}-issues`;
  find(".field", part).dataset.kind = kind;
  find("label", part)[kind === "flag" ? "before" : "after"](control);
  find(rare ? "#rare-fields" : "#fields").append(part);
}

function liveOrigin(origin) {
  const button = element("button", "Remove");
  button.type = "button";
  button.setAttribute("aria-label", `Remove ${origin}`);
  button.addEventListener("click", async () => {
    await editOrigin("DELETE", origin);
    find("#live-origin").focus();
  });
  return element("li", element("code", origin), button);
}

function fill(options) {
  for (const { name, kind } of FIELDS) WRITERS[kind](find(`#${name}`), options[name]);
}

const apply = () =>
  edit("PUT", "/policy", Object.fromEntries(FIELDS.map(({ name, kind }) => [name, READERS[kind](find(`#${name}`))])));
const editOrigin = (method, origin) => edit(method, "/origins", { origin });

// --- Sending an edit, and showing its result --------------------------------------------

async function edit(method, path, body) {
  showIssues([], "error");
  say("panel-status", "");
  say("panel-error", "");
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(path, { method, headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (answer.errors) return showErrors(answer.errors);
    if (!response.ok) throw new Error(answer.detail);
    show(answer.state);
    showIssues(answer.warnings, "warning");
    say("panel-status", "Changed. Sending again…");
    const results = await onChange(answer.state);
    const link = element("a", "See the results");
    link.href = "#summary";
    find("#panel-status").replaceChildren(`Changed. ${results} `, link);
  } catch (error) {
    say("panel-error", `Nothing was changed: ${error.message}`);
  }
}

function showErrors(errors) {
  showIssues(errors, "error");
  say("panel-error", `Nothing was changed. The policy has ${errors.length === 1 ? "1 error" : `${errors.length} errors`}.`);
  const field = find("#panel [aria-invalid]");
  const folded = field?.closest("details");
  if (folded) folded.open = true;
  field?.focus();
}

function showIssues(issues, kind) {
  for (const place of document.querySelectorAll("#panel .issues")) place.replaceChildren();
  for (const field of document.querySelectorAll("#panel [aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const { field, reason, fix, code } of issues) {
    const name = fieldOf(field);
    const made = element(
      "div",
      element("p", element("b", kind === "error" ? "Error" : "Warning"), " in ", element("code", field), `: ${reason}`),
      element("p", "Fix:"),
      element("pre", fix),
      element("p", element("code", code)),
    );
    made.className = `issue ${kind}`;
    find(`#${name}-issues`).append(made);
    if (kind === "error") find(`#${name}`).setAttribute("aria-invalid", "true");
  }
}

// An issue names an element of a list (`allow_origins[2]`), or `origin` and `origins` if it is about the live origins.
function fieldOf(field) {
  const name = field.replace(/\[.*/s, "");
  return FIELDS.some((known) => known.name === name) ? name : "live-origin";
}

function say(id, text) {
  find(`#${id}`).textContent = text;
}
