// A message that a reader pastes from the console contains addresses, methods and headers of the reader, but the search
// finds only entries with all words. This script replaces the message by the words that are the same in every such
// message, which the index of reasons lists. Of other text, it removes the addresses.
const index = new URL("reasons/index.html", document.currentScript.src);
const address = /['"‘“]?[a-z][a-z0-9+.-]*:\/\/[^\s'"‘’“”()]*['"’”]?/gi;

let words;

async function ask() {
  const page = new DOMParser().parseFromString(await (await fetch(index)).text(), "text/html");
  return [...page.querySelectorAll("td:first-child code")].map((code) => code.textContent);
}

document.addEventListener("paste", async (event) => {
  const [field] = event.composedPath();
  const pasted = event.clipboardData.getData("text/plain");
  if (field.role !== "combobox" || !pasted) return;
  event.preventDefault();
  words ??= ask().catch(() => []);
  const said = (await words).filter((text) => pasted.includes(text));
  document.execCommand("insertText", false, said.join(" ") || pasted.replace(address, ""));
});
