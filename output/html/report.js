"use strict";
(() => {
  const all = () => document.querySelectorAll("details");
  const reveal = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    const at = id && document.getElementById(id);
    if (!at) return;
    for (let e = at; e; e = e.parentElement) if (e.localName === "details") e.open = true;
    at.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  document.addEventListener("click", e => {
    const link = e.target.closest("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) reveal();
    const button = e.target.closest("button[data-all]");
    if (button) for (const d of all()) d.open = button.dataset.all === "open";
  });
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...all()].filter(d => !d.open);
    for (const d of closed) d.open = true;
  });
  addEventListener("afterprint", () => {
    for (const d of closed) d.open = false;
  });
  for (const tools of document.querySelectorAll(".tools")) tools.hidden = false;
  reveal();
})();
