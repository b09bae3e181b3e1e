// The keys. One listener takes every key, so that none does two things: what is open before the page asks first (a menu, the
// palette), then the second of two ("g" and a letter), then the page's own script, then lists, then what the page names by data-key.
(() => {
  // Who is not signed in has a form, and nothing to go to.
  if (!document.querySelector(".rail")) return;
  const ripen = (window.ripen ??= {});
  const handlers = [];
  // A page's own script: a function of the key's name, whether a field has it, and the event; true where it took the key.
  ripen.onKey = (handler) => handlers.push(handler);
  ripen.isTyping = (target) => target.closest?.('input:not([type="radio"], [type="checkbox"]), select, textarea, [contenteditable]') != null;

  const GOING = 1000;
  let goingAt = -Infinity;

  const shown = (element) => element.getClientRects().length > 0;
  const press = (element) => {
    if (element.matches("summary")) {
      element.parentElement.open = true;
      element.parentElement.querySelector("select, input, a, button")?.focus();
    } else {
      element.click();
    }
  };
  const named = (key) => [...document.querySelectorAll("main [data-key]:is(a, button, summary)")].find((one) => one.dataset.key === key && shown(one));
  const dial = () => {
    const form = document.querySelector("form[data-dial]");
    form?.requestSubmit();
    return form !== null;
  };
  ripen.dial = dial;

  // Lists: "j" and "k" go from row to row, by the link that opens it; Enter is then the link's own.
  const rows = () => [...document.querySelectorAll("main table[data-list] tbody tr")].filter((row) => row.querySelector("th a[href]"));
  const here = () => document.querySelector("main table[data-list] tr.at");
  const move = (by) => {
    const all = rows();
    if (all.length === 0) return false;
    const at = all.indexOf(here());
    const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1)];
    for (const row of all) row.classList.toggle("at", row === next);
    const link = next.querySelector("th a[href]");
    link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
    return true;
  };
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest?.("main table[data-list] tbody tr");
    if (!row) return;
    for (const one of rows()) one.classList.toggle("at", one === row);
  });
  const take = () => {
    const form = document.getElementById("take");
    const row = here();
    const lead = row?.dataset.lead;
    if (!form || !lead || "notTaken" in row.dataset) return false;
    form.elements.lead.value = lead;
    form.requestSubmit();
    return true;
  };
  const inList = (key) => {
    if (key === "j") return move(1);
    if (key === "k") return move(-1);
    if (key === "t") return take();
    if (key === "x") {
      const chips = document.querySelectorAll("main .filters .x");
      chips[chips.length - 1]?.click();
      return chips.length > 0;
    }
    return false;
  };

  const everywhere = (key) => {
    if (key === "/") {
      document.getElementById("find")?.focus();
      document.getElementById("find")?.select();
    } else if (key === "?") {
      location.assign("/keys");
    } else if (key === "g") {
      goingAt = performance.now();
    } else if (key === "c") {
      return dial();
    } else {
      const pressed = named(key);
      if (pressed) press(pressed);
      return pressed !== undefined;
    }
    return true;
  };

  // The second of two keys is that alone: where it leads nowhere, it does nothing else either.
  const goes = (key) => {
    const isSecond = performance.now() - goingAt < GOING;
    goingAt = -Infinity;
    if (!isSecond) return false;
    [...document.querySelectorAll(".rail [data-key]")].find((one) => one.dataset.key === key)?.click();
    return true;
  };

  const closesMenu = () => {
    const menu = document.querySelector("details.menu[open]");
    if (!menu) return false;
    menu.open = false;
    menu.querySelector("summary").focus();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    // With Alt a keyboard may write another sign: the key's place tells which it is.
    const key = event.altKey ? event.code.replace(/^(Digit|Numpad|Key)/, "").toLowerCase() : event.key;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && key.toLowerCase() === "k") {
      event.preventDefault();
      if (!event.repeat) palette();
      return;
    }
    if (event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const isIn = ripen.isTyping(event.target);
    if (key === "Escape" && closesMenu()) return event.preventDefault();
    if (key === "Escape" && isIn) {
      event.preventDefault();
      event.target.blur();
      return;
    }
    // A key that is held down does not save, dial or leave again and again.
    if (event.repeat && key !== "j" && key !== "k") return;
    const isPlain = !isIn && !event.altKey;
    const isTaken =
      (isPlain && goes(key)) ||
      handlers.some((handler) => handler(key, isIn, event)) ||
      (isPlain && (inList(key) || everywhere(key)));
    if (isTaken) event.preventDefault();
  });

  // The palette: pages, what this page can do, and leads by anything typed.
  const FOUND_AFTER = 120;
  const FOUND = 8;
  const words = (element) => {
    const copy = element.cloneNode(true);
    for (const part of copy.querySelectorAll("kbd, svg, .n, .vh")) part.remove();
    return copy.textContent.replace(/\s+/g, " ").trim();
  };
  const made = (name, attributes, ...inside) => {
    const element = document.createElement(name);
    for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
    element.append(...inside);
    return element;
  };
  const places = () => [...document.querySelectorAll(".rail [data-key]")].map((link) => ({ words: words(link), keys: ["g", link.dataset.key], run: () => link.click() }));
  const actions = () =>
    [...document.querySelectorAll("main [data-key]:is(a, button, summary)")].filter(shown).map((one) => ({ words: words(one), keys: [one.dataset.key], run: () => press(one) }));
  const menu = () =>
    [...document.querySelectorAll(".top .pop :is(a, button)")].map((one) => ({ words: words(one), keys: [], run: () => one.click() }));

  let dialog = null;
  function palette() {
    dialog ??= open();
    if (dialog.element.open) dialog.element.close();
    else dialog.show();
  }
  ripen.palette = palette;

  function open() {
    const input = made("input", { type: "search", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list", "aria-label": "Go to a page, or find a lead", placeholder: "Go to a page, or find a lead", autocomplete: "off", maxlength: "200" });
    const list = made("ul", { role: "listbox", id: "palette-list", "aria-label": "What it can be" });
    const element = made("dialog", { class: "palette", id: "palette", "aria-label": "Palette" }, input, list);
    document.body.append(element);
    let items = [];
    let found = [];
    let at = 0;
    let timer = 0;
    let asking = null;

    const lead = (one) => ({
      words: one.name ?? one.phone ?? one.email ?? "Not handed over yet",
      hint: [one.grade, one.client, one.stage].filter(Boolean).join(" · "),
      keys: [],
      run: () => location.assign(`/leads/${one.id}`),
    });
    const draw = () => {
      const typed = input.value.trim().toLowerCase();
      const fits = (one) => typed.split(/\s+/).every((part) => one.words.toLowerCase().includes(part));
      const search = { words: `Search all leads for “${input.value.trim()}”`, keys: ["/"], run: () => location.assign(`/leads?q=${encodeURIComponent(input.value.trim())}`) };
      items = [...[...places(), ...actions(), ...menu()].filter(fits), ...(typed ? [...found, search] : [])];
      at = Math.min(at, Math.max(items.length - 1, 0));
      list.replaceChildren(
        ...items.map((one, place) => {
          const row = made("li", { role: "option", id: `palette-${place}`, "aria-selected": String(place === at) }, made("span", { class: "cut", dir: "auto" }, one.words));
          if (one.hint) row.append(made("span", { class: "hint cut" }, one.hint));
          row.append(made("span", { class: "line" }, ...one.keys.map((key) => made("kbd", {}, key))));
          row.addEventListener("click", () => choose(place));
          return row;
        }),
      );
      if (items.length) input.setAttribute("aria-activedescendant", `palette-${at}`);
      else input.removeAttribute("aria-activedescendant");
      list.children[at]?.scrollIntoView({ block: "nearest" });
    };
    const choose = (place) => {
      const one = items[place];
      if (!one) return;
      element.close();
      one.run();
    };
    // The latest question wins; leads that cannot be asked for leave pages and actions.
    const find = async () => {
      asking?.abort();
      asking = new AbortController();
      const typed = input.value.trim();
      try {
        const answer = typed ? await fetch(`/api/v1/leads?${new URLSearchParams({ q: typed })}`, { credentials: "same-origin", signal: asking.signal }) : null;
        found = answer?.ok ? (await answer.json()).leads.slice(0, FOUND).map(lead) : [];
      } catch (error) {
        if (error.name === "AbortError") return;
        found = [];
      }
      draw();
    };
    input.addEventListener("input", () => {
      at = 0;
      draw();
      clearTimeout(timer);
      timer = setTimeout(find, FOUND_AFTER);
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by) at = (at + by + items.length) % Math.max(items.length, 1);
      else if (event.key === "Enter") choose(at);
      // A field of a search would be emptied first.
      else if (event.key === "Escape") element.close();
      else return;
      event.preventDefault();
      if (by) draw();
    });
    // Whoever presses beside it wants the page.
    element.addEventListener("click", (event) => {
      if (event.target === element) element.close();
    });
    const show = () => {
      input.value = "";
      found = [];
      at = 0;
      draw();
      element.showModal();
      input.focus();
    };
    return { element, show };
  }
})();
