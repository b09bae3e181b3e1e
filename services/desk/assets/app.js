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
  // Between two requests of an address, in ms: at least this, and ten times what the last answer took, so that pages that lie open never
  // take more than a small share of a server that is slow. A part of an address of its own may say by data-every that it asks seldom.
  const PAUSE = 2000;
  const TIMES_TOOK = 10;
  // What was refused is asked for again after pauses that double up to this.
  const LONGEST = 60000;
  // A stream that ended is there again after two seconds, unless the server is away.
  const GONE = 5000;
  let source = null;
  let heardAt = 0;
  let again = 0;
  let gone = 0;
  let hears = false;
  const fetching = new Map();
  const fails = () => [...fetching.values()].some((state) => state.failures > 0);
  const parts = () => [...document.querySelectorAll("[data-live][data-from]")];
  const isKeptUp = document.querySelector("main [data-live][data-from]") !== null;

  // A page that hears of what is new and cannot fetch it is not live either.
  const show = (isHearing) => {
    hears = isHearing;
    const isLive = hears && !fails();
    mark.hidden = !isKeptUp;
    mark.classList.toggle("off", !isLive);
    const text = isLive ? "Live" : "Not live";
    if (mark.textContent !== text) mark.textContent = text;
    const otherwise = hears ? "What is new could not be fetched: it is tried again" : "What is new shows when the page is loaded again";
    mark.title = isLive ? "Counts and lists on this page update by themselves" : otherwise;
  };

  // From the press to the click, which on a touched screen follows the release a moment later: of what is replaced between them the
  // browser fires no click.
  const CLICK_FOLLOWS = 100;
  let pressed = null;
  addEventListener("pointerdown", (event) => { if (event.button === 0) pressed = event.target; }, { capture: true, passive: true });
  for (const kind of ["pointerup", "pointercancel"]) {
    addEventListener(kind, () => {
      const released = pressed;
      setTimeout(() => { if (pressed === released) pressed = null; }, CLICK_FOLLOWS);
    }, { capture: true, passive: true });
  }

  // Whoever presses or types in a part, dials from it, has a menu or a form of it open or has marked words of it, keeps it as it is for so long.
  const isInUse = (part) => {
    const at = document.activeElement;
    const marked = getSelection();
    return (
      part.matches(":active") ||
      (pressed !== null && part.contains(pressed)) ||
      (at && part.contains(at) && at.closest("input, select, textarea, [contenteditable]") !== null) ||
      part.querySelector("details.menu[open], details[open] form, dialog[open], [aria-busy=true], [data-said]:not(:empty)") !== null ||
      (marked !== null && !marked.isCollapsed && marked.containsNode(part, true))
    );
  };

  // The id that a number's next call would have is another one in each answer, and says nothing.
  const markup = (part) => part.innerHTML.replaceAll(/ name="call" value="[^"]*"/g, "");

  const put = (part, answer) => {
    const named = part.id ? answer.getElementById(part.id) : null;
    // A whole page without this part is of something else by now: another lead, or none.
    if (!named && answer.querySelector("main")) return;
    const found = named ?? answer.body;
    if (named) part.className = named.className;
    // What is as it was stays: replaced, it would be read out once more.
    if (markup(found) === markup(part)) return;
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

  // Each address once in a while: a thousand leads a second come in batches, several a second.
  const refresh = (part) => {
    const { from } = part.dataset;
    const state = fetching.get(from) ?? { at: 0, pause: 0, failures: 0, timer: 0, waiting: new Set() };
    fetching.set(from, state);
    state.waiting.add(part);
    state.timer ||= setTimeout(() => ask(from, state), Math.max(0, state.at + state.pause - Date.now()));
  };
  const ask = async (from, state) => {
    state.at = Date.now();
    state.pause = Math.max(state.pause, PAUSE);
    const wanted = [...state.waiting].filter((part) => part.isConnected && !isInUse(part));
    for (const part of wanted) state.waiting.delete(part);
    if (wanted.length > 0) {
      const page = await fetched(from, wanted);
      const took = Date.now() - state.at;
      const failed = fails();
      const every = Math.max(0, ...wanted.map((part) => 1000 * Number(part.dataset.every ?? 0)));
      state.failures = page ? 0 : state.failures + 1;
      state.pause = Math.max(PAUSE, every, TIMES_TOOK * took, Math.min(LONGEST, PAUSE * 2 ** (state.failures - 1)));
      state.at = Date.now();
      for (const part of wanted) {
        // What was not fetched is owed still: no other news may come of it.
        if (!page || isInUse(part)) state.waiting.add(part);
        else put(part, page);
      }
      if (failed !== fails()) show(hears);
    }
    state.timer = 0;
    // What was in use is looked at again once it is let go.
    for (const part of state.waiting) {
      if (part.isConnected) refresh(part);
      else state.waiting.delete(part);
    }
  };
  // Null where there is no answer, or another one than a page: the server is away or refuses, or nobody is signed in any more.
  const fetched = async (from, wanted) => {
    try {
      const parts = wanted.map((part) => part.id || "list").join(" ");
      const answer = await fetch(from, { redirect: "manual", headers: { accept: "text/html", "x-part": parts } });
      return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
    } catch {
      return null;
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
      const answer = await post(form, "/api/v1/work/dial", { call: field(form, "call") || null, number: field(form, "number") || null, anyway: "anyway" in form.dataset, main: field(form, "main") === "true" });
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
    // Its part is not fetched again meanwhile, nor while it says that it was not kept: a fresh button would say nothing of that.
    form.setAttribute("aria-busy", "true");
    const note = told(form);
    const name = button.textContent.replace(/: .*/, "");
    try {
      const answer = await post(form, "/api/v1/work/refuse", { what: button.value });
      if (!answer.ok) throw new Error(why(await answer.json()));
      button.textContent = `${name}: kept`;
      if (note) note.textContent = "";
    } catch (error) {
      button.disabled = false;
      button.title = error.message;
      button.textContent = `${name}: not kept, press again`;
      if (note) note.textContent = `It was not kept: ${error.message}`;
    } finally {
      form.removeAttribute("aria-busy");
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
