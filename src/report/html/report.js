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

  // Languages: each text stands on the page in the language that the page begins in; the other one's are in a list.
  const languages = JSON.parse($("page-languages").textContent);
  const ORDER = ["en", "ja"];
  const ATTRIBUTES = ["aria-label", "title", "placeholder"];
  let language = languages.here;
  const turned = [];
  const say = (name, filled) => {
    const text = languages.script[name][ORDER.indexOf(language)];
    return text.replace(/\{(\w+)\}/g, (gap, key) => (filled && key in filled ? filled[key] : gap));
  };
  const firstTexts = new Map();
  const turn = (wanted) => {
    language = wanted;
    const here = language === languages.here;
    document.documentElement.lang = language;
    document.querySelectorAll("[data-w]").forEach((holder) => {
      if (!firstTexts.has(holder)) firstTexts.set(holder, holder.textContent);
      holder.textContent = here ? firstTexts.get(holder) : languages.there[holder.dataset.w];
    });
    for (const name of ATTRIBUTES) {
      const place = `data-w-${name}`, first = `data-first-${name}`;
      document.querySelectorAll(`[${place}]`).forEach((holder) => {
        if (!holder.hasAttribute(first)) holder.setAttribute(first, holder.getAttribute(name));
        holder.setAttribute(name, here ? holder.getAttribute(first) : languages.there[holder.getAttribute(place)]);
      });
    }
    document.querySelectorAll("#languages button").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    });
    turned.forEach((then) => then());
  };
  document.querySelectorAll("#languages button").forEach((button) => button.addEventListener("click", () => {
    if (button.dataset.language !== language) turn(button.dataset.language);
  }));

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
    turned.push(() => {
      cardTexts = null;
      showFindings();
    });
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
    ["start", "w-start"], ["initiator", "w-end"], ["responder", "w-end"], ["name", "w-name"], ["outcome", "w-outcome"],
    ["app", "w-tiny"], ["state", "w-tiny"], ["sent", "w-small number"], ["received", "w-small number"],
  ];
  const TONE = {
    ok: "good", ok_after_retry: "good", blocked_confirmed: "bad", blocked_likely: "bad",
    failed_unattributed: "warn", unexpected: "warn", unnamed: "warn",
  };
  const start = () => {
    const data = JSON.parse($("flow-data").textContent);
    const { texts, japanese, columns } = data;
    const count = columns.id.length;
    const text = (place) => (language === "ja" && japanese[place]) || texts[place];
    // Words of both languages are found in both.
    const lower = texts.map((text, place) => (japanese[place] ? `${text}\n${japanese[place]}` : text).toLowerCase());
    const byId = new Map();
    columns.id.forEach((id, row) => byId.set(id, row));
    const findingFlows = new Map(data.findings.map((finding) => [finding.id, finding.flows]));
    const frame = $("flow-frame"), space = $("flow-space"), body = document.querySelector("#flow-rows tbody");
    const search = $("flow-search"), outcome = $("flow-outcome");
    const state = { rows: [], sort: "start", down: false, only: null, ranks: null, selected: -1, detail: null };

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
        default: return text(columns[column][row]);
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
        for (const [column, className] of SHOWN) {
          const shown = cell(row, column);
          const made = element("td", className, shown);
          if (shown.length > 24) made.title = shown;
          if (column === "outcome") made.classList.add(TONE[texts[columns.outcome[row]]] || "dim");
          line.append(made);
        }
        drawn.append(line);
      }
      body.replaceChildren(drawn);
      $("flow-rows").style.top = `${first * ROW}px`;
    };
    const number = (value) => value.toLocaleString("en");
    const tell = () => {
      const shown = number(state.rows.length);
      $("flow-count").textContent = state.rows.length === count ? shown : say("shown_of", { shown, all: number(count) });
      const notes = [];
      if (data.omitted) notes.push(say("left_out", { count: number(data.omitted) }));
      if (state.finding) notes.push(say("of_finding", { finding: state.finding }));
      $("flow-note").textContent = notes.join(" ");
      $("flow-note").hidden = notes.length === 0;
    };
    const refresh = () => {
      filter();
      sort();
      space.style.height = `${state.rows.length * ROW}px`;
      frame.scrollTop = 0;
      tell();
      draw();
    };

    const DETAIL = [
      ["flow", (row) => String(columns.id[row])],
      ["start", (row) => say("utc", { time: time(data.base + columns.start[row]) })],
      ["lasted", (row) => `${(columns.lasted[row] / 1e6).toFixed(6)} s`],
      ["initiator", (row) => end(row, "initiator")], ["responder", (row) => end(row, "responder")],
      ["carries", (row) => [texts[columns.transport[row]], texts[columns.app[row]]].filter(Boolean).join("/")],
      ["name", (row) => {
        const [name, source] = [texts[columns.name[row]], texts[columns.name_source[row]]];
        return name && source ? say("name_by", { name, source }) : name || source;
      }],
      ["state", (row) => `${texts[columns.state[row]]} ${texts[columns.history[row]]}`],
      ["sent", (row) => say("bytes", { bytes: columns.sent[row], packets: columns.packets_sent[row] })],
      ["received", (row) => say("bytes", { bytes: columns.received[row], packets: columns.packets_received[row] })],
      ["outcome", (row) => ["outcome", "stage", "confidence", "evidence"].map((name) => text(columns[name][row])).filter(Boolean).join(", ")],
      ["reason", (row) => text(columns.reason[row])], ["requirements", (row) => texts[columns.requirements[row]]],
      ["frames", (row) => say("from_to", { first: columns.first_frame[row], last: columns.last_frame[row] })],
    ];
    const detail = (row) => {
      state.detail = row;
      const list = element("dl");
      for (const [name, value] of DETAIL) {
        const shown = value(row);
        if (shown) list.append(element("dt", "", say(name)), element("dd", "", shown));
      }
      const about = data.findings.filter((finding) => finding.flows.includes(columns.id[row]));
      for (const finding of about) {
        // Of very many findings not all are written out.
        const shown = $(finding.id) !== null;
        const link = element(shown ? "a" : "span", "", finding.id);
        if (shown) link.href = `#${finding.id}`;
        const place = element("dd");
        place.append(link);
        list.append(element("dt", "", say("finding")), place);
      }
      $("flow-detail").replaceChildren(list);
      $("flow-detail").hidden = false;
    };

    const head = document.querySelector("#flow-head tr");
    const label = (button, column) => {
      const arrow = state.sort === column && state.chosen ? (state.down ? " ↓" : " ↑") : "";
      button.textContent = say(column) + arrow;
    };
    const heads = SHOWN.map(([column, className]) => {
      const place = element("th", className);
      const button = element("button");
      button.type = "button";
      label(button, column);
      button.addEventListener("click", () => {
        state.down = state.sort === column ? !state.down : column === "sent" || column === "received";
        [state.sort, state.chosen] = [column, true];
        for (const other of head.children) other.removeAttribute("aria-sort");
        place.setAttribute("aria-sort", state.down ? "descending" : "ascending");
        heads.forEach(([other, name]) => label(other, name));
        refresh();
      });
      place.append(button);
      head.append(place);
      return [button, column];
    });
    const options = [...new Set(columns.outcome)].sort((a, b) => (texts[a] < texts[b] ? -1 : 1)).map((place) => {
      const option = element("option");
      option.value = String(place);
      outcome.append(option);
      return [option, place];
    });
    const name = () => options.forEach(([option, place]) => { option.textContent = text(place).replaceAll("_", " "); });
    name();
    turned.push(() => {
      heads.forEach(([button, column]) => label(button, column));
      name();
      tell();
      draw();
      if (state.detail !== null) detail(state.detail);
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
