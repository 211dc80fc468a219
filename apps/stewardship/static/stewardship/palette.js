// The command palette: pages, actions of this page, and customers, by a few letters. Everything in it is on a page, too.
"use strict";

{
  const sheet = () => document.getElementById("palette");
  const field = () => document.getElementById("palette-words");
  const list = () => document.getElementById("palette-choices");
  let asked = 0;

  // Letters in order, not necessarily side by side; a lower number is closer, -1 is no match.
  const distance = (words, name) => {
    let at = -1, gaps = 0;
    for (const letter of words.toLowerCase().replaceAll(" ", "")) {
      const next = name.toLowerCase().indexOf(letter, at + 1);
      if (next < 0) return -1;
      gaps += next - at - 1;
      at = next;
    }
    return gaps;
  };

  const nameOf = (element) => {
    const copy = element.cloneNode(true);
    for (const part of copy.querySelectorAll("kbd, .count")) part.remove();
    return (element.getAttribute("aria-label") || copy.textContent).trim().replace(/\s+/g, " ");
  };

  const within = () => {
    const shown = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.getClientRects().length);
    return [
      ...shown("#rail [data-go]").map((one) => ({ one, name: nameOf(one), keys: `g ${one.dataset.go}` })),
      ...shown("#main [data-key]:not([disabled])").map((one) => ({ one, name: nameOf(one), keys: one.dataset.key })),
      ...shown("#main .tabs a").map((one) => ({ one, name: nameOf(one), keys: "" })),
      ...shown(".top a.person").map((one) => ({ one, name: "Your keys and preferences", keys: "" })),
    ];
  };

  const draw = ({ one, name, keys }, number) => {
    const row = document.createElement("div");
    row.className = "choice";
    row.id = `choice-${number}`;
    row.setAttribute("role", "option");
    row.setAttribute("aria-selected", "false");
    row.append(Object.assign(document.createElement("span"), { textContent: name }));
    if (keys) row.append(Object.assign(document.createElement("kbd"), { textContent: keys, className: "end" }));
    row.onclick = () => { sheet().close(); one.click(); };
    return row;
  };

  const choose = (row) => {
    for (const other of list().children) other.setAttribute("aria-selected", String(other === row));
    if (row) { field().setAttribute("aria-activedescendant", row.id); row.scrollIntoView({ block: "nearest" }); }
    else field().removeAttribute("aria-activedescendant");
    document.getElementById("palette-none").hidden = Boolean(row);
    field().setAttribute("aria-expanded", String(Boolean(row)));
  };

  const chosen = () => list().querySelector("[aria-selected=true]");

  const suggest = async (words, turn) => {
    await new Promise((done) => setTimeout(done, 120));
    if (turn !== asked) return;
    const address = `${field().dataset.suggests}?q=${encodeURIComponent(words)}`;
    const answer = await fetch(address, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (turn !== asked || !answer?.ok) return;
    list().append(...new DOMParser().parseFromString(await answer.text(), "text/html").body.children);
    if (!chosen()) choose(list().firstElementChild);
  };

  const refill = () => {
    const words = field().value.trim(), turn = ++asked;
    const rows = within().map((row) => ({ ...row, far: distance(words, row.name) })).filter((row) => row.far >= 0);
    list().replaceChildren(...rows.sort((a, b) => a.far - b.far).map(draw));
    choose(list().firstElementChild);
    if (words.length > 1) suggest(words, turn);
  };

  const step = (by) => {
    const rows = [...list().children];
    if (rows.length) choose(rows[(rows.indexOf(chosen()) + by + rows.length) % rows.length]);
  };

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    if (!sheet() || document.querySelector("dialog[open]:not(#palette)")) return;
    event.preventDefault();
    openSheet("palette");
  });

  document.addEventListener("DOMContentLoaded", () => {
    sheet()?.addEventListener("shown", () => { field().value = ""; refill(); field().focus(); });
    field()?.addEventListener("input", refill);
    field()?.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown") step(1);
      else if (event.key === "ArrowUp") step(-1);
      else if (event.key === "Enter") {
        const words = field().value.trim();
        sheet().close();
        if (chosen()) chosen().click();
        else location.assign(`/customers/?q=${encodeURIComponent(words)}`);
      } else return;
      event.preventDefault();
    });
  });
}
