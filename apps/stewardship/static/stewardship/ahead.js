// The next case is fetched while this one is read, and shown with the press that judges this one. What the server then
// answers takes its place: the same case with what was decided, another one, or the reason why nothing was.
"use strict";

{
  let ahead = null;
  let typed = null;
  const main = () => document.getElementById("main");

  const idle = () => new Promise((done) => {
    if (window.requestIdleCallback) requestIdleCallback(done, { timeout: 200 });
    else setTimeout(done);
  });

  const prepare = (page) => {
    for (const field of page.querySelectorAll("button, select")) field.disabled = true;
    return document.adoptNode(page);
  };

  const fetchAhead = async () => {
    const form = document.getElementById("judge");
    const from = form?.getAttribute("action");
    const next = form?.dataset.next;
    // One fetch for each case: a page settles in several parts, and what was begun while a verdict went off still holds.
    if (ahead?.from === from && ahead?.next === next) return;
    ahead = null;
    if (!next || !window.htmx) return;
    const wanted = { from, next, page: null };
    ahead = wanted;
    try {
      const answer = await fetch(next, { headers: { "HX-Request": "true", "X-Ahead": "1" } });
      const text = await answer.text();
      // Made ready while nothing else waits: not in the way of a press, and little is left to do at the next one.
      await idle();
      const page = new DOMParser().parseFromString(text, "text/html");
      if (answer.ok && page.getElementById("judge")) wanted.page = prepare(page.getElementById("main"));
    } catch {
      // Without it the next case comes with the server's answer, as it does without scripts.
    }
  };

  const show = (page) => {
    // Kept in the page, out of sight: the request under way goes by where its form is.
    const before = document.createElement("div");
    before.hidden = true;
    before.append(...main().childNodes);
    document.body.append(before);
    main().replaceChildren(...page.childNodes);
    main().setAttribute("aria-busy", "true");
    window.scrollTo({ top: 0, behavior: "instant" });
    main().querySelector("h1")?.focus({ preventScroll: true });
    return before;
  };

  document.addEventListener("htmx:beforeSend", (event) => {
    const { elt, xhr } = event.detail;
    if (elt.id !== "judge" || !ahead?.page || ahead.from !== elt.getAttribute("action")) return;
    const before = show(ahead.page);
    fetchAhead();
    xhr.addEventListener("error", () => {
      main().replaceChildren(...before.childNodes);
      main().removeAttribute("aria-busy");
      fetchAhead();
    });
    xhr.addEventListener("loadend", () => before.remove());
  });

  // What somebody began to type on the case shown ahead is theirs to keep.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const field = main().querySelector("#judge [name=reason]");
    const isAhead = event.detail.target === main() && main().hasAttribute("aria-busy") && field?.value;
    typed = isAhead ? { action: field.form.getAttribute("action"), text: field.value } : null;
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target && event.detail.target.id !== "main") return;
    const form = document.getElementById("judge");
    if (typed && form?.getAttribute("action") === typed.action) {
      form.elements.reason.value = typed.text;
      form.elements.reason.focus();
    }
    typed = null;
    fetchAhead();
  });

  document.addEventListener("DOMContentLoaded", fetchAhead);
}
