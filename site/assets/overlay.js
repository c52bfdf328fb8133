// Search over any page: questions while somebody types, by keyboard alone. Without this script, the box of each
// page leads to the search page.
"use strict";

(() => {
  const PAUSE_MS = 120;
  const MOST_SUGGESTIONS = 8;
  const MOST_RECENT = 5;
  // Searches are remembered in this browser only.
  const RECENT = "recent-searches";

  const overlay = document.getElementById("overlay");
  if (!overlay?.showModal) return;
  const form = overlay.querySelector("form");
  const input = overlay.querySelector("input");
  const list = overlay.querySelector("[role=listbox]");
  const forget = overlay.querySelector(".forget");
  const heard = overlay.querySelector("[role=status]");
  const labels = overlay.dataset;
  let pause = 0;
  let running = null;
  let shown = null;

  const options = () => Array.from(list.querySelectorAll("[role=option]"));
  const chosen = () => list.querySelector("[aria-selected=true]");
  const searchAddress = (words) => "/?q=" + encodeURIComponent(words);

  function open(words = "") {
    if (overlay.open) return;
    input.value = words;
    shown = null;
    overlay.showModal();
    input.focus();
    follow();
  }

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  // The title with the typed words marked.
  function marked(title, words) {
    const typed = words.split(/[^\p{L}\p{N}_]+/u).filter((word) => word.length > 1);
    if (typed.length === 0) return [title];
    const parts = title.split(new RegExp("(" + typed.join("|") + ")", "giu"));
    return parts.map((part, at) => (at % 2 === 1 ? element("mark", { textContent: part }) : part));
  }

  // What an answer from chat rests on. How many agree, its own page says.
  function badge(strength) {
    const label = { confirmed: labels.confirmed, trusted: labels.trusted, "one-person": labels.onePerson }[strength];
    return label ? [" ", element("span", { className: "badge " + strength, textContent: label })] : [];
  }

  function option(address, ...children) {
    const made = element("a", { href: address, role: "option", tabIndex: -1 }, ...children);
    made.setAttribute("aria-selected", "false");
    return made;
  }

  function group(heading, members) {
    const label = element("p", { className: "rubric", textContent: heading });
    label.setAttribute("aria-hidden", "true");
    const made = element("div", { role: "group" }, label, ...members);
    made.setAttribute("aria-label", heading);
    return made;
  }

  // Shows groups of options, of which the first is chosen if it answers what is typed.
  function show(groups, choosesFirst) {
    list.replaceChildren(...groups);
    options().forEach((one, at) => (one.id = "overlay-" + at));
    list.hidden = groups.length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    choose(choosesFirst ? options()[0] : null);
  }

  function choose(one) {
    chosen()?.setAttribute("aria-selected", "false");
    one?.setAttribute("aria-selected", "true");
    one?.scrollIntoView({ block: "nearest" });
    if (one) input.setAttribute("aria-activedescendant", one.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function walk(step) {
    const all = options();
    if (all.length === 0) return;
    const at = all.indexOf(chosen());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : (at + step + all.length) % all.length;
    choose(all[next]);
  }

  function recent() {
    try {
      const kept = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
      return Array.isArray(kept) ? kept.filter((words) => typeof words === "string").slice(0, MOST_RECENT) : [];
    } catch {
      return [];
    }
  }

  function remember(words) {
    if (!words) return;
    const kept = [words, ...recent().filter((other) => other !== words)].slice(0, MOST_RECENT);
    try {
      localStorage.setItem(RECENT, JSON.stringify(kept));
    } catch {
      // A browser that keeps nothing remembers nothing.
    }
  }

  function showRecent() {
    const searches = recent();
    const members = searches.map((words) => option(searchAddress(words), element("span", { dir: "auto", textContent: words })));
    show(members.length > 0 ? [group(labels.recent, members)] : [], false);
    forget.hidden = members.length === 0;
    heard.textContent = "";
  }

  function showSuggestions(words, suggestions) {
    const titles = (known) =>
      suggestions
        .filter((one) => (one.status === "known") === known)
        .map((one) => option(one.url, element("span", { dir: "auto" }, ...marked(one.title, words)), ...badge(one.strength)));
    const groups = [
      [labels.reviewed, titles(true)],
      [labels.chat, titles(false)],
      [labels.search, [option(searchAddress(words), element("span", {}, labels.all + " ", element("q", { dir: "auto", textContent: words })))]],
    ].filter(([, members]) => members.length > 0);
    show(groups.map(([heading, members]) => group(heading, members)), true);
    forget.hidden = true;
    heard.textContent = suggestions.length > 0 ? labels.answers + ": " + suggestions.length : labels.nothing;
  }

  async function follow() {
    window.clearTimeout(pause);
    const words = input.value.trim();
    if (words === shown) return;
    running?.abort();
    if (!words) {
      shown = words;
      showRecent();
      return;
    }
    const mine = (running = new AbortController());
    try {
      const query = new URLSearchParams({ q: words, limit: MOST_SUGGESTIONS });
      const response = await fetch("/api/v1/suggest?" + query, { signal: mine.signal });
      const suggestions = response.ok ? (await response.json()).suggestions : [];
      if (running !== mine) return;
      shown = words;
      showSuggestions(words, suggestions);
    } catch (error) {
      if (error.name !== "AbortError") showSuggestions(words, []);
    }
  }

  input.addEventListener("input", () => {
    window.clearTimeout(pause);
    pause = window.setTimeout(follow, PAUSE_MS);
  });

  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      walk(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      // What is chosen belongs to earlier words while the newest are still on their way.
      const target = input.value.trim() === shown ? chosen() : null;
      if (!target) return;
      event.preventDefault();
      target.click();
    }
  });

  list.addEventListener("click", () => remember(input.value.trim()));
  form.addEventListener("submit", () => remember(input.value.trim()));
  forget.addEventListener("click", () => {
    try {
      localStorage.removeItem(RECENT);
    } catch {
      // Nothing was kept.
    }
    showRecent();
    input.focus();
  });
  // A press beside the sheet closes it, as Esc does.
  overlay.addEventListener("click", (event) => event.target === overlay && overlay.close());
  overlay.querySelector(".close").addEventListener("click", () => overlay.close());

  // A box that was just closed keeps the focus until the next frame.
  const isTyping = (target) =>
    target instanceof HTMLElement &&
    target.getClientRects().length > 0 &&
    (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));
  const again = document.querySelector(".again input");
  // There, `/` leads to the box of the page itself.
  const isSearchPage = document.getElementById("results") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey) return;
    const isShortcut = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k";
    const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !isTyping(event.target);
    if (isShortcut || (isSlash && !isSearchPage)) {
      event.preventDefault();
      open();
    }
  });

  // The small box at the top of a page becomes the large one as soon as it is used.
  again?.addEventListener("click", () => open(again.value));
  again?.addEventListener("input", () => {
    const words = again.value;
    again.value = "";
    open(words);
  });
})();
