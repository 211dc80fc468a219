// Tells the hub while somebody works on a case, and that somebody when another one took it over.
"use strict";

{
  const EVERY = 60_000;
  let isUsed = true;
  for (const sign of ["keydown", "pointerdown", "pointermove", "scroll"]) {
    document.addEventListener(sign, () => { isUsed = true; }, { passive: true });
  }

  const renew = async () => {
    const claim = document.querySelector("#claim[data-claim]");
    const token = document.querySelector("#main [name=csrfmiddlewaretoken]");
    if (!claim || !token || !isUsed) return;
    isUsed = false;
    try {
      const answer = await fetch(claim.dataset.claim, { method: "POST", headers: { "X-CSRFToken": token.value } });
      const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("claim");
      if (!answer.ok || !found || found.dataset.claim || !claim.isConnected) return;
      claim.replaceWith(found);
      for (const button of document.querySelectorAll("#main .judge button")) button.disabled = true;
      const live = document.getElementById("live");
      if (live) live.textContent = found.querySelector("p").textContent;
    } catch {
      // The next sign of life may get through; the claim lapses by itself.
    }
  };

  setInterval(renew, EVERY);
  document.addEventListener("visibilitychange", renew);
}
