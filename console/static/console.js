// What the pages gain with a script: live updates, a question before what cannot be taken lightly, keys. They work without it.

const live = document.getElementById('live');
const main = document.getElementById('main');

/** Puts every part of the page anew that has changed, and leaves alone what somebody is writing in or has opened. */
async function update() {
  const answer = await fetch(location.pathname + location.search, { headers: { 'x-cordon-live': '1' } });
  if (answer.status === 401) return over();
  if (!answer.ok) return tell('Not up to date: the console could not read it. It is tried again.', 'bad');
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  let changed = 0;
  let kept = 0;
  for (const part of document.querySelectorAll('[data-live]')) {
    const next = fresh.getElementById(part.id);
    if (!next) continue;
    if (same(part, next)) continue;
    if (isBusy(part)) kept += 1;
    else {
      replace(part, next);
      changed += 1;
    }
  }
  for (const next of fresh.querySelectorAll('main > [data-live]')) {
    if (document.getElementById(next.id)) continue;
    // A part that was not there: it goes where the new page has it.
    const before = next.previousElementSibling && document.getElementById(next.previousElementSibling.id);
    const there = document.importNode(next, true);
    if (before) before.after(there);
    else main.prepend(there);
    changed += 1;
  }
  for (const part of document.querySelectorAll('main > [data-live]')) {
    if (!fresh.getElementById(part.id) && !isBusy(part)) part.remove();
  }
  const clock = new Date().toISOString().slice(11, 19);
  if (kept > 0) tell(`Something has changed at ${clock}Z where you are writing: reload to see it.`, 'warn');
  else if (changed > 0) tell(`Updated at ${clock}Z.`, 'good');
}

/** Details that somebody opened differ by that only; how long ago something was is no news. */
function same(part, next) {
  const bare = (element) => {
    const copy = element.cloneNode(true);
    for (const details of copy.querySelectorAll('details')) details.removeAttribute('open');
    for (const ago of copy.querySelectorAll('.ago')) ago.remove();
    return copy.outerHTML;
  };
  return bare(part) === bare(next);
}

const isBusy = (part) =>
  [...part.querySelectorAll('textarea')].some((field) => field.value !== '' || field === document.activeElement);

function replace(part, next) {
  const opened = [...part.querySelectorAll('details[open] > summary')].map((summary) => summary.textContent);
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
  const scrolled = [...part.querySelectorAll('.scroll')].map((box) => [box.scrollLeft, box.scrollTop]);
  const there = document.importNode(next, true);
  part.replaceWith(there);
  for (const summary of there.querySelectorAll('details > summary')) {
    if (opened.includes(summary.textContent)) summary.parentElement.open = true;
  }
  for (const [index, box] of [...there.querySelectorAll('.scroll')].entries()) {
    [box.scrollLeft, box.scrollTop] = scrolled[index] ?? [0, 0];
  }
  if (focused) [...there.querySelectorAll('a')].find((link) => link.getAttribute('href') === focused)?.focus();
}

function tell(text, tone) {
  live.textContent = text;
  live.dataset.tone = tone;
}

function over() {
  source?.close();
  document.body.classList.add('over');
  tell('This session is over. Press Enter in the terminal where the console runs for a new link.', 'bad');
}

const refresh = () => void update().catch(() => tell('Not up to date: the console does not answer.', 'bad'));

let source;
function watch() {
  source?.close();
  source = new EventSource(`/live?of=${encodeURIComponent(main.dataset.of)}`);
  // What has changed since the page was made, or while nothing was watched, is told by no later change.
  source.addEventListener('watching', () => {
    tell('Live.', 'good');
    refresh();
  });
  source.addEventListener('changed', refresh);
  source.addEventListener('failed', () => tell('Not up to date: AWS could not be read. It is tried again.', 'bad'));
  source.addEventListener('expired', over);
  source.addEventListener('error', () => {
    if (document.body.classList.contains('over')) return;
    tell('Not up to date: the console does not answer. It is tried again.', 'bad');
    // A refusal closes the stream for good: ask why.
    if (source.readyState === EventSource.CLOSED) update().catch(() => setTimeout(watch, 5000));
  });
}

if (main?.dataset.of) {
  // What nobody looks at need not be looked at again and again.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) source?.close();
    else watch();
  });
  watch();
}

const confirmation = document.getElementById('confirm');
document.addEventListener('submit', (event) => {
  const { submitter, target: form } = event;
  const question = submitter?.dataset.confirm;
  if (!question || form.dataset.confirmed) return;
  event.preventDefault();
  document.getElementById('confirm-text').textContent = question;
  confirmation.returnValue = '';
  confirmation.showModal();
  confirmation.addEventListener(
    'close',
    () => {
      if (confirmation.returnValue !== 'confirm') return submitter.focus();
      form.dataset.confirmed = 'yes';
      form.requestSubmit(submitter);
    },
    { once: true },
  );
});

// Once sent, a form is not sent again: a second click is no second answer.
document.addEventListener('submit', (event) => {
  if (event.defaultPrevented || event.target.method !== 'post') return;
  document.body.classList.add('sending');
  setTimeout(() => {
    for (const button of event.target.querySelectorAll('button')) button.disabled = true;
  });
});

const help = document.getElementById('help');
const switched = document.getElementById('keys-on');
const stored = 'cordon-keys';
if (help) {
  switched.checked = localStorage.getItem(stored) !== 'off';
  switched.addEventListener('change', () => localStorage.setItem(stored, switched.checked ? 'on' : 'off'));
  const button = document.querySelector('[data-help]');
  button.hidden = false;
  button.addEventListener('click', () => help.showModal());
  document.addEventListener('keydown', keys);
}

const PLACES = { i: '/', y: '/waiting', d: '/detections', f: '/figures' };
let going = 0;

function keys(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (!switched.checked || target.matches('input, textarea, select, [contenteditable]')) return;
  if (Date.now() - going < 1500 && PLACES[key]) {
    location.assign(PLACES[key]);
    return;
  }
  going = key === 'g' ? Date.now() : 0;
  if (key === '?') help.showModal();
  else if (key === '/') document.querySelector('.filters select')?.focus();
  else if (key === 'j' || key === 'k') move(key === 'j' ? 1 : -1);
  else return;
  event.preventDefault();
}

/** Moves the focus to the next or the previous row's link. */
function move(by) {
  const links = [...document.querySelectorAll('[data-rows] tbody th a')];
  const at = links.indexOf(document.activeElement);
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}
