// What a page of markup cannot do: look for findings, and show a window of very many flows.
// Text from the report only ever becomes text (textContent), never markup.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const words = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
  document.body.classList.add("scripted");

  // Findings: by kind and by words.
  const cards = [...document.querySelectorAll(".finding")];
  const chips = [...document.querySelectorAll(".chip")];
  const findingSearch = $("finding-search");
  let cardTexts = null;
  const showFindings = () => {
    const codes = new Set(chips.filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset.code));
    const wanted = words(findingSearch.value);
    if (wanted.length && !cardTexts) cardTexts = cards.map((card) => card.textContent.toLowerCase());
    let left = 0;
    cards.forEach((card, i) => {
      const shown = (!codes.size || codes.has(card.dataset.code)) && wanted.every((word) => cardTexts[i].includes(word));
      card.hidden = !shown;
      left += shown ? 1 : 0;
    });
    document.body.classList.toggle("empty", left === 0);
  };
  if (findingSearch) {
    findingSearch.addEventListener("input", showFindings);
    chips.forEach((chip) => chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      showFindings();
    }));
  }

  // A link to what is filtered out or folded away still leads there.
  const arrive = () => {
    const target = location.hash.length > 1 && $(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.classList.contains("finding") && target.hidden) {
      findingSearch.value = "";
      chips.forEach((chip) => chip.setAttribute("aria-pressed", "false"));
      showFindings();
    }
    const folded = target.closest("details");
    if (folded) folded.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", arrive);
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));

  // Flows: columns of numbers; texts are places in one list.
  const ROW = 26;
  const TEXTS = ["initiator", "responder", "transport", "app", "state", "name", "outcome", "stage", "evidence", "reason", "requirements"];
  const SHOWN = [
    ["start", "start", "w-start"], ["initiator", "initiator", "w-end"], ["responder", "responder", "w-end"],
    ["name", "name", "w-name"], ["outcome", "outcome", "w-outcome"], ["app", "app", "w-tiny"], ["state", "state", "w-tiny"],
    ["sent", "sent", "w-small number"], ["received", "received", "w-small number"],
  ];
  const TONE = {
    ok: "good", ok_after_retry: "good", blocked_confirmed: "bad", blocked_likely: "bad",
    failed_unattributed: "warn", unexpected: "warn", unnamed: "warn",
  };
  const start = () => {
    const data = JSON.parse($("flow-data").textContent);
    const { texts, columns } = data;
    const count = columns.id.length;
    const lower = texts.map((text) => text.toLowerCase());
    const byId = new Map();
    columns.id.forEach((id, row) => byId.set(id, row));
    const findingFlows = new Map(data.findings.map((finding) => [finding.id, finding.flows]));
    const frame = $("flow-frame"), space = $("flow-space"), body = document.querySelector("#flow-rows tbody");
    const search = $("flow-search"), outcome = $("flow-outcome");
    const state = { rows: [], sort: "start", down: false, only: null, ranks: null, selected: -1 };

    const time = (micros) => {
      const second = Math.floor(micros / 1e6);
      return new Date(second * 1000).toISOString().slice(0, 19).replace("T", " ") + "." + String(micros - second * 1e6).padStart(6, "0");
    };
    const end = (row, side) => {
      const ip = texts[columns[side][row]], port = columns[side + "_port"][row];
      return port === null ? ip : (ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`);
    };
    const cell = (row, column) => {
      switch (column) {
        case "start": return time(data.base + columns.start[row]).slice(0, -3);
        case "initiator": case "responder": return end(row, column);
        case "app": return texts[columns.app[row]] || texts[columns.transport[row]];
        case "sent": case "received": return String(columns[column][row]);
        default: return texts[columns[column][row]];
      }
    };

    const filter = () => {
      const only = state.only && new Set(state.only);
      const wantedOutcome = outcome.value === "" ? -1 : Number(outcome.value);
      const terms = words(search.value).map((word) => ({
        texts: Uint8Array.from(lower, (text) => (text.includes(word) ? 1 : 0)),
        port: /^\d+$/.test(word) ? Number(word) : -1,
      }));
      const rows = [];
      const textColumns = TEXTS.map((name) => columns[name]);
      const { id, initiator_port: from, responder_port: to } = columns;
      const outcomes = columns.outcome;
      for (let row = 0; row < count; row++) {
        if (only && !only.has(id[row])) continue;
        if (wantedOutcome >= 0 && outcomes[row] !== wantedOutcome) continue;
        if (terms.every((term) => {
          if (term.port >= 0 && (from[row] === term.port || to[row] === term.port)) return true;
          for (const column of textColumns) if (term.texts[column[row]]) return true;
          return false;
        })) rows.push(row);
      }
      state.rows = rows;
    };
    const sort = () => {
      const column = columns[state.sort];
      let key = (row) => column[row];
      if (TEXTS.includes(state.sort)) {
        if (!state.ranks) {
          state.ranks = new Uint32Array(texts.length);
          [...texts.keys()].sort((a, b) => (lower[a] < lower[b] ? -1 : lower[a] > lower[b] ? 1 : 0))
            .forEach((place, rank) => { state.ranks[place] = rank; });
        }
        key = (row) => state.ranks[column[row]];
      }
      const sign = state.down ? -1 : 1;
      state.rows.sort((a, b) => sign * (key(a) - key(b)) || a - b);
    };
    const draw = () => {
      const first = Math.max(0, Math.floor(frame.scrollTop / ROW) - 8);
      const last = Math.min(state.rows.length, first + Math.ceil(frame.clientHeight / ROW) + 16);
      const drawn = document.createDocumentFragment();
      for (let place = first; place < last; place++) {
        const row = state.rows[place];
        const line = element("tr");
        line.dataset.row = row;
        for (const [column, , className] of SHOWN) {
          const text = cell(row, column);
          const made = element("td", className, text);
          if (text.length > 24) made.title = text;
          if (column === "outcome") made.classList.add(TONE[text] || "dim");
          line.append(made);
        }
        drawn.append(line);
      }
      body.replaceChildren(drawn);
      $("flow-rows").style.top = `${first * ROW}px`;
    };
    const refresh = () => {
      filter();
      sort();
      space.style.height = `${state.rows.length * ROW}px`;
      frame.scrollTop = 0;
      const of = state.rows.length === count ? "" : ` of ${count.toLocaleString("en")}`;
      $("flow-count").textContent = state.rows.length.toLocaleString("en") + of;
      const notes = [];
      if (data.omitted) notes.push(`${data.omitted.toLocaleString("en")} flows are only in flows.csv.`);
      if (state.finding) notes.push(`Flows of ${state.finding}; Clear shows all.`);
      $("flow-note").textContent = notes.join(" ");
      $("flow-note").hidden = notes.length === 0;
      draw();
    };

    const DETAIL = [
      ["flow", (row) => String(columns.id[row])], ["start", (row) => `${time(data.base + columns.start[row])} UTC`],
      ["lasted", (row) => `${(columns.lasted[row] / 1e6).toFixed(6)} s`],
      ["initiator", (row) => end(row, "initiator")], ["responder", (row) => end(row, "responder")],
      ["carries", (row) => [texts[columns.transport[row]], texts[columns.app[row]]].filter(Boolean).join("/")],
      ["name", (row) => [texts[columns.name[row]], texts[columns.name_source[row]]].filter(Boolean).join(", by ")],
      ["state", (row) => `${texts[columns.state[row]]} ${texts[columns.history[row]]}`],
      ["sent", (row) => `${columns.sent[row]} bytes in ${columns.packets_sent[row]} packets`],
      ["received", (row) => `${columns.received[row]} bytes in ${columns.packets_received[row]} packets`],
      ["outcome", (row) => ["outcome", "stage", "confidence", "evidence"].map((name) => texts[columns[name][row]]).filter(Boolean).join(", ")],
      ["reason", (row) => texts[columns.reason[row]]], ["requirements", (row) => texts[columns.requirements[row]]],
      ["frames", (row) => `${columns.first_frame[row]} to ${columns.last_frame[row]}`],
    ];
    const detail = (row) => {
      const list = element("dl");
      for (const [label, value] of DETAIL) {
        const text = value(row);
        if (text) list.append(element("dt", "", label), element("dd", "", text));
      }
      const about = data.findings.filter((finding) => finding.flows.includes(columns.id[row]));
      for (const finding of about) {
        // Of very many findings not all are written out.
        const shown = $(finding.id) !== null;
        const link = element(shown ? "a" : "span", "", finding.id);
        if (shown) link.href = `#${finding.id}`;
        const place = element("dd");
        place.append(link);
        list.append(element("dt", "", "finding"), place);
      }
      $("flow-detail").replaceChildren(list);
      $("flow-detail").hidden = false;
    };

    const head = document.querySelector("#flow-head tr");
    for (const [column, label, className] of SHOWN) {
      const place = element("th", className);
      const button = element("button", "", label);
      button.type = "button";
      button.addEventListener("click", () => {
        state.down = state.sort === column ? !state.down : column === "sent" || column === "received";
        state.sort = column;
        for (const other of head.children) other.removeAttribute("aria-sort");
        place.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        for (const other of head.querySelectorAll("button")) other.textContent = other.textContent.replace(/ [↑↓]$/, "");
        button.textContent = `${label} ${state.down ? "↓" : "↑"}`;
        refresh();
      });
      place.append(button);
      head.append(place);
    }
    [...new Set(columns.outcome)].sort((a, b) => (texts[a] < texts[b] ? -1 : 1)).forEach((place) => {
      const option = element("option", "", texts[place].replaceAll("_", " "));
      option.value = String(place);
      outcome.append(option);
    });
    search.addEventListener("input", refresh);
    outcome.addEventListener("change", refresh);
    $("flow-clear").addEventListener("click", () => {
      search.value = "";
      outcome.value = "";
      state.only = state.finding = null;
      refresh();
    });
    let waiting = false;
    frame.addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; draw(); });
    });
    addEventListener("resize", draw);
    body.addEventListener("click", (event) => {
      const line = event.target.closest("tr");
      if (line) detail(Number(line.dataset.row));
    });
    document.querySelectorAll(".show-flows").forEach((button) => button.addEventListener("click", () => {
      state.finding = button.dataset.finding;
      state.only = findingFlows.get(state.finding) || [];
      refresh();
      $("flows").scrollIntoView();
    }));
    $("flow-tools").hidden = false;
    frame.hidden = false;
    refresh();
  };
  // The findings are painted before the flows are taken apart.
  requestAnimationFrame(() => setTimeout(() => {
    start();
    arrive();
  }, 0));
})();
