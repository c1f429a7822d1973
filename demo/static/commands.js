// What the page shows with --live: the commands that edit the database, and what each worker has applied.

import { element, find, line } from "./dom.js";

export function start(state) {
  find("#command-list").replaceChildren(...state.commands.map((command) => line(command)));
  find("#commands").hidden = false;
  show(state);
}

export function show({ origins, workers }) {
  find("#stored").textContent = origins.join(", ") || "none";
  find("#workers").replaceChildren(
    ...workers.map(({ name, process, revision }) =>
      element("li", `Worker ${name} (process ${process}) has applied revision ${revision}.`),
    ),
  );
}
