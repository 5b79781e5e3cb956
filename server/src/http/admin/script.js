// Pulls the totals and the rooms every two seconds, and closes rooms. Addresses are relative: a proxy may mount the
// server at any path.
"use strict";

const PERIOD_MS = 2000;
const NAMES = {
  uptime_seconds: "Up, seconds",
  rooms: "Rooms",
  connections: "Connections",
  viewers: "Viewers",
  frames_made: "Frames made",
  frames_sent: "Frames sent",
  frames_skipped: "Frames skipped",
  bytes_sent: "Bytes sent",
  events_sent: "Events sent",
  episodes: "Episodes",
  requests_granted: "Requests granted",
  requests_refused: "Requests refused",
};
const byId = (id) => document.getElementById(id);
let token = new URLSearchParams(location.search).get("token") ?? "";
let before = null;

async function ask(path, options = {}) {
  const headers = token === "" ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch(path, { ...options, headers });
  const body = await response.json();
  if (!response.ok) throw Object.assign(new Error(body.error), { status: response.status });
  return body;
}

function show(totals) {
  const now = performance.now();
  const items = Object.entries(NAMES).map(([key, name]) => {
    const item = document.createElement("div");
    const [term, value] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    value.textContent = totals[key].toLocaleString();
    if (before !== null && /_(made|sent|skipped)$/.test(key)) {
      const rate = ((totals[key] - before.totals[key]) / (now - before.at)) * 1000;
      term.textContent += ` (${Math.round(rate).toLocaleString()}/s)`;
    }
    item.append(term, value);
    return item;
  });
  byId("totals").replaceChildren(...items);
  before = { totals, at: now };
}

function showRooms(rooms) {
  const rows = rooms.map((room) => {
    const row = document.createElement("tr");
    const rate = room.kind === "driven" ? "–" : room.fps;
    const state = room.paused ? "paused" : room.mode;
    const cells = [room.code, room.kind, room.model, room.rules, rate, room.viewers, room.seq, state];
    for (const [index, text] of cells.entries()) {
      const cell = row.insertCell();
      cell.textContent = String(text);
      if (index >= 4 && index <= 6) cell.className = "number";
    }
    const last = row.insertCell();
    if (room.code !== "main" && room.code !== "original") {
      const button = document.createElement("button");
      button.textContent = "Close";
      button.ariaLabel = `Close the room ${room.code}`;
      button.onclick = () => ask(`api/rooms/${room.code}`, { method: "DELETE" }).catch(fail);
      last.append(button);
    }
    return row;
  });
  byId("rooms").replaceChildren(...rows);
}

function fail(error) {
  byId("status").textContent = error.message;
  byId("sign-in").hidden = error.status !== 401 && error.status !== 403;
}

async function pull() {
  try {
    const [totals, { rooms }] = await Promise.all([ask("api/admin/totals"), ask("api/rooms")]);
    show(totals);
    showRooms(rooms);
    byId("sign-in").hidden = true;
    byId("status").textContent = `As of ${new Date().toLocaleTimeString()}`;
  } catch (error) {
    fail(error);
  }
  setTimeout(pull, PERIOD_MS);
}

byId("sign-in").onsubmit = (event) => {
  event.preventDefault();
  token = byId("token").value;
};
pull();
