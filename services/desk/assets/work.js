// The work page while somebody types: what it would come to, the draft that is saved, the lease that is kept, the keys.
// The page works without it: everything here presses a button that is there, or posts the same form in the background.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  root.classList.add("scripted");
  const PREVIEW_AFTER = 120;
  const SAVE_AFTER = 600;
  const PREVIEW_AGAIN = 5_000;
  // More often than a page that was closed may take to come back: closing one of two windows gives nothing back.
  const RENEW_EVERY = 15_000;
  // A request on a line that died without a word would keep all later ones from being sent.
  const ANSWER_WITHIN = 10_000;
  // Older words of this browser that a newer draft of the server stands against: kept until somebody chooses.
  const OLDER = "ripen.older.";
  const KEPT = "ripen.draft.";
  // Which draft of which lead this tab saved last, for a page that was written before that was saved and is shown after it.
  const SAVED = "ripen.saved";

  const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? "";
  // Null where the session is over: then the answer is the form to sign in, or refuses the token.
  const post = async (path, fields, signal) => {
    const headers = { accept: "application/json", "x-csrf-token": csrf() };
    const answer = await fetch(path, { method: "POST", body: fields, headers, signal, credentials: "same-origin" });
    const isJson = (answer.headers.get("content-type") ?? "").includes("json");
    const body = isJson ? await answer.json() : null;
    return { status: answer.redirected || !isJson ? 401 : answer.status, body };
  };
  const store = {
    get: (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden: the server has the draft */ } },
    drop: (key) => { try { localStorage.removeItem(key); } catch { /* as above */ } },
    keys: () => { try { return Object.keys(localStorage); } catch { return []; } },
  };
  const lastSaved = {
    set: (saved) => { try { sessionStorage.setItem(SAVED, JSON.stringify(saved)); } catch { /* as above */ } },
    // Once: a page that is loaded again for it does not find it.
    take: () => {
      try {
        const saved = JSON.parse(sessionStorage.getItem(SAVED));
        sessionStorage.removeItem(SAVED);
        return saved;
      } catch { return null; }
    },
  };
  const typing = (target) => window.ripen.isTyping(target);
  const notice = (words, link, id = "told-here") => {
    let bar = byId(id);
    if (!bar) {
      bar = document.createElement("p");
      bar.id = id;
      bar.className = "notice bad";
      bar.setAttribute("role", "alert");
      byId("main").prepend(bar);
    }
    bar.replaceChildren(words, ...(link ? [" ", link] : []));
  };
  const anchor = (href, words) => {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = words;
    return link;
  };
  const button = (words, press) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn small";
    made.textContent = words;
    made.addEventListener("click", press);
    return made;
  };
  const signedOut = () => {
    // Said once: made anew while it is being clicked, the link would lead nowhere.
    if (byId("told-here")?.querySelector("a[href^='/login']")) return;
    notice("You are signed out. What you typed is kept in this browser and comes back:", anchor("/login?next=/work", "sign in again"));
  };

  // What was just saved: the decision comes a moment later, and the seconds to take it back run.
  const channel = (user, lead) => (typeof BroadcastChannel === "function" ? new BroadcastChannel(`ripen.work.${user}.${lead}`) : null);
  const tell = (user, lead) => {
    const tabs = channel(user, lead);
    tabs?.postMessage({ is: "saved" });
    tabs?.close();
  };
  const runToast = () => {
    const toast = byId("toast");
    if (!toast) return;
    const holder = document.querySelector("[data-user]");
    if (holder) {
      for (const kind of [KEPT, OLDER]) store.drop(`${kind}${holder.dataset.user}.${toast.dataset.lead}`);
      // Another tab that has it open still must not save the same call once more.
      tell(holder.dataset.user, toast.dataset.lead);
    }
    const until = Number(toast.dataset.until);
    // What cannot be taken back is confirmed too.
    const stays = Math.max(until, Date.now() / 1000 + 8);
    const tick = () => {
      if (!toast.isConnected) return;
      const left = Math.ceil(until - Date.now() / 1000);
      const shown = toast.querySelector("[data-left]");
      if (shown) shown.textContent = String(Math.max(left, 0));
      if (stays > Date.now() / 1000) setTimeout(tick, 250);
      else if (!toast.contains(document.activeElement)) toast.remove();
      else setTimeout(tick, 250);
    };
    tick();
    if ("pending" in toast.dataset) decided(toast);
  };
  // The decision is shown as soon as it is made: asked for in steps that grow, since news may be lost, and sooner when there is news
  // of leads. Soon after it was saved the steps are short: most are decided by then. News shortens a step to a quarter, and not below
  // LEAST: while the qualifier is behind there is news all the time, and each time it would be asked in vain.
  const STEPS = [50, 100, 150];
  const LEAST = 250;
  const ASKED_FOR = 20_000;
  const decided = (toast) => {
    const until = performance.now() + ASKED_FOR;
    let pause = 0;
    let step = 0;
    let timer = 0;
    let askedAt = performance.now();
    let dueAt = 0;
    let isAsking = false;
    let hasNews = false;
    const end = () => {
      clearTimeout(timer);
      document.removeEventListener("ripen:news", heard);
    };
    const askAt = (at) => {
      clearTimeout(timer);
      dueAt = at;
      timer = setTimeout(ask, Math.max(0, at - performance.now()));
    };
    const later = () => {
      pause = STEPS[step] ?? pause * 2;
      step += 1;
      askAt(askedAt + pause);
    };
    const sooner = () => askAt(Math.min(dueAt, askedAt + Math.max(LEAST, pause / 4)));
    const ask = async () => {
      clearTimeout(timer);
      if (!toast.isConnected || performance.now() > until) return end();
      isAsking = true;
      hasNews = false;
      const query = new URLSearchParams({ saved: toast.dataset.saved, lead: toast.dataset.lead, until: toast.dataset.until });
      try {
        const answer = await fetch(`/work/saved?${query}`, { credentials: "same-origin" });
        if (!answer.ok || answer.redirected) return end();
        const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = parsed.getElementById("toast");
        if (!fresh) return end();
        if (!("pending" in fresh.dataset)) {
          end();
          if (toast.contains(document.activeElement)) return;
          toast.replaceWith(fresh);
          runToast();
          return;
        }
      } catch { /* the page is right without it */ }
      isAsking = false;
      askedAt = performance.now();
      later();
      // What was told meanwhile may not have been in the answer.
      if (hasNews) sooner();
    };
    const heard = (event) => {
      if (!event.detail.kinds.includes("leads")) return;
      if (isAsking) hasNews = true;
      else sooner();
    };
    document.addEventListener("ripen:news", heard);
    later();
  };
  runToast();
  // Of a lead that ended meanwhile the note is kept with it: its draft here is over.
  const came = new URLSearchParams(location.search);
  if (came.get("told")?.startsWith("ended")) {
    const holder = document.querySelector("[data-user]");
    if (holder) for (const kind of [KEPT, OLDER]) store.drop(`${kind}${holder.dataset.user}.${came.get("lead")}`);
    // Loaded again, it would drop what is typed of that lead from now on.
    history.replaceState(null, "", location.pathname);
  }

  const takeBack = () => byId("toast")?.querySelector("button")?.click();

  const form = byId("work");
  if (!form) {
    idle();
    return;
  }

  const user = form.dataset.user;
  const lead = form.elements.lead.value;
  const key = `${KEPT}${user}.${lead}`;
  const olderKey = `${OLDER}${user}.${lead}`;
  const fields = () => new URLSearchParams(new FormData(form));
  let version = Number(form.elements.version.value);
  let isLeaving = false;
  let isDirty = false;
  let isSaving = false;
  let saveTimer = 0;
  let previewTimer = 0;
  let asking = null;

  // The draft: in this browser at once, at the server a moment later; dropped here when the server has it.
  const typed = () => {
    const kept = {};
    const ofPage = ["csrf", "lead", "lease", "touch", "version", "why", "dock", "slot", "shown", "cb_shown"];
    for (const [name, value] of fields()) if (!ofPage.includes(name)) kept[name] = value;
    return kept;
  };
  const asShown = JSON.stringify(typed());
  const keepHere = () => {
    // With the touch: what was committed under it meanwhile is no draft any more, and the server says so.
    const touch = form.elements.touch.value;
    store.set(key, { at: Date.now(), version, touch, lead, name: document.querySelector("h1").textContent, typed: typed() });
  };
  const changed = () => {
    if (isLeaving) return;
    isDirty = true;
    keepHere();
    byId("saved").textContent = "Not saved yet";
    clearTimeout(saveTimer);
    saveTimer = setTimeout(save, SAVE_AFTER);
    clearTimeout(previewTimer);
    previewTimer = setTimeout(preview, PREVIEW_AFTER);
  };
  const save = async () => {
    if (isLeaving || !isDirty) return;
    if (isSaving) {
      saveTimer = setTimeout(save, SAVE_AFTER);
      return;
    }
    isSaving = true;
    isDirty = false;
    form.elements.version.value = String(version);
    try {
      const { status, body } = await post("/work/draft", fields(), AbortSignal.timeout(ANSWER_WITHIN));
      if (status === 401 || status === 403) {
        isDirty = true;
        signedOut();
      } else if (status !== 200) {
        throw new Error(body?.detail ?? `status ${status}`);
      } else if (body.is_newer) {
        isDirty = true;
        newer(body);
      } else {
        version = body.version;
        form.elements.version.value = String(version);
        lastSaved.set({ key, version });
        if (!isDirty) {
          store.drop(key);
          isSaved(body);
        }
        byId("told-here")?.remove();
      }
    } catch (error) {
      isDirty = true;
      byId("saved").textContent = "Kept in this browser, not saved yet";
      saveTimer = setTimeout(save, 5_000);
    } finally {
      isSaving = false;
    }
  };
  const isSaved = (body) => {
    form.elements.version.value = String(version);
    byId("saved").textContent = `Saved ${body.saved}`;
    byId("saved").title = body.whole;
  };
  const newer = (body) => {
    notice(`Another tab of yours saved a newer draft at ${body.saved}.`);
    const bar = byId("told-here");
    bar.append(" ", button("Show that one", () => {
      isLeaving = true;
      store.drop(key);
      location.assign(`/work?lead=${lead}`);
    }), " ", button("Keep this one", () => {
      version = body.version;
      bar.remove();
      save();
    }));
  };
  // What this browser kept and the server may not have: the server judges, by the touch under which it would have been committed and
  // by the version it was typed behind. What was typed on another machine since is not written over.
  const restore = async () => {
    const saved = lastSaved.take();
    if (saved?.key === key && saved.version > version) {
      // Asked for while the draft was on its way: what it shows is older than what this tab saved.
      isLeaving = true;
      return location.reload();
    }
    offerOlder();
    const kept = store.get(key);
    if (!kept) return;
    const left = new URLSearchParams({ ...kept.typed, csrf: csrf(), lead, version: String(kept.version) });
    if (kept.touch) left.set("touch", kept.touch);
    try {
      const { status, body } = await post("/work/draft", left);
      if (status === 409) return store.drop(key);
      if (status === 200 && body.is_newer) {
        // While that was asked somebody may have typed: those words are the page's own by now.
        store.set(olderKey, { ...kept, over: body.saved });
        if (!isDirty) store.drop(key);
        return offerOlder();
      }
      if (status === 200) {
        version = body.version;
        if (isDirty) return;
        // The server has these words by now. Saved once more, they would stand against what is typed in another tab.
        fill(kept.typed);
        store.drop(key);
        isSaved(body);
        return preview();
      }
    } catch {
      // The server is away. What the page shows already is newer where it says a later version.
      if (kept.version < version) {
        store.set(olderKey, { ...kept, over: "another time" });
        store.drop(key);
        return offerOlder();
      }
    }
    if (isDirty) return;
    fill(kept.typed);
    changed();
  };
  const fill = (words) => {
    for (const control of form.elements) {
      if (!control.name || control.name === "shown" || control.type === "hidden" || control.type === "submit" || control.id === "dock") continue;
      const value = words[control.name];
      if (control.type === "radio") control.checked = value === control.value;
      else if (control.type === "checkbox") control.checked = value !== undefined;
      else if (value !== undefined) control.value = value;
    }
  };
  const offerOlder = () => {
    const older = store.get(olderKey);
    if (!older || byId("older-here")) return;
    const bar = document.createElement("p");
    bar.id = "older-here";
    bar.className = "notice";
    bar.setAttribute("role", "status");
    const done = () => {
      store.drop(olderKey);
      bar.remove();
    };
    bar.append(`This browser has words of yours that are older than the draft saved at ${older.over}, which is shown.`, " ", button("Show the older ones", () => {
      done();
      fill(older.typed);
      changed();
    }), " ", button("Throw them away", done));
    byId("main").prepend(bar);
  };

  // What it would come to: the latest question wins.
  const preview = async () => {
    asking?.abort();
    asking = new AbortController();
    try {
      const { status, body } = await post("/work/preview", fields(), asking.signal);
      if (status === 401 || status === 403) signedOut();
      else if (status === 200) show(body);
    } catch (error) {
      if (error.name === "AbortError") return;
      byId("after").textContent = "The server does not answer: what saving will do is not known just now.";
      // Asked until it answers: "saved" beside "does not answer" says nothing anybody could act on.
      clearTimeout(previewTimer);
      previewTimer = setTimeout(preview, PREVIEW_AGAIN);
    }
  };
  // What says the same is left as it is: asked for again behind every news, it would be read out again and again.
  const put = (id, html) => {
    const place = byId(id);
    const made = document.createElement("template");
    made.innerHTML = html;
    if (place.innerHTML.trim() !== made.innerHTML.trim()) place.innerHTML = html;
  };
  const show = (body) => {
    // Made by templates of this server, which escape what they are given.
    put("grade", body.grade);
    put("after", body.after);
    put("save", body.save);
    put("said", body.said);
    for (const row of form.querySelectorAll("[data-question]")) {
      const id = row.dataset.question;
      row.classList.toggle("hot", id === body.hot);
      const wrong = body.wrong[id] ?? "";
      const trouble = byId(`e-${id}`);
      const field = byId(`a-${id}`);
      // While a field is being typed in it is not called wrong yet.
      const isTyped = field !== null && field === document.activeElement;
      if (wrong === "" || !isTyped) {
        trouble.textContent = wrong;
        trouble.hidden = wrong === "";
        row.querySelector(".q-in").classList.toggle("bad", wrong !== "");
        if (wrong === "") field?.removeAttribute("aria-invalid");
        else field?.setAttribute("aria-invalid", "true");
      }
      const worth = body.worth[id] ?? 0;
      const place = row.querySelector(".q-worth");
      place.replaceChildren();
      if (worth > 0) {
        const need = document.createElement("span");
        need.className = "need";
        need.textContent = `up to +${worth}`;
        place.append(need);
      }
    }
  };

  form.addEventListener("input", changed);
  form.addEventListener("change", (event) => {
    const name = event.target.name;
    if (name === "disposition") opens(event.target.value);
    // One way of saying the time at once: choosing clears what was typed, typing clears what was chosen.
    if (name === "cb_day" || name === "cb_time") {
      form.elements.cb_date.value = "";
      form.elements.cb_clock.value = "";
    } else if (name === "cb_date" || name === "cb_clock") {
      for (const radio of form.querySelectorAll('[name="cb_day"], [name="cb_time"]')) radio.checked = false;
    }
    changed();
  });
  form.addEventListener("focusout", (event) => {
    if (typing(event.target)) previewTimer = setTimeout(preview, PREVIEW_AFTER);
  });
  form.addEventListener("click", (event) => {
    const preset = event.target.closest("[data-preset]");
    if (preset) {
      event.preventDefault();
      pick(preset);
    }
  });
  form.addEventListener("submit", () => {
    isLeaving = true;
    clearTimeout(saveTimer);
    clearTimeout(previewTimer);
    asking?.abort();
    form.elements.version.value = String(version);
    // What this browser keeps stays until the next page says that it is saved: the answer may never come.
  });
  const pick = (preset) => {
    for (const radio of form.querySelectorAll('[name="cb_day"], [name="cb_time"]')) radio.checked = false;
    form.elements.cb_date.value = preset.dataset.date;
    form.elements.cb_clock.value = preset.dataset.time;
    choose("call_back");
  };
  const choose = (value) => {
    const radio = form.querySelector(`[name="disposition"][value="${value}"]`);
    if (!radio) return;
    radio.checked = true;
    byId("dock").checked = true;
    changed();
    opens(value);
  };
  // What a disposition asks for stands over the script: on a narrow window the dock must not lie on it.
  const opens = (value) => {
    const asked = form.querySelector(`.only-${CSS.escape(value)}`);
    if (!asked) return;
    byId("dock").checked = false;
    // From within the note too, which stays where it is: opened out of sight, there would be nothing to choose from.
    asked.scrollIntoView({ block: "nearest" });
  };
  const chosen = () => form.querySelector('[name="disposition"]:checked');
  const unchoose = () => {
    const radio = chosen();
    if (radio) radio.checked = false;
    changed();
  };
  byId("no-picker").addEventListener("click", unchoose);

  // The lease: kept while the page is open, seen or not: a window of the telephone may lie over it for the whole call. The server
  // says when nobody has touched the page for so long that the lead is somebody else's turn.
  let touchedAt = performance.now();
  let isIdle = false;
  const touched = () => {
    touchedAt = performance.now();
    if (isIdle) renew();
  };
  for (const kind of ["input", "keydown", "pointerdown", "pointermove", "scroll"]) addEventListener(kind, touched, { passive: true, capture: true });
  const renew = async () => {
    if (isLeaving) return;
    const asked = fields();
    asked.set("idle_s", String(Math.round((performance.now() - touchedAt) / 1000)));
    try {
      const { status, body } = await post("/work/renew", asked);
      if (status === 200) {
        const wasIdle = isIdle;
        isIdle = body.is_idle;
        if (isIdle && !wasIdle) notice("Nothing was done here for a long time: the lead is given back. Go on typing, and it is yours again if nobody took it.");
        else if (wasIdle && !isIdle) byId("told-here")?.remove();
        if (!isIdle) {
          over(body.over ?? "");
          numberIs(body.number, body.number_shown);
        }
      } else if (status === 409) {
        lost(body);
      } else if (status === 401 || status === 403) {
        signedOut();
      }
    } catch { /* tried again in a moment; the lease lasts longer than that */ }
  };
  // Where what was typed is, said only of what is there: the draft that another tab's disposition committed is gone, and what this tab
  // had not saved yet was in no draft.
  const whereKept = async (hasDraft) => {
    if (!isDirty && !isSaving) return hasDraft ? " Your draft is kept." : "";
    // Dropped by the tab that saved the lead.
    keepHere();
    for (let asked = 0; isSaving && asked < 100; asked += 1) await new Promise((then) => { setTimeout(then, 100); });
    clearTimeout(saveTimer);
    await save();
    return isDirty ? " What you typed is kept in this browser." : " What you typed is kept as your draft.";
  };
  // Another has it, or nobody: it was saved, or given back, in another tab.
  let isLost = false;
  const lost = async ({ held_by: holder, became, last, has_draft: hasDraft }) => {
    // Said once: asked again and again it would be read out again and again, and its button be another one.
    if (isLost || byId("lost")) return;
    isLost = true;
    const meanwhile = last ? ` ${last}` : "";
    const kept = await whereKept(hasDraft);
    if (holder) {
      notice(`${holder} has this lead by now.${meanwhile}${kept}`);
      return;
    }
    if (became) {
      const more = kept ? ` What you typed here did not go with it.${kept}` : "";
      notice(`This lead was saved elsewhere. ${became}${more}`, anchor(`/leads/${lead}`, "Look at it"));
      return;
    }
    notice(`This lead was saved or given back elsewhere, and nobody has it open.${meanwhile}${kept}`);
    byId("told-here").append(" ", button("Open it again", async () => {
      await save();
      const open = document.createElement("form");
      Object.assign(open, { method: "post", action: "/work/take", hidden: true });
      for (const [name, value] of [["csrf", csrf()], ["lead", lead]]) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name, value });
        open.append(field);
      }
      document.body.append(open);
      isLeaving = true;
      open.submit();
    }));
  };
  // It was closed or stopped while it lies open here: nobody calls any more, and what is typed goes with the lead.
  const over = (why) => {
    if (why === form.dataset.over) return;
    form.dataset.over = why;
    if (why === "") return byId("over-here")?.remove();
    notice(`Stop here: ${why}. Nothing else is saved of this lead.`, null, "over-here");
    byId("over-here").append(" ", button("Keep the note, next", () => {
      const radio = chosen();
      if (radio) radio.checked = false;
      form.requestSubmit(byId("save"));
    }));
    preview();
  };
  // Somebody has written another number down while it lies open here. The one that stands here may be the one that was called: it stays
  // until whoever sits here has the other one shown, and is the one that a wrong number is said of.
  const numberIs = (number, shown) => {
    if (typeof number !== "string") return;
    const bar = byId("number-here");
    if (number === form.dataset.number) return bar?.remove();
    if (bar?.dataset.number === number) return;
    notice(number === "" ? "The number was taken away meanwhile." : `The number was changed meanwhile: it is ${shown} now.`, null, "number-here");
    byId("number-here").dataset.number = number;
    byId("number-here").append(" ", button("Show it", async () => {
      await save();
      isLeaving = true;
      location.assign(`/work?lead=${lead}`);
    }));
  };
  setInterval(renew, RENEW_EVERY);
  // What somebody did with a lead is heard at once; of a busy desk not more often than this.
  const ASK_AGAIN = 2_000;
  let renewSoon = 0;
  document.addEventListener("ripen:news", (event) => {
    // Of whatever kind: where an A would go depends on the client's reps and their deliveries too.
    foreseeSoon();
    if (!event.detail.kinds.some((kind) => kind === "work" || kind === "leads")) return;
    renewSoon ||= setTimeout(() => {
      renewSoon = 0;
      renew();
    }, ASK_AGAIN);
  });
  // What saving will do depends on what others do with the lead and its client. Less often than the lease is asked for: it costs more.
  // Nobody sees it on a page that is hidden; shown again, that asks at once.
  const FORESEE_AGAIN = 5_000;
  let foreseenAt = -FORESEE_AGAIN;
  let foresee = 0;
  const isRead = (id) => byId(id) !== document.activeElement && byId(id).contains(document.activeElement);
  const foreseeSoon = () => {
    foresee ||= setTimeout(() => {
      foresee = 0;
      if (isLeaving || isLost || isIdle || document.visibilityState !== "visible") return;
      // Whoever has the keyboard in it reads it, and keeps their place.
      if (["grade", "after", "said"].some(isRead)) return foreseeSoon();
      foreseenAt = performance.now();
      preview();
    }, Math.max(ASK_AGAIN, foreseenAt + FORESEE_AGAIN - performance.now()));
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return save();
    renew();
    if (!isLeaving && !isLost) preview();
  });

  // Tabs of one browser that show this lead know of each other: one that closes does not give back what another has open.
  const self = `${Math.random()}`;
  const others = new Set();
  const tabs = channel(user, lead);
  const say = (is) => tabs?.postMessage({ is, page: self });
  tabs?.addEventListener("message", ({ data }) => {
    if (data.is === "saved") renew();
    else if (data.is === "gone") others.delete(data.page);
    else others.add(data.page);
    if (data.is === "opened") say("here");
  });
  say("opened");

  // Another page of the desk in this tab is no leaving: whoever looks something up comes back, and a call may be under way. The
  // lease ends by itself where they do not.
  let isWithin = false;
  const within = () => {
    isWithin = true;
    // Where the browser stays after all (a download, a page that cannot be reached), closing is leaving again.
    setTimeout(() => { isWithin = false; }, 3_000);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (link && link.origin === location.origin && link.target === "") within();
  });
  document.addEventListener("submit", () => {
    within();
    // What is committed is no draft, and the next one counts from the beginning.
    lastSaved.take();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    isLeaving = false;
    isWithin = false;
    others.clear();
    say("opened");
    renew();
  });
  addEventListener("pagehide", () => {
    say("gone");
    if (isLeaving) return;
    const left = fields();
    left.set("beacon", "1");
    if (isDirty) {
      left.set("version", String(version));
      navigator.sendBeacon("/work/draft", left);
    }
    if (isWithin || others.size > 0) return;
    navigator.sendBeacon("/work/leave", left);
  });

  // Escape leaves a field first: pressed once more by habit, it gave the lead away in the middle of a call. What was begun is given
  // back by its button alone.
  const isInHand = () => isDirty || isSaving || version > 0 || "dialled" in (byId("dial")?.dataset ?? {}) || JSON.stringify(typed()) !== asShown;
  const staysOpen = () => {
    notice("You are in the middle of this lead: it is not given back by Esc.");
    byId("told-here").append(" ", button("Give it back", () => byId("leave").click()));
  };

  const answerable = "input:not([type=hidden], :disabled), select, textarea";
  const firstOpen = () => form.querySelector(`.q.hot :is(${answerable})`) ?? form.querySelector(`.q :is(${answerable})`);
  const goTo = (field) => {
    if (!field) return false;
    if (field.id === "note") byId("dock").checked = true;
    field.focus();
    // Behind what is there already: a draft that was restored has the caret in front of it.
    if (field.id === "note") field.setSelectionRange(field.value.length, field.value.length);
    field.scrollIntoView({ block: "nearest" });
    return true;
  };

  // The keys: outside of a field as they are, inside of one with Alt. On a button or a choice both do.
  window.ripen.onKey((name, isIn, event) => {
    if (name === "Escape") {
      if (chosen()?.value === "call_back") unchoose();
      else if (isInHand()) staysOpen();
      else byId("leave").click();
      return true;
    }
    if (isIn && !event.altKey) return false;
    const disposition = form.querySelector(`[name="disposition"][data-key="${CSS.escape(name)}"]`);
    // "e" is this evening, and the note once a time is picked: typed out of habit it would move the call.
    const isPicked = name === "e" && (form.querySelector('[name="cb_date"]')?.value ?? "") !== "";
    const preset = chosen()?.value === "call_back" && !isPicked && form.querySelector(`[data-preset="${CSS.escape(name)}"]`);
    if (disposition) choose(disposition.value);
    else if (preset) pick(preset);
    else if (name === "n") form.requestSubmit(byId("save"));
    else if (name === "z") takeBack();
    else if (name === "c") return window.ripen.dial();
    else if (name === "e") return goTo(byId("note"));
    else if (name === "q") return goTo(firstOpen());
    else return false;
    return true;
  });

  restore();

  // Without a lead: "n" takes the next, "i" opens by number, "+" writes down who stands there; drafts of leads that are not
  // open any more still reach the server.
  function idle() {
    window.ripen.onKey((name, isIn, event) => {
      if (isIn || event.altKey) return false;
      if (name === "n") byId("next")?.requestSubmit();
      else if (name === "i") byId("phone")?.focus();
      else if (name === "z") takeBack();
      else return false;
      return true;
    });
    const place = byId("idle");
    if (!place) return;
    const own = `${KEPT}${place.dataset.user}.`;
    for (const name of store.keys().filter((one) => one.startsWith(own))) send(name, place.dataset.csrf);
    if ("opens" in place.dataset) opensByItself(place);
  }

  // Whoever asked for a lead when there was none gets it when there is one: while the page is seen and nothing is typed in it.
  // Asked in the background, so that a page that has nothing stays as it is.
  function opensByItself(place) {
    const PAUSE = 5_000;
    let askedAt = performance.now();
    let timer = 0;
    const isFree = () => document.visibilityState === "visible" && !byId("phone")?.value && !typing(document.activeElement ?? document.body) && !document.querySelector("dialog[open], details.menu[open]");
    const ask = async () => {
      timer = 0;
      if (!isFree()) return;
      askedAt = performance.now();
      try {
        const headers = { accept: "application/json", "content-type": "application/json", "x-csrf-token": csrf() };
        const answer = await fetch("/api/v1/work/next", { method: "POST", body: "{}", headers, credentials: "same-origin" });
        if (!answer.ok) return;
        // The same address again: what was just saved can still be taken back from there.
        if ((await answer.json()).opened) location.reload();
      } catch { /* asked again with the next news */ }
    };
    const soon = () => {
      timer ||= setTimeout(ask, Math.max(0, askedAt + PAUSE - performance.now()));
    };
    document.addEventListener("ripen:news", (event) => {
      if (event.detail.kinds.some((kind) => kind === "work" || kind === "leads")) soon();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") soon();
    });
    // The next call that is dated comes without news; a browser's timers reach 24 days.
    const ahead = Date.parse(place.dataset.nextAt) - Date.now();
    if (ahead > 0 && ahead < 86_400_000) setTimeout(soon, ahead + 500);
  }
  async function send(name, token) {
    const kept = store.get(name);
    if (!kept) return;
    const left = new URLSearchParams({ ...kept.typed, csrf: token, lead: kept.lead, version: String(kept.version) });
    if (kept.touch) left.set("touch", kept.touch);
    let isKeptHere = false;
    let became = "";
    try {
      const { status, body } = await post("/work/draft", left);
      // Saved meanwhile, though the answer was lost: there is nothing to be opened again.
      if (status === 409) return store.drop(name);
      if (status !== 200) return;
      // A newer draft stays: this one stays here, until the lead is open and somebody chooses.
      isKeptHere = body.is_newer;
      became = body.became ?? "";
      if (!isKeptHere) store.drop(name);
    } catch {
      return;
    }
    if (became) {
      const told = document.createElement("p");
      told.className = "notice";
      const where = isKeptHere ? "stays in this browser, beside a newer draft" : "is kept as your draft";
      told.append(`${kept.name}: ${became} What you typed ${where}. `, anchor(`/leads/${kept.lead}`, "Look at it"));
      byId("kept").append(told);
      return;
    }
    const open = document.createElement("form");
    open.method = "post";
    open.action = "/work/take";
    open.className = "notice";
    for (const [field, value] of [["csrf", token], ["lead", kept.lead]]) {
      const hidden = document.createElement("input");
      Object.assign(hidden, { type: "hidden", name: field, value });
      open.append(hidden);
    }
    const press = document.createElement("button");
    press.className = "btn small";
    press.textContent = "Open it again";
    const where = isKeptHere ? "stays in this browser, beside a newer draft" : "is kept as your draft";
    open.append(`What you typed about ${kept.name} ${where}. `, press);
    byId("kept").append(open);
  }
})();
