const { now: serverTime, rotates } = document.documentElement.dataset;
const clockOffset = Date.parse(serverTime) - Date.now();
// A page in a frame of another page could be clicked by mistake
const mayRotate = rotates === 'true' && window.top === window;
const endpoint = location.pathname.replace(/\/+$/, '');
const articles = new Map();
const peers = new Map();
let peersAt = 0;
let added = 0;
let certificates = {};
let failingSince;
let timer;

const triggers = {
	FIRST: 'First certificate', DEADLINE: 'Rotated at the deadline to', TEMPLATE: 'Rotated for a new template to',
	REQUESTED: 'Rotated on request to', RESUMED: 'Rotated by an earlier request to', EXPIRED: 'Rotated after the expiry to',
	NOT_YET_VALID: 'Rotated, since it was not valid yet, to', DAMAGED: 'Rotated, since the stored pair could not be used, to',
};
const troubled = ['WAITING', 'OVERDUE', 'EXPIRED', 'NOT_YET_VALID'];

document.getElementById('host').textContent = location.host;
document.title = `Certificates of ${location.host}`;
connection('Connecting\u2026', false);
setInterval(tick, 1000);
document.addEventListener('visibilitychange', load);
load();

/** Pauses while nobody looks, and goes on every second while something is about to change. */
async function load() {
	clearTimeout(timer);
	if (document.hidden) {
		return;
	}
	try {
		await update();
		failingSince = undefined;
		connection('Live', true);
	}
	catch (error) {
		// A rotation ends the connection, and the browser opens another one
		failingSince ??= Date.now();
		if (error.refused || Date.now() - failingSince > 8000) {
			connection(error.refused ?? 'The application does not answer; reconnecting\u2026', false);
		}
	}
	const soon = failingSince || Object.values(certificates).some(({ state, nextRotationDeadline }) =>
		['ROTATING', 'WAITING'].includes(state) || Date.parse(nextRotationDeadline) - now() < 3000);
	clearTimeout(timer);
	timer = setTimeout(load, soon ? 1000 : 5000);
}

async function update() {
	const report = (await ask()).certificates;
	if (Date.now() - peersAt > 9000) {
		peersAt = Date.now();
		// A rotation may end the connection: then the next attempt shows the change
		await Promise.all(Object.keys(report).map((name) => ask(name, '/peers').then((answer) => peers.set(name, answer.peers), () => {})));
	}
	certificates = report;
	Object.entries(report).forEach(([name, certificate]) => show(name, certificate, peers.get(name) ?? []));
	articles.forEach((article, name) => {
		if (!report[name]) {
			article.remove();
			articles.delete(name);
		}
	});
	summarize();
	tick();
}

async function ask(name, more = '') {
	const response = await fetch(name === undefined ? endpoint : `${endpoint}/${encodeURIComponent(name)}${more}`,
		{ headers: { Accept: 'application/json' }, cache: 'no-store', signal: AbortSignal.timeout(10000) });
	const json = response.headers.get('Content-Type')?.includes('json') ? await response.json() : undefined;
	if (!response.ok || !json) {
		throw Object.assign(new Error(), { refused: `The application answers ${response.status}${json ? '' : ' without JSON'}: reload this page, or log in again.` });
	}
	return json;
}

function now() {
	return Date.now() + clockOffset;
}

function connection(text, live) {
	const target = document.getElementById('connection');
	setText(target, text);
	target.classList.toggle('live', live);
}

function summarize() {
	const entries = Object.entries(certificates);
	const target = document.getElementById('summary');
	const text = entries.length === 0 ? 'This application has no certificates.' : '';
	const attention = entries.filter(([, { state }]) => troubled.includes(state));
	const parts = [text];
	if (entries.length > 1) {
		parts.push(`${entries.length} certificates. `, attention.length ? 'Needs attention: ' : 'All are valid.');
		attention.forEach(([name, { state }], index) => {
			const link = element('a', { textContent: name, href: `#${articles.get(name).id}` });
			parts.push(index ? ', ' : '', link, ` (${state})`);
		});
	}
	const key = JSON.stringify(attention.map(([name, { state }]) => [name, state])) + entries.length;
	if (target.dataset.key !== key) {
		target.dataset.key = key;
		target.replaceChildren(...parts);
	}
}

function show(name, certificate, peers) {
	const article = articles.get(name) ?? add(name);
	const { state } = certificate;
	const text = JSON.stringify(certificate);
	if (article.report !== text) {
		if (article.state && article.state !== state) {
			document.getElementById('changes').textContent = `${name} is ${state}`;
		}
		article.report = text;
		article.state = state;
		showCertificate(article, certificate);
	}
	showPeers(article, peers);
}

function showCertificate(article, { state, current, template, rotationWindow, nextRotationDeadline, rotations, waitingFor, stuckSince, storeProblem, exportProblem, trust, serverHealthy, pendingRequest, history }) {
	setText(field(article, 'state'), state);
	article.querySelector('.state').className = `state ${state}`;
	article.querySelector('.rotate').hidden = !mayRotate || state === 'STATIC';
	article.querySelector('.timeline').hidden = !current;
	if (current) {
		showTimeline(article, current, rotationWindow, nextRotationDeadline);
	}
	const names = (from) => ['dnsNames', 'ipAddresses', 'uris', 'emailAddresses'].flatMap((kind) => from?.[kind] ?? []).join(', ');
	const details = [['Subject', current?.subject ?? template?.commonName], ['Names', names(current ?? template)], ['Issuer', current?.issuer],
		['Serial number', code(current?.serialNumber)], ['Key', current?.keyAlgorithm], ['Fingerprint', code(current?.fingerprint)],
		['Requested from', template?.signerName], ['Usages', template?.usages.join(', ')], ['Rotations', rotations]];
	field(article, 'details').replaceChildren(...details.filter(([, value]) => value !== undefined && value !== '')
		.flatMap(([term, value]) => [element('dt', { textContent: term }), withContent(element('dd'), value)]));
	const waits = pendingRequest?.createdAt && state !== 'VALID';
	article.querySelector('.pending').hidden = !waits;
	if (waits) {
		const { name, namespace } = pendingRequest;
		const command = isIssuer(template) ? 'describe certificaterequest' : 'certificate approve';
		setText(field(article, 'command'), `kubectl ${command}${namespace ? ` --namespace ${namespace}` : ''} ${name}`);
		article.querySelector('.command').hidden = isApproved(pendingRequest) && !isIssuer(template);
	}
	const notices = [waitingFor && `The request waits for ${waitingFor}.`, storeProblem, exportProblem,
		...(trust?.sources ?? []).map(({ problem }) => problem),
		serverHealthy === false && 'The API server could not be reached, was overloaded, or refused the last request.',
		stuckSince && ['The current step has not returned since ', instantElement(stuckSince), ': does a file system hang?']];
	field(article, 'notices').replaceChildren(...notices.filter(Boolean).map((notice) => withContent(element('li'), notice)),
		element('li', { className: 'failure', hidden: true }));
	const entries = history.map(historyEntry);
	field(article, 'history').replaceChildren(...entries.length ? entries.slice(0, 3) : [element('li', { className: 'nothing', textContent: 'Nothing since the start.' })]);
	field(article, 'earlier').replaceChildren(...entries.slice(3));
	const earlier = article.querySelector('details');
	earlier.hidden = entries.length <= 3;
	setText(earlier.querySelector('summary'), `${entries.length - 3} earlier`);
}

function isApproved(request) {
	return request.conditions.includes('Approved');
}

/** The kind of an issuer begins with a capital, as no name of a signer does. */
function isIssuer(template) {
	return /^\p{Lu}/u.test(template?.signerName ?? '');
}

function showTimeline(article, { notBefore, notAfter }, rotationWindow, deadline) {
	const track = article.querySelector('.track');
	const start = Date.parse(notBefore);
	const lifetime = Date.parse(notAfter) - start;
	const place = (property, instant) =>
		track.style.setProperty(property, `${Math.min(100, Math.max(0, (Date.parse(instant) - start) / lifetime * 100))}%`);
	place('--earliest', rotationWindow?.earliest ?? notAfter);
	place('--latest', rotationWindow?.latest ?? notAfter);
	place('--deadline', deadline ?? notAfter);
	track.querySelector('.deadline').hidden = !deadline;
	const current = { notBefore, notAfter };
	const moments = [['Not before', notBefore, 'start'], ['Now', null, 'now'],
		...rotationWindow ? [[`Window opens, ${percent(rotationWindow.earliest, current)}`, rotationWindow.earliest, 'window']] : [],
		...deadline ? [['Rotation due', deadline, 'deadline']] : [],
		...rotationWindow ? [[`Window closes, ${percent(rotationWindow.latest, current)}`, rotationWindow.latest, 'window']] : [],
		['Not after', notAfter, 'end']];
	field(article, 'legend').replaceChildren(...moments.map(([label, instant, kind]) =>
		withContent(element('li', { className: `is-${kind}` }),
			[element('i', { ariaHidden: 'true' }), element('span', { textContent: label }), instantElement(instant)])));
}

function historyEntry({ at, outcome, trigger, serialNumber, requestName, duration, additionalNames, reason, message }) {
	const took = (word) => duration ? ` ${word} ${distance(seconds(duration) * 1000)}` : '';
	const entry = withContent(element('span', { className: outcome }), outcome === 'FAILED' ? `${reason}${took('after')}: ${message}`
		: [`${triggers[trigger] ?? 'Another program stored'} `, code(serialNumber), took('in'), requestName ? ` (${requestName})` : '',
			additionalNames ? `, with names that were not requested: ${additionalNames.join(', ')}` : '']);
	return withContent(element('li'), [instantElement(at), entry]);
}

/** The newest authority is the one whose validity begins last. */
function showPeers(article, peers) {
	article.querySelector('.peers').hidden = peers.length === 0;
	const expiries = peers.map(expiry);
	const text = JSON.stringify([peers, expiries]);
	if (article.peers === text) {
		return;
	}
	article.peers = text;
	const newest = Math.max(...peers.map(({ authority }) => Date.parse(authority.notBefore)).filter(Number.isFinite));
	const authorities = new Set(peers.map(({ authority }) => authority.fingerprint));
	setText(field(article, 'peerCount'), `${peers.length}, from ${authorities.size === 1 ? 'one authority' : `${authorities.size} authorities`}`);
	field(article, 'peers').replaceChildren(...peers.map(({ identity, role, authority, notAfter, lastSeen, handshakes, connections }, index) => {
		const row = element('tr', { role: 'row' });
		const cell = (label, content) => {
			const added = withContent(element('td', { role: 'cell', className: label.split(' ')[0] }), content);
			added.dataset.label = label;
			row.append(added);
		};
		const older = Date.parse(authority.notBefore) < newest ? mark('older authority', 'warn') : '';
		cell('Identity', code(identity));
		cell('Authority', [authority.subject, ' ', element('code', { textContent: authority.fingerprint.slice(0, 15) + '\u2026', title: authority.fingerprint }), ' ', older]);
		cell('Expires', [instantElement(notAfter), ' ', expiries[index] ? mark(expiries[index], expiries[index] === 'expired' ? 'bad' : 'warn') : '']);
		cell('Role', role.toLowerCase());
		cell('Last seen', instantElement(lastSeen));
		cell('Handshakes', `${handshakes}${connections ? ` (${connections} open)` : ''}`);
		return row;
	}));
}

function expiry({ notBefore, notAfter }) {
	const left = Date.parse(notAfter) - now();
	return left < 0 ? 'expired' : left < (Date.parse(notAfter) - Date.parse(notBefore)) / 10 ? 'about to expire' : undefined;
}

function mark(text, tone) {
	return element('span', { className: `mark ${tone}`, textContent: text });
}

/** What changes with time alone. */
function tick() {
	Object.entries(certificates).forEach(([name, { current, template, nextRotationDeadline, pendingRequest, lastFailure, state, rotationWindow }]) => {
		const article = articles.get(name);
		const [what, countdown] = next(current, nextRotationDeadline, state);
		setText(field(article, 'what'), what);
		setText(field(article, 'countdown'), countdown);
		if (current) {
			showNow(article, current, rotationWindow);
		}
		if (pendingRequest?.createdAt) {
			const approved = isApproved(pendingRequest);
			const says = pendingRequest.message ? ` The issuer says: ${pendingRequest.message}` : '';
			const then = isIssuer(template) ? (approved ? 'It is approved, but not issued.' : 'No approver has approved it.') + says
				: approved ? 'It is approved, but not signed.' : 'Approve it with:';
			setText(field(article, 'pending'), `Request ${pendingRequest.name} has been waiting for ${distance(now() - Date.parse(pendingRequest.createdAt))}. ${then}`);
		}
		const failure = article.querySelector('.failure');
		failure.hidden = !lastFailure;
		if (lastFailure) {
			const wait = Date.parse(lastFailure.nextAttempt) - now();
			setText(failure, `Attempt ${lastFailure.attempt} failed: ${lastFailure.message}. `
				+ (wait > 0 ? `The next one is in ${distance(wait)}.` : 'The next one is in progress.'));
		}
	});
}

function next(current, deadline, state) {
	if (!current) {
		return ['No certificate yet', 'Waiting'];
	}
	const until = (instant) => distance(Date.parse(instant) - now());
	if (state === 'EXPIRED') {
		return ['Expired', `${distance(now() - Date.parse(current.notAfter))} ago`];
	}
	if (state === 'NOT_YET_VALID') {
		return ['Becomes valid in', until(current.notBefore)];
	}
	if (!deadline) {
		return ['Expires in', until(current.notAfter)];
	}
	return Date.parse(deadline) > now() ? ['Rotates in', until(deadline)] : ['Is being rotated; expires in', until(current.notAfter)];
}

function showNow(article, current, rotationWindow) {
	const start = Date.parse(current.notBefore);
	const passed = Math.min(100, Math.max(0, (now() - start) / (Date.parse(current.notAfter) - start) * 100));
	const track = article.querySelector('.track');
	track.style.setProperty('--now', `${passed}%`);
	track.setAttribute('aria-label', `${Math.round(passed)} % of the lifetime has passed.`
		+ (rotationWindow ? ` The rotation falls between ${percent(rotationWindow.earliest, current)} and ${percent(rotationWindow.latest, current)}.` : ''));
	setInstant(article.querySelector('.is-now time'), new Date(now()).toISOString());
}

function percent(instant, { notBefore, notAfter }) {
	const start = Date.parse(notBefore);
	return `${Math.round((Date.parse(instant) - start) / (Date.parse(notAfter) - start) * 100)}\u00a0%`;
}

function add(name) {
	const article = document.getElementById('certificate').content.cloneNode(true).querySelector('article');
	const heading = article.querySelector('h2');
	heading.textContent = name;
	article.id = `certificate-${added++}`;
	heading.id = `${article.id}-name`;
	article.setAttribute('aria-labelledby', heading.id);
	const rotateButton = article.querySelector('.rotate');
	rotateButton.setAttribute('aria-label', `Rotate now: ${name}`);
	rotateButton.addEventListener('click', () => rotate(name, field(article, 'answer')));
	const copyButton = article.querySelector('.copy');
	copyButton.hidden = !navigator.clipboard;
	copyButton.addEventListener('click', async () => {
		await navigator.clipboard.writeText(field(article, 'command').textContent);
		copyButton.textContent = 'Copied';
	});
	document.getElementById('certificates').append(article);
	articles.set(name, article);
	return article;
}

async function rotate(name, answer) {
	setText(answer, 'Requesting a rotation\u2026');
	try {
		const response = await fetch(`${endpoint}/${encodeURIComponent(name)}`, { method: 'POST', body: '{"state": "rotating"}', headers: { 'Content-Type': 'application/json', Accept: 'application/json', ...csrf() } });
		const { message } = await response.json().catch(() => ({}));
		setText(answer, `${response.status}: ${response.ok ? 'the rotation has begun.' : message ?? 'not rotated. The application refuses the request, such as by its rules against forged ones (CSRF).'}`);
	}
	catch (error) {
		setText(answer, `The application does not answer: ${error.message}`);
	}
	load();
}

/** As Spring Security expects it with csrf.spa(). */
function csrf() {
	const token = /(?:^|; )XSRF-TOKEN=([^;]*)/.exec(document.cookie);
	return token ? { 'X-XSRF-TOKEN': decodeURIComponent(token[1]) } : {};
}

function field(article, name) {
	return article.querySelector(`[data-field=${name}]`);
}

function setText(target, text) {
	if (target.textContent !== String(text)) {
		target.textContent = text;
	}
}

function element(name, properties = {}) {
	return Object.assign(document.createElement(name), properties);
}

function withContent(target, content) {
	target.append(...[content].flat());
	return target;
}

function code(text) {
	return text === undefined ? undefined : element('code', { textContent: text });
}

function instantElement(instant) {
	const time = element('time');
	if (instant) {
		setInstant(time, instant);
	}
	return time;
}

/** The date only if it is another day than today, and the year only if it is another one. */
function setInstant(time, instant) {
	const date = new Date(instant);
	const today = new Date();
	const year = date.getFullYear() === today.getFullYear() ? undefined : 'numeric';
	time.dateTime = instant;
	setText(time, date.toDateString() === today.toDateString() ? date.toLocaleTimeString()
		: date.toLocaleString([], { year, month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' }));
}

/** ISO 8601, as the endpoint writes durations. */
function seconds(duration) {
	const [, hours = 0, minutes = 0, rest = 0] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(duration) ?? [];
	return hours * 3600 + minutes * 60 + Number(rest);
}

function distance(milliseconds) {
	const total = Math.max(0, milliseconds / 1000);
	if (total < 1) {
		return `${Math.round(total * 1000)}\u00a0ms`;
	}
	const units = [['d', Math.floor(total / 86400)], ['h', Math.floor(total / 3600) % 24], ['min', Math.floor(total / 60) % 60], ['s', Math.floor(total) % 60]];
	const first = units.findIndex(([, count]) => count > 0);
	return units.slice(first, first + (first === 0 ? 3 : 2)).map(([unit, count]) => `${count}\u00a0${unit}`).join(' ');
}
