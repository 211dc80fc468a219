// A cluster's records by keys: cells by arrows, Space selects, a number sends to a group. The form does it without this.
"use strict";

{
  const table = () => document.querySelector("#main [data-cells]");
  const isWide = () => table().classList.contains("cluster-grid");
  const picks = () => [...document.querySelectorAll('#main input[name="pick"]')];
  const chosen = (record) => {
    const fields = [...document.querySelectorAll(`#main input[name="r${record}"]`)];
    return fields.find((field) => field.type !== "radio" || field.checked);
  };

  // The cells by row and column; those of one row are as many as there are records where records are columns.
  const rows = () => [...table().rows].map((row) => [...row.querySelectorAll("[data-cell]")]).filter((row) => row.length);

  const step = (down, right) => {
    const cells = rows();
    let y = cells.findIndex((row) => row.includes(document.activeElement));
    let x = y < 0 ? 0 : cells[y].indexOf(document.activeElement);
    y = Math.min(cells.length - 1, Math.max(0, Math.max(y, 0) + down));
    x = (x + right + cells[y].length) % cells[y].length;
    cells[y][x].focus({ preventScroll: true });
    cells[y][x].scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const select = () => {
    const cells = rows();
    const row = cells.find((found) => found.includes(document.activeElement));
    const at = row ? (isWide() ? row.indexOf(document.activeElement) : cells.indexOf(row)) : 0;
    const box = picks()[at];
    if (!box) return false;
    box.checked = !box.checked;
    tell(`${box.closest("label").textContent.trim()} ${box.checked ? "selected" : "not selected"}`);
    return true;
  };

  const tell = (words) => {
    const live = document.getElementById("live");
    if (live) live.textContent = words;
  };

  const used = () => new Set(picks().map((box) => Number(chosen(box.value)?.value)));

  const firstEmpty = () => {
    const elsewhere = document.querySelector('#groups [name="grouping"]').value.split("_").map((part) => Number(part.split(".")[1]));
    const taken = new Set([...used(), ...elsewhere]);
    let number = 2;
    while (taken.has(number)) number += 1;
    return number;
  };

  const put = (record, group) => {
    for (const field of document.querySelectorAll(`#main input[name="r${record}"]`)) {
      if (field.type === "radio") field.checked = field.value === String(group);
      else field.value = group;
    }
  };

  const recount = () => {
    const counts = picks().map((box) => chosen(box.value)?.value);
    const elsewhere = document.querySelector('#groups [name="grouping"]').value.split("_").map((part) => part.split(".")[1]);
    for (const button of document.querySelectorAll("#main [data-send]")) {
      const count = button.querySelector("[data-count]");
      if (count) count.textContent = [...counts, ...elsewhere].filter((group) => group === button.dataset.send).length;
    }
  };

  const knows = (group) => {
    const [first] = picks();
    const field = first && document.querySelector(`#main input[name="r${first.value}"]`);
    return !field || field.type !== "radio" || Boolean(document.querySelector(`#main input[name="r${first.value}"][value="${group}"]`));
  };

  // Captured, so that the form isn't sent for what can be done here.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-send]");
    if (!button || !table()) return;
    const selected = picks().filter((box) => box.checked);
    const group = button.dataset.send === "new" ? firstEmpty() : Number(button.dataset.send);
    // A group that the page doesn't offer yet comes from the server.
    if (selected.length && !knows(group)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!selected.length) {
      tell("Select records first, by Space.");
      return;
    }
    for (const box of selected) {
      put(box.value, group);
      box.checked = false;
    }
    const name = document.querySelector(`#main [data-send="${group}"]`)?.childNodes;
    tell(`${selected.length} sent to ${name ? [...name].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim()).join(" ") : group}`);
    selected[0].dispatchEvent(new Event("change", { bubbles: true }));
  }, true);

  // What weighs on the groups comes with what they would come to; what is typed meanwhile stays.
  document.addEventListener("htmx:oobAfterSwap", (event) => {
    const field = document.querySelector("#groups [name=reason]");
    if (event.detail.target?.id !== "store" || !field) return;
    field.required = Boolean(document.getElementById("why-two"));
    field.placeholder = field.required ? "Reason (needed)" : "Reason (optional)";
  });

  document.addEventListener("change", (event) => {
    if (table() && event.target.closest("#groups")) recount();
  });

  document.addEventListener("keydown", (event) => {
    if (!table() || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (document.body.dataset.keys === "off" || event.target.closest("input, textarea, select, button, a, summary, .inspector")) return;
    const way = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (way) step(...way);
    // Elsewhere, and with nothing selected, `g` begins a way to another page.
    else if (event.key === "g" && picks().some((box) => box.checked)) document.querySelector('#main [data-send="new"]').click();
    else if (event.key !== " " || !select()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
}
