// Tells the hub while somebody works on a case, and that somebody when another one took it over.
"use strict";

{
  const EVERY = 20_000;
  let isUsed = true;
  for (const sign of ["keydown", "pointerdown", "pointermove", "scroll"]) {
    document.addEventListener(sign, () => { isUsed = true; }, { passive: true });
  }

  const renew = async () => {
    const claim = document.querySelector("#claim[data-claim]");
    const token = document.querySelector("#main [name=csrfmiddlewaretoken]");
    // Who waits for an answer is told without a sign of life.
    const waits = claim?.dataset.state === "asked";
    if (!claim || !token || document.hidden || !(isUsed || waits)) return;
    isUsed = false;
    try {
      const answer = await fetch(claim.dataset.claim, {
        method: "POST", headers: { "X-CSRFToken": token.value }, body: new URLSearchParams({ back: claim.dataset.back || "" }),
      });
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("claim");
      if (!answer.ok || !found || found.dataset.state === claim.dataset.state || !claim.isConnected) return;
      claim.replaceWith(found);
      window.htmx?.process(found);
      const isMine = ["mine", "asks"].includes(found.dataset.state);
      for (const button of document.querySelectorAll("#main .judge button:not([data-inert])")) button.disabled = !isMine;
      const live = document.getElementById("live");
      if (live) live.textContent = found.querySelector("p")?.textContent || "";
    } catch {
      // The next sign of life may get through; the claim lapses by itself.
    }
  };

  setInterval(renew, EVERY);
  document.addEventListener("visibilitychange", renew);
}
