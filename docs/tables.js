// On a phone, site.css shows each row of a wide table as a list. There, each cell shows the name of its column.
for (const table of document.querySelectorAll("article table")) {
  const names = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent);
  for (const row of table.querySelectorAll("tbody tr"))
    [...row.cells].forEach((cell, index) => (cell.dataset.column = names[index] ?? ""));
}
