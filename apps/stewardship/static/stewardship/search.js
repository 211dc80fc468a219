// Suggestions under a search field. The field is a plain form: Enter without a choice searches.
"use strict";

{
  const WAIT = 120;
  const SHORTEST = 2;
  let asked = 0;

  const listOf = (field) => document.getElementById(field.getAttribute("aria-controls"));
  const options = (field) => [...listOf(field).querySelectorAll("[role=option]")];
  const chosen = (field) => listOf(field).querySelector("[aria-selected=true]");

  const close = (field) => {
    asked += 1;
    const list = listOf(field);
    if (!list) return;
    // Hidden, not emptied: htmx looks for what a page swaps from where the row stands.
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };

  const choose = (field, row) => {
    for (const other of options(field)) other.setAttribute("aria-selected", String(other === row));
    field.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  };

  const step = (field, by) => {
    const rows = options(field);
    if (!rows.length) return;
    const here = rows.indexOf(chosen(field));
    choose(field, rows[here < 0 ? (by > 0 ? 0 : rows.length - 1) : (here + by + rows.length) % rows.length]);
  };

  const suggest = async (field) => {
    const turn = ++asked, words = field.value.trim();
    if (words.length < SHORTEST) return close(field);
    await new Promise((done) => setTimeout(done, WAIT));
    if (turn !== asked) return;
    const address = `${field.dataset.suggests}?grouped=1&q=${encodeURIComponent(words)}`;
    const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (turn !== asked || !answer?.ok || document.activeElement !== field) return;
    const list = listOf(field);
    list.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.children);
    options(field).forEach((row, number) => { row.id = `${list.id}-${number}`; });
    list.hidden = !options(field).length;
    field.setAttribute("aria-expanded", String(!list.hidden));
    htmx.process(list);
  };

  const fieldOf = (event) => event.target.closest?.("input[data-suggests][aria-controls$='-list']");

  document.addEventListener("input", (event) => { if (fieldOf(event)) suggest(event.target); });
  document.addEventListener("focusout", (event) => {
    const field = fieldOf(event);
    // A click on a row comes after the focus has gone.
    if (field && !listOf(field)?.contains(event.relatedTarget)) setTimeout(() => close(field), 150);
  });
  document.addEventListener("submit", (event) => {
    for (const field of event.target.querySelectorAll("input[data-suggests]")) if (listOf(field)) close(field);
  }, true);
  document.addEventListener("keydown", (event) => {
    const field = fieldOf(event);
    if (!field || listOf(field).hidden) return;
    if (event.key === "ArrowDown") step(field, 1);
    else if (event.key === "ArrowUp") step(field, -1);
    else if (event.key === "Escape") close(field);
    else if (event.key === "Enter" && chosen(field)) { const row = chosen(field); row.click(); close(field); }
    else return;
    event.preventDefault();
  });
}
