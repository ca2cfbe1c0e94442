(() => {
  "use strict";
  const form = document.querySelector("form");
  const field = form.querySelector("input");
  const told = form.querySelector("output");
  const rows = [...document.querySelectorAll("tbody tr")];
  const words = new Map(rows.map((row) => [row, `${row.textContent} ${row.dataset.words}`.toLowerCase()]));
  const drawn = new Map();
  for (const element of document.querySelectorAll("svg [data-task]")) {
    const task = element.dataset.task;
    drawn.set(task, [...(drawn.get(task) || []), element]);
  }

  const search = () => {
    const wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const row of rows) {
      const text = words.get(row);
      const hit = wanted.every((word) => text.includes(word));
      found += hit ? 1 : 0;
      row.hidden = !hit;
      for (const element of drawn.get(row.dataset.task) || []) {
        element.classList.toggle("dim", !hit);
      }
    }
    for (const edge of document.querySelectorAll(".edge")) {
      edge.classList.toggle("dim", wanted.length > 0);
    }
    told.textContent = wanted.length > 0 ? `${found} of ${rows.length}` : "";
  };

  const key = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.key === undefined ? cell.textContent : Number(cell.dataset.key);
  };

  const compare = (a, b) => {
    if (typeof a === typeof b) {
      return typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
    }
    return typeof a === "number" ? -1 : 1;
  };

  document.querySelectorAll("th").forEach((head, column, heads) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sorted = [...rows].sort((a, b) => compare(key(a, column), key(b, column)) * (down ? -1 : 1));
      document.querySelector("tbody").append(...sorted);
    });
  });

  const mark = (event, on) => {
    const element = event.target.closest("[data-task]");
    for (const other of (element && drawn.get(element.dataset.task)) || []) {
      other.classList.toggle("hit", on);
    }
  };

  document.addEventListener("pointerover", (event) => mark(event, true));
  document.addEventListener("pointerout", (event) => mark(event, false));
  field.addEventListener("input", search);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  search();
})();
