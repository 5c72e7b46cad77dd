// The page's behaviour: sign in, import leads and watch the progress, make a conversation and play it.

const byId = (id) => document.getElementById(id);
const setting = (name) => document.querySelector(`meta[name=${name}]`).content;
const AUTH = `${setting("auth-url")}/api/auth`;
const CONVERSATION = `${setting("conversation-url")}/api/conversation`;
const LEADS = "/leads/import-export";
// Milliseconds between two questions for the progress of an import.
const PROGRESS_PAUSE = 400;

// Kept in memory only; the refresh token is a cookie that no script can read.
let accessToken = "";

class Refused extends Error {
  constructor(status, body) {
    super(body.error || `The server answered ${status}.`);
    this.status = status;
    this.body = body;
  }
}

async function answerOf(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Refused(0, { error: "The server cannot be reached. Try again." });
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

const json = (body) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

function auth(path, body) {
  return answerOf(fetch(`${AUTH}/${path}`, { ...json(body), credentials: "include" }));
}

// A call in the name of whoever is signed in; an access token that has ended is renewed once.
async function call(url, options = {}, again = true) {
  const headers = { ...options.headers, Authorization: `Bearer ${accessToken}` };
  try {
    return await answerOf(fetch(url, { ...options, headers }));
  } catch (error) {
    if (error.status !== 401 || !again) throw error;
    accessToken = (await auth("refresh", {})).accessToken;
    return call(url, options, false);
  }
}

function say(text) {
  byId("alert").textContent = text;
}

// Runs what a button asks for: nothing twice at a time, and what goes wrong is said.
async function busy(form, action) {
  const buttons = [...form.querySelectorAll("button")];
  buttons.forEach((button) => { button.disabled = true; });
  say("");
  try {
    await action();
  } catch (error) {
    say(error.message);
    if (error.status === 401 && accessToken) show(null);
  } finally {
    buttons.forEach((button) => { button.disabled = false; });
  }
}

function show(session) {
  accessToken = session ? session.accessToken : "";
  byId("sign-in").hidden = Boolean(session);
  byId("work").hidden = !session;
  byId("account").hidden = !session;
  byId("who").textContent = session ? session.user.email : "";
  if (!session) {
    byId("import-result").hidden = true;
    byId("conversation-result").hidden = true;
  }
}

function signIn(path) {
  const form = byId("credentials");
  if (!form.reportValidity()) return;
  busy(form, async () => {
    const { email, password } = Object.fromEntries(new FormData(form));
    show(await auth(path, { email, password }));
    form.reset();
    byId("main").focus();
  });
}

async function signOut() {
  show(null);
  // By the cookie: the access token may have ended.
  await auth("logout", {});
}

function showErrors(errors) {
  const table = byId("row-errors");
  const rows = errors.map((error) => {
    const row = document.createElement("tr");
    row.append(...[error.row, error.column, error.message].map((text) => {
      const cell = document.createElement("td");
      cell.textContent = text;
      return cell;
    }));
    return row;
  });
  table.tBodies[0].replaceChildren(...rows);
  table.hidden = !errors.length;
}

function showImport(percent, text, errors = []) {
  byId("import-result").hidden = false;
  byId("progress").value = percent;
  byId("import-status").textContent = text;
  showErrors(errors);
}

const summary = (found) =>
  `${found.imported} imported, ${found.duplicates} already there, ${found.failed} left out, of ${found.total} rows.`;

async function importLeads(form) {
  showImport(0, "Uploading…");
  let found = await call(`${LEADS}/import`, { method: "POST", body: new FormData(form) });
  while (found.status === "processing") {
    showImport(found.progress, `${found.processed} of ${found.total} rows…`, found.errors);
    await new Promise((resolve) => { setTimeout(resolve, PROGRESS_PAUSE); });
    found = await call(`${LEADS}/import/${found.importId}/progress`);
  }
  showImport(found.progress, found.status === "completed" ? `Done: ${summary(found)}` : `Failed: ${found.reason}`, found.errors);
}

async function checkLeads(form) {
  const found = await call(`${LEADS}/validate`, { method: "POST", body: new FormData(form) });
  const text = `${found.validRows} of ${found.total} rows are good, ${found.duplicates} of them more than once. Nothing was imported.`;
  showImport(100, text, found.errors);
}

// A word's id: its UTF-8 bytes in hexadecimal, so that any word has one.
const idOf = (word) =>
  [...new TextEncoder().encode(word)].map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 128);

let wordId = "";

async function makeConversation() {
  const word = byId("word").value.trim();
  wordId = idOf(word);
  const found = await call(`${CONVERSATION}/text/generate`, json({ wordId, word }));
  const turns = found.turns.map((turn) => {
    const item = document.createElement("li");
    const speaker = document.createElement("b");
    speaker.textContent = turn.speaker;
    item.append(speaker, turn.text);
    return item;
  });
  const canned = found.generatorVersion.startsWith("fallback");
  byId("turns").replaceChildren(...turns);
  byId("fallback").hidden = !canned;
  byId("listen").hidden = canned;
  byId("player").hidden = true;
  byId("player").removeAttribute("src");
  byId("conversation-result").hidden = false;
}

async function listen() {
  const found = await call(`${CONVERSATION}/audio/generate`, json({ wordId }));
  if (!found.audioUrl) throw new Refused(200, { error: found.error || "There is no audio." });
  const player = byId("player");
  player.src = found.audioUrl;
  player.hidden = false;
  await player.play();
}

function onSubmit(id, action) {
  byId(id).addEventListener("submit", (event) => {
    event.preventDefault();
    action(event.currentTarget);
  });
}

onSubmit("credentials", () => signIn("login"));
byId("register").addEventListener("click", () => signIn("register"));
byId("sign-out").addEventListener("click", () => busy(byId("account"), signOut));
onSubmit("leads", (form) => busy(form, () => importLeads(form)));
byId("check").addEventListener("click", () => {
  const form = byId("leads");
  if (form.reportValidity()) busy(form, () => checkLeads(form));
});
onSubmit("conversation", (form) => busy(form, makeConversation));
byId("listen").addEventListener("click", () => busy(byId("conversation-result"), listen));

// Whoever was signed in before a reload still is.
auth("refresh", {}).then(show, () => show(null));
