// What both scripts of the page use.

export const find = (selector, within = document) => within.querySelector(selector);

export async function ask(path, parameters) {
  const response = await fetch(`${path}?${new URLSearchParams(parameters)}`);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.json();
}

export function element(name, ...content) {
  const made = document.createElement(name);
  made.append(...content);
  return made;
}

// A line of text with a hanging indent, which is deeper if the text itself is indented.
export function line(...content) {
  const made = element("span", ...content);
  made.className = made.textContent.startsWith("   ") ? "line deep" : "line";
  return made;
}
