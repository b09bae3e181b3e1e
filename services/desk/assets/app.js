// What makes the desk's pages quicker to use. Every page works without it: it only presses what is there to be pressed.
"use strict";

// A menu closes when something else is pressed.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// What is new: the page hears of it while it is looked at, and fetches again whatever says by data-live what it shows. A part
// names by data-from where it is fetched: parts of one address in one request. An answer that is a whole page is searched for the part
// of the same id. Where nothing of the page itself is fetched again, it does not say that it is live.
(() => {
  const mark = document.getElementById("live");
  if (!mark || !window.EventSource) return;
  const SILENT = 40000;
  const PAUSE = 2000;
  // A stream that ended is there again after two seconds, unless the server is away.
  const GONE = 5000;
  let source = null;
  let heardAt = 0;
  let again = 0;
  let gone = 0;
  const fetching = new Map();
  const parts = () => [...document.querySelectorAll("[data-live][data-from]")];
  const isKeptUp = document.querySelector("main [data-live][data-from]") !== null;

  const show = (isLive) => {
    mark.hidden = !isKeptUp;
    mark.classList.toggle("off", !isLive);
    const text = isLive ? "Live" : "Not live";
    if (mark.textContent !== text) mark.textContent = text;
    mark.title = isLive ? "Counts and lists on this page update by themselves" : "What is new shows when the page is loaded again";
  };

  // Whoever types in a part, dials from it, has a menu or a form of it open or has marked words of it, keeps it as it is for so long.
  const isInUse = (part) => {
    const at = document.activeElement;
    const marked = getSelection();
    return (
      (at && part.contains(at) && at.closest("input, select, textarea, [contenteditable]") !== null) ||
      part.querySelector("details.menu[open], details[open] form, dialog[open], [aria-busy=true], [data-said]:not(:empty)") !== null ||
      (marked !== null && !marked.isCollapsed && marked.containsNode(part, true))
    );
  };

  const put = (part, answer) => {
    const named = part.id ? answer.getElementById(part.id) : null;
    // A whole page without this part is of something else by now: another lead, or none.
    if (!named && answer.querySelector("main")) return;
    const found = named ?? answer.body;
    if (named) part.className = named.className;
    // What is as it was stays: replaced, it would be read out once more.
    if (found.innerHTML === part.innerHTML) return;
    const nodes = [...found.childNodes].map((node) => document.importNode(node, true));
    // What has the focus, or is the row chosen, is the same again where it leads to the same, or says the same.
    const says = (one) => one.getAttribute("href") ?? `${one.tagName} ${one.textContent}`;
    const same = (as) => as && [...part.querySelectorAll("a[href], button, summary")].find((one) => says(one) === as);
    const focused = part.contains(document.activeElement) ? says(document.activeElement) : null;
    const row = part.querySelector("tr.at th a[href]");
    const chosen = row && says(row);
    const opened = [...part.querySelectorAll("details")].map((one) => one.open);
    const scrolled = [...part.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
    part.replaceChildren(...nodes);
    const unfolds = [...part.querySelectorAll("details")];
    if (unfolds.length === opened.length) unfolds.forEach((one, place) => { one.open = opened[place]; });
    [...part.querySelectorAll(".scroll")].forEach((one, place) => { one.scrollLeft = scrolled[place] ?? 0; });
    same(chosen)?.closest("tr")?.classList.add("at");
    same(focused)?.focus({ preventScroll: true });
  };

  // Each address once in two seconds: a thousand leads a second come in batches, several a second.
  const refresh = (part) => {
    const { from } = part.dataset;
    const state = fetching.get(from) ?? { at: 0, timer: 0, waiting: new Set() };
    fetching.set(from, state);
    state.waiting.add(part);
    state.timer ||= setTimeout(() => ask(from, state), Math.max(0, state.at + PAUSE - Date.now()));
  };
  const ask = async (from, state) => {
    state.at = Date.now();
    const wanted = [...state.waiting].filter((part) => part.isConnected && !isInUse(part));
    for (const part of wanted) state.waiting.delete(part);
    try {
      if (wanted.length > 0) {
        const answer = await fetch(from, { redirect: "manual", headers: { accept: "text/html", "x-part": wanted.map((part) => part.id || "list").join(" ") } });
        const page = answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
        for (const part of page ? wanted : []) {
          if (isInUse(part)) state.waiting.add(part);
          else put(part, page);
        }
      }
    } catch {
      show(false);
    }
    state.timer = 0;
    // What was in use is looked at again once it is let go.
    for (const part of state.waiting) {
      if (part.isConnected) refresh(part);
      else state.waiting.delete(part);
    }
  };

  const told = (kinds) => {
    for (const part of parts()) {
      if (part.dataset.live.split(" ").some((kind) => kinds.includes(kind))) refresh(part);
    }
    document.dispatchEvent(new CustomEvent("ripen:news", { detail: { kinds } }));
  };

  const close = () => {
    source?.close();
    source = null;
    clearTimeout(again);
    clearTimeout(gone);
    gone = 0;
  };

  const heard = () => {
    heardAt = Date.now();
    clearTimeout(gone);
    gone = 0;
  };

  const open = () => {
    if (source || document.visibilityState !== "visible") return;
    source = new EventSource("/api/v1/events");
    heardAt = Date.now();
    source.addEventListener("beat", (event) => {
      heard();
      show(JSON.parse(event.data).live);
    });
    source.addEventListener("news", (event) => {
      heard();
      show(true);
      told(JSON.parse(event.data).kinds);
    });
    source.addEventListener("error", () => {
      // The stream ends every few minutes and is opened again by the browser itself; one that was refused is not.
      if (source?.readyState === EventSource.CLOSED) {
        show(false);
        close();
        again = setTimeout(open, 10000);
      } else {
        gone ||= setTimeout(() => show(false), GONE);
      }
    });
  };

  setInterval(() => {
    if (source && Date.now() - heardAt > SILENT) {
      show(false);
      close();
      open();
    }
  }, 5000);

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return close();
    open();
    parts().forEach(refresh);
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  // What the frame leaves out is fetched at once.
  parts().filter((part) => part.closest(".rail") && part.textContent.trim() === "").forEach(refresh);
  open();
})();

// The telephone: "c" and a click on what dials send one request with one id, however often they are repeated while it is under way.
(() => {
  const dialing = new Set();
  const field = (form, name) => form.elements.namedItem(name)?.value ?? "";
  const told = (form) => form.querySelector("[data-said]") ?? (form.id && document.querySelector(`[data-said="${form.id}"]`)) ?? null;
  const post = (form, path, body) =>
    fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", "x-csrf-token": field(form, "csrf") },
      body: JSON.stringify({ lead: field(form, "lead"), ...body }),
    });
  // A page never takes this one's place: the lead that is open here would be given back in mid-dial. Where the browser opens no
  // other window, a link that is pressed by hand does.
  const open = (address, note) => {
    if (!/^https?:/i.test(address)) return location.assign(address);
    if (window.open(address, "ripen-phone") || !note) return;
    const link = document.createElement("a");
    Object.assign(link, { href: address, target: "ripen-phone", textContent: "Open the telephone" });
    note.replaceChildren("The browser opened no window for the call. ", link);
  };
  const why = (said) => [said.detail ?? said.title, ...(said.errors ?? []).map((one) => `${one.pointer.slice(1)} ${one.message}.`)].join(" ");

  const dial = async (form) => {
    if (dialing.has(form)) return;
    dialing.add(form);
    form.setAttribute("aria-busy", "true");
    const note = told(form);
    const link = form.querySelector("a[data-dials]") ?? (form.id && document.querySelector(`a[data-dials="${form.id}"]`));
    try {
      const answer = await post(form, "/api/v1/work/dial", { call: field(form, "call") || null, number: field(form, "number") || null, anyway: "anyway" in form.dataset });
      const said = await answer.json();
      if (note) note.textContent = answer.ok ? "" : why(said);
      else if (!answer.ok) form.submit();
      if (answer.ok) form.dataset.dialled = "";
      if (answer.ok && said.open) open(said.open, note);
      // It is no hour to call there, or it was called often enough: the next press says that it is meant.
      if (said.errors?.some((one) => one.pointer === "/anyway")) form.dataset.anyway = "";
      else delete form.dataset.anyway;
      // The next click is another call; where nobody knows what became of this one, it is this one again.
      const call = form.elements.namedItem("call");
      if (answer.status < 500 && call) call.value = crypto.randomUUID?.() ?? "";
    } catch {
      // Nobody answered. A link dials all the same; else the next click, under the same id, is the same call.
      if (link) location.assign(link.href);
      if (note) note.textContent = link ? "The call could not be noted: nobody answered." : "Nobody answered: press again.";
      else if (!link) form.submit();
    } finally {
      dialing.delete(form);
      form.removeAttribute("aria-busy");
    }
  };

  const refuse = async (form, button) => {
    button.disabled = true;
    try {
      const answer = await post(form, "/api/v1/work/refuse", { what: button.value });
      if (!answer.ok) throw new Error(why(await answer.json()));
      button.textContent = `${button.textContent}: kept`;
    } catch (error) {
      button.disabled = false;
      button.title = error.message;
      button.textContent = `${button.textContent.replace(/: .*/, "")}: not kept, press again`;
    }
  };

  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-dial]")) {
      event.preventDefault();
      dial(event.target);
    } else if (event.target.matches("form[data-refuse]") && event.submitter) {
      event.preventDefault();
      refuse(event.target, event.submitter);
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-dials]");
    const form = link && (link.closest("form[data-dial]") ?? document.getElementById(link.dataset.dials));
    if (!form || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    dial(form);
  });
})();

// What is chosen asks the server for what depends on it, by a button that is there.
document.addEventListener("change", (event) => {
  const pressed = event.target.dataset?.presses;
  if (pressed) document.getElementById(pressed)?.click();
});
