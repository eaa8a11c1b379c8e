// What the pages do beyond HTML: due times count down, long forms keep the session, marked forms are checked while
// typing, a board is renewed, and a shortcut sends them. Without it everything works, a click later.
"use strict";

(() => {
  const words = document.body.dataset;

  // Due times count down.
  const span = (milliseconds) => {
    const minutes = Math.floor(Math.abs(milliseconds) / 60000);
    const days = Math.floor(minutes / 1440), hours = Math.floor((minutes % 1440) / 60), rest = minutes % 60;
    if (days) return `${days}${words.day} ${hours}${words.hour}`;
    return hours ? `${hours}${words.hour} ${rest}${words.minute}` : `${rest}${words.minute}`;
  };
  const count = () => {
    for (const time of document.querySelectorAll("time[data-due]")) {
      const left = new Date(time.dateTime) - Date.now();
      const said = (left < 0 ? words.over : words.still).replace("{span}", span(left));
      if (time.textContent !== said) time.textContent = said;
      time.classList.toggle("over", left < 0);
      time.classList.toggle("soon", left >= 0 && left < 86400000);
    }
  };
  if (words.still) {
    count();
    setInterval(count, 15000);
  }

  // A letter takes long to write: while somebody types, the session is not idle.
  let told = Date.now();
  document.addEventListener("input", () => {
    if (Date.now() - told < 240000) return;
    told = Date.now();
    fetch("/console/here", { credentials: "same-origin" }).catch(() => {});
  });

  // The message of what was done is said once: reloading does not repeat it.
  const here = new URL(location.href);
  if (here.searchParams.has("done")) {
    here.searchParams.delete("done");
    history.replaceState(null, "", here);
  }

  // A form that is checked while typing: what the server says goes into its place.
  for (const form of document.querySelectorAll("form[data-check]")) {
    const place = document.getElementById(form.dataset.into);
    let waiting = 0, turn = 0;
    const check = async () => {
      const mine = ++turn;
      try {
        const answer = await fetch(form.dataset.check, { method: "POST", body: new FormData(form), credentials: "same-origin" });
        if (!answer.ok || mine !== turn) return;
        const text = await answer.text();
        if (mine === turn && text !== place.dataset.shown) {
          place.innerHTML = text;
          place.dataset.shown = text;
          count();
        }
      } catch { /* the button does the same */ }
    };
    form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(check, 350); });
    for (const button of form.querySelectorAll("[data-without-script]")) button.hidden = true;
  }

  // Figures that are renewed as they change, as long as somebody is there; then a link reloads the page.
  for (const place of document.querySelectorAll("[data-live]")) {
    let touched = Date.now();
    for (const sign of ["pointermove", "keydown", "scroll"]) addEventListener(sign, () => { touched = Date.now(); }, { passive: true });
    const listen = () => {
      const source = new EventSource(place.dataset.live);
      source.addEventListener("figures", (event) => {
        if (place.contains(document.activeElement)) return;
        const isOpen = [...place.querySelectorAll("details")].map((each) => each.open);
        place.innerHTML = event.data;
        place.querySelectorAll("details").forEach((each, number) => { each.open = isOpen[number]; });
      });
      source.addEventListener("over", () => {
        source.close();
        if (Date.now() - touched < 900000) listen();
        else document.getElementById(place.dataset.over).hidden = false;
      });
      source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) document.getElementById(place.dataset.over).hidden = false; });
    };
    listen();
  }

  // Ctrl+Enter sends the form that somebody is in.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest && event.target.closest("form");
    const button = form && form.querySelector("button[data-main]");
    if (button) { event.preventDefault(); form.requestSubmit(button); }
  });
})();
