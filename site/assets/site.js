// The pages work without this script. With it, results follow the typing, and the keyboard walks them.
"use strict";

(() => {
  const PAUSE_MS = 140;
  // Who has not typed for so long has a search that counts.
  const SETTLED_MS = 2500;
  const input = document.getElementById("q");
  const results = document.getElementById("results");
  const form = document.getElementById("search");

  // The results are links, so walking them moves the real focus: every reader announces it by itself.
  // Those in a closed fold are passed over.
  const links = () =>
    Array.from(document.querySelectorAll("#results a.open")).filter((link) => link.getClientRects().length > 0);

  const walk = (step) => {
    const all = links();
    const next = all.indexOf(document.activeElement) + step;
    if (next < 0) {
      input.focus();
    } else if (all.length > 0) {
      all[Math.min(next, all.length - 1)].focus();
    }
  };

  // A box that was just closed keeps the focus until the next frame.
  const isTyping = (target) =>
    target instanceof HTMLElement &&
    target.getClientRects().length > 0 &&
    (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));

  const jumpToInput = (event) => {
    event.preventDefault();
    input.focus();
    input.select();
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || !results) return;
    if (event.key === "/" && !isTyping(event.target)) {
      jumpToInput(event);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const onResult = links().includes(document.activeElement);
      if (document.activeElement !== input && !onResult) return;
      event.preventDefault();
      walk(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape" && (event.target === input || links().includes(event.target))) {
      event.preventDefault();
      input.value = "";
      input.focus();
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });

  if (form && results) followTyping();
  offerCopying();
  document.querySelectorAll("pre code").forEach(colour);
  followReviewKeys();

  // Every key does what a link or button of the current question does.
  function followReviewKeys() {
    const cases = Array.from(document.querySelectorAll(".review .case"));
    if (cases.length === 0) return;
    let current = -1;

    const show = (at) => {
      cases[current]?.classList.remove("current");
      current = Math.max(0, Math.min(at, cases.length - 1));
      cases[current].classList.add("current");
      (cases[current].querySelector("h2 a") ?? cases[current].querySelector("[data-key]")).focus();
    };

    document.addEventListener("focusin", (event) => {
      const at = cases.indexOf(event.target.closest(".case"));
      if (at < 0 || at === current) return;
      cases[current]?.classList.remove("current");
      current = at;
      cases[at].classList.add("current");
    });

    document.addEventListener("keydown", (event) => {
      const modified = event.altKey || event.ctrlKey || event.metaKey;
      if (modified || event.isComposing || event.repeat || isTyping(event.target)) return;
      if (event.key === "j" || event.key === "k") {
        show(current < 0 ? 0 : current + (event.key === "j" ? 1 : -1));
      } else if (event.key === "u") {
        document.querySelector(".decisions [data-key='u']")?.click();
      } else if ("aers".includes(event.key) && event.key.length === 1) {
        const one = cases.length === 1 ? cases[0] : cases[current];
        one?.querySelector(`[data-key='${event.key}']`)?.click();
      }
    });
  }

  function followTyping() {
    const heard = document.getElementById("heard");
    let pause = 0;
    let settling = 0;
    let running = null;
    let shown = queryString();

    function queryString() {
      const query = new URLSearchParams();
      for (const [name, value] of new FormData(form)) {
        const text = String(value).trim();
        if (text) query.set(name, text);
      }
      return query.toString();
    }

    // Only tells the site that this search counts; what is shown stays.
    function settle(query) {
      window.clearTimeout(settling);
      if (!new URLSearchParams(query).has("q")) return;
      settling = window.setTimeout(() => fetch("/results?" + query + "&settled=1").catch(() => {}), SETTLED_MS);
    }

    async function search() {
      window.clearTimeout(pause);
      running?.abort();
      const query = queryString();
      if (query === shown) return;
      const mine = (running = new AbortController());
      try {
        const response = await fetch("/results?" + query, { signal: mine.signal });
        // A failure leaves the last results; sending the form shows what is wrong.
        if (!response.ok) return;
        const html = await response.text();
        if (running !== mine) return;
        results.innerHTML = html;
        shown = query;
        settle(query);
        heard.textContent = document.getElementById("summary")?.textContent ?? "";
        const asked = new URLSearchParams(query).has("q");
        form.closest(".ask").classList.toggle("asked", asked);
        history.replaceState(null, "", asked ? "/?" + query : "/");
      } catch (error) {
        if (error.name !== "AbortError") running = null;
      }
    }

    input.addEventListener("input", () => {
      window.clearTimeout(pause);
      pause = window.setTimeout(search, PAUSE_MS);
    });

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      search().then(() => {
        if (document.activeElement === input) links()[0]?.focus();
      });
    });

    // The browser may restore typed text after going back, without an input event.
    window.addEventListener("pageshow", () => search());
    if (document.activeElement === document.body && window.matchMedia("(hover: hover)").matches) input.focus();
  }

  // Colours what nearly every language writes alike: comments, texts, numbers and the commonest keywords. The
  // language of code from chat is seldom known.
  function colour(code) {
    const token = new RegExp(
      [
        /(?<comment>(?<=^|\s)(?:#(?!!)|\/\/|--\s).*$|\/\*[^]*?\*\/)/,
        /(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)/,
        /(?<number>(?<![\p{L}\p{N}_.-])\d[\d_]*(?:\.\d+)?(?![\p{L}\p{N}_.-]))/,
        /(?<keyword>(?<![\p{L}\p{N}_.$-])(?:async|await|break|case|catch|class|const|continue|def|do|elif|else|enum|export|false|finally|fn|for|from|func|function|if|impl|import|in|interface|let|match|mut|new|nil|null|None|pub|return|self|static|struct|switch|this|throw|true|try|type|undefined|use|var|while|with|yield|True|False)(?![\p{L}\p{N}_-]))/,
      ]
        .map((one) => one.source)
        .join("|"),
      "gmu",
    );
    const text = code.textContent;
    const parts = [];
    let from = 0;
    for (const found of text.matchAll(token)) {
      const [kind] = Object.entries(found.groups).find(([, part]) => part !== undefined);
      const part = document.createElement("span");
      part.className = "code-" + kind;
      part.textContent = found[0];
      parts.push(text.slice(from, found.index), part);
      from = found.index + found[0].length;
    }
    if (parts.length > 0) code.replaceChildren(...parts, text.slice(from));
  }

  function offerCopying() {
    const button = document.getElementById("copy");
    if (!button || !navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(new URL(button.dataset.link, location.href).href);
      const label = button.textContent;
      button.textContent = button.dataset.copied;
      window.setTimeout(() => (button.textContent = label), 2000);
    });
  }
})();
