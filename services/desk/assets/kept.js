// What is typed in a form that says by data-keep what it is about stays in this browser until it is saved: a reload, a page that was
// left, a session that ended lose nothing. It is there again when the form is, said so, and can be thrown away. The work page keeps
// its drafts at the server.
(() => {
  const PREFIX = "ripen.form.";
  // An answer that never came is no answer: what was sent is kept until a page says that it is saved.
  const store = {
    get: (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    set: (key, value) => { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden: as without a script */ } },
    drop: (key) => { try { localStorage.removeItem(key); } catch { /* as above */ } },
  };
  const keyOf = (of) => `${PREFIX}${of.dataset.user}.${of.dataset.keep}`;

  // Under a key of their own, because saving the other fields of the form ends what was typed there, and not what nobody chose of yet.
  const OVERTAKEN = "ripen.overtaken.";
  const overtakenKeyOf = (of) => `${OVERTAKEN}${of.dataset.user}.${of.dataset.keep}`;

  // A page that follows on what was saved names the form that it was saved by.
  for (const saved of document.querySelectorAll("[data-kept-until]")) {
    store.drop(`${PREFIX}${saved.dataset.user}.${saved.dataset.keptUntil}`);
  }

  const controls = (form) => [...form.elements].filter((one) => one.name && !["hidden", "submit", "button"].includes(one.type));
  const isTicked = (one) => one.type === "radio" || one.type === "checkbox";
  const put = (one, word) => { if (isTicked(one)) one.checked = word; else one.value = word; };
  const stands = (one) => (isTicked(one) ? one.checked : one.value);
  // As the page came: a list's own first choice stands for nothing chosen.
  const came = (one) => {
    if (isTicked(one)) return one.defaultChecked;
    if (one.tagName !== "SELECT") return one.defaultValue;
    return ([...one.options].find((option) => option.defaultSelected) ?? one.options[0])?.value ?? "";
  };
  // A form that is filled with what is known says by `seen` what that was: only what was changed is kept, each with what stood there.
  const seen = (one) => {
    try { return JSON.parse(one.form.elements.namedItem("seen")?.value ?? "{}")[one.name]; } catch { return undefined; }
  };
  // With what stood there already: a form that came back with its mistakes holds what was typed before.
  const isSaid = (one) => {
    const known = seen(one);
    if (known !== undefined) return stands(one) !== known;
    return stands(one) !== came(one) || (isTicked(one) ? one.checked : one.value !== "");
  };
  const typed = (form) => controls(form).filter(isSaid).map((one) => [one.name, isTicked(one) ? one.value : "", stands(one), seen(one) ?? null]);

  // By form, words of fields that somebody else put right meanwhile: kept until somebody chooses.
  const overtaken = new Map();
  const stillOvertaken = (form) => overtaken.get(form) ?? [];

  const putAway = (key, words) => { if (words.length === 0) store.drop(key); else store.set(key, words); };
  const keep = (form) => {
    const said = typed(form);
    putAway(keyOf(form), said);
    // Who types into the field itself has chosen.
    putAway(overtakenKeyOf(form), stillOvertaken(form).filter(([name, value]) => !said.some((one) => one[0] === name && one[1] === value)));
  };
  const restore = (form) => {
    const [said, before] = [store.get(keyOf(form)), store.get(overtakenKeyOf(form))].map((words) => (Array.isArray(words) ? words : []));
    // What is typed into the field by now is what counts.
    const words = [...said, ...before.filter(([name, value]) => !said.some((one) => one[0] === name && one[1] === value))];
    if (words.length === 0) return;
    // The address names somebody (`/leads/new?phone=…`): what was typed about another one is not laid over that unasked.
    const asked = new URLSearchParams(location.search);
    const given = controls(form).filter((one) => !isTicked(one) && one.value !== "" && asked.get(one.name) === one.value);
    if (given.some((one) => (words.find(([name]) => name === one.name)?.[2] ?? "") !== one.value)) {
      offer(form, words);
      return;
    }
    fill(form, words);
    // Apart at once: it may be sent as it stands.
    if (stillOvertaken(form).length > 0) keep(form);
  };
  // A line above a form with what can be done about it: whichever is chosen, the line goes first.
  const say = (form, text, choices) => {
    const note = document.createElement("p");
    note.className = "hint";
    note.setAttribute("role", "status");
    note.append(text);
    for (const [words, press] of Object.entries(choices)) {
      const made = document.createElement("button");
      Object.assign(made, { type: "button", className: "btn small", textContent: words });
      made.addEventListener("click", () => {
        note.remove();
        press();
      });
      note.append(" ", made);
    }
    form.prepend(note);
  };
  const offer = (form, words) => say(form, "You began to write somebody else down here, and did not enter them.", {
    "Show it instead": () => {
      controls(form).forEach((one) => { if (isTicked(one)) one.checked = one.defaultChecked; else one.value = ""; });
      fill(form, words);
    },
    "Throw it away": () => { store.drop(keyOf(form)); store.drop(overtakenKeyOf(form)); },
  });
  // A field that holds something else by now is not typed over unseen, nor are the words for it lost unseen.
  const choose = (form, control, word) => {
    const [name, , was] = word;
    const decided = (press) => () => {
      overtaken.set(form, stillOvertaken(form).filter((one) => one !== word));
      press();
      keep(form);
      control.focus();
    };
    const typedWords = isTicked(control) ? (was ? "ticked it" : "took its tick away") : was === "" ? "emptied it" : `typed “${was}”`;
    const label = control.labels?.[0]?.firstChild?.textContent.trim() || name;
    overtaken.set(form, [...stillOvertaken(form), word]);
    say(form, `${label}: you ${typedWords} here, and somebody else changed it meanwhile.`, {
      "Put mine there": decided(() => put(control, was)),
      "Throw mine away": decided(() => {}),
    });
  };
  const fill = (form, words) => {
    const filled = [];
    for (const [name, value, was, known] of words) {
      const control = controls(form).find((one) => one.name === name && (!isTicked(one) || one.value === value));
      if (control && (known ?? undefined) !== seen(control)) {
        if (stands(control) !== was) choose(form, control, [name, value, was, known]);
        continue;
      }
      // What the server sent back with its mistakes is what was typed last.
      if (!control || (stands(control) !== came(control) && stands(control) !== "") || stands(control) === was) continue;
      put(control, was);
      filled.push(control);
    }
    if (filled.length === 0) return;
    say(form, "What you typed here before is back.", {
      "Throw it away": () => {
        for (const control of filled) put(control, isTicked(control) ? control.defaultChecked : came(control));
        store.drop(keyOf(form));
      },
    });
    const at = document.activeElement;
    if (at && form.contains(at) && at.setSelectionRange && at.type !== "email") at.setSelectionRange(at.value.length, at.value.length);
  };

  for (const form of document.querySelectorAll("form[data-keep]")) {
    restore(form);
    form.addEventListener("input", () => keep(form));
    form.addEventListener("change", () => keep(form));
  }
})();
