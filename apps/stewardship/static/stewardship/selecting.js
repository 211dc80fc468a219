// Rows of the queue to go through: how many are selected, and all of them by one tick. The form does without.
"use strict";

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-selects]");
  if (!form || !event.target.matches("[name=pick], [name=all]")) return;
  const rows = [...form.querySelectorAll("[name=pick]")];
  const all = form.querySelector("[name=all]");
  if (event.target === all) for (const row of rows) row.checked = all.checked;
  else if (!event.target.checked) all.checked = false;
  const told = form.querySelector("[data-selected]");
  const count = rows.filter((row) => row.checked).length;
  told.textContent = all.checked ? "all" : String(count);
  told.hidden = !count;
  const live = document.getElementById("live");
  if (live) live.textContent = all.checked ? all.parentElement.textContent.trim() : `${count} selected`;
});
