// A pair's fields by keys: rows, the value to take for each, the field to go to. The forms do all of it without this.
"use strict";

{
  const grid = () => document.querySelector("#main [data-fields]");
  const shown = () => [...document.querySelectorAll("#main [data-fields] [data-field]")].filter((row) => row.getClientRects().length);
  const rowOf = (element) => element.closest?.("[data-field]");

  const go = (row) => {
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  };

  const step = (by) => {
    const rows = shown();
    const here = rows.indexOf(rowOf(document.activeElement));
    const next = here < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + by));
    if (rows[next]) go(rows[next]);
    return rows.length > 0;
  };

  // Whoever takes the same side again goes back to what the rules say.
  const take = (row, key) => {
    const option = row.querySelector(`[data-take="${key}"]`);
    if (!option) return false;
    const rules = row.querySelector('.take input[type=radio][value=""]');
    (option.checked && key !== "i" ? rules : option).click();
    if (key === "i") {
      row.querySelector(".take").open = true;
      row.querySelector(".own").select();
    }
    return true;
  };

  const paint = (row) => {
    const chosen = row.querySelector(".take input[type=radio]:checked");
    const result = row.querySelector("[data-result]");
    if (!chosen || !result) return;
    const [side, ...rest] = chosen.value.split("|");
    const text = side === "own" ? row.querySelector(".own").value : side ? rest.join("|") : result.dataset.before;
    const origin = result.querySelector("[data-origin]");
    origin.dataset.rules ??= origin.querySelector(".verdict.protected") ? "" : origin.innerHTML;
    result.querySelector("[data-value]").textContent = text || "–";
    origin.innerHTML = side ? "" : origin.dataset.rules;
    if (side) {
      const mark = document.createElement("span");
      mark.className = "verdict protected";
      mark.textContent = "Chosen";
      origin.append(mark);
    }
    const live = document.getElementById("live");
    if (live) live.textContent = `Result of ${row.dataset.field}: ${text || "empty"}${side ? ", chosen" : ", by the rules"}`;
  };

  // Out of a field that is typed into, so that the next key decides.
  const isDone = ({ key, target }) => (key === "Escape" || key === "Enter") && target.matches(".own");

  document.addEventListener("keydown", (event) => {
    if (!grid() || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (document.body.dataset.keys === "off") return;
    if (event.key === "Escape" && event.target.matches("#jump") || isDone(event)) {
      event.preventDefault();
      event.target.blur();
      (rowOf(event.target) || document.querySelector("#main h1")).focus({ preventScroll: true });
    }
    if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select")) return;
    const row = rowOf(document.activeElement);
    const isRadio = event.target.matches("input[type=radio]");
    let done = false;
    if (event.key === "ArrowDown" && !isRadio) done = step(1);
    else if (event.key === "ArrowUp" && !isRadio) done = step(-1);
    else if (row && ["1", "2", "i"].includes(event.key)) done = take(row, event.key);
    if (done) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-jumps]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const field = event.target.querySelector("input");
    const asked = field.value.trim().toLowerCase();
    const rows = shown();
    const found = rows.find((row) => row.dataset.field.toLowerCase().startsWith(asked));
    field.value = "";
    go(found || rows[0]);
  }, true);

  const repaint = (event) => {
    const row = rowOf(event.target);
    if (row && event.target.closest(".take")) paint(row);
  };
  document.addEventListener("change", repaint);
  document.addEventListener("input", repaint);
}
