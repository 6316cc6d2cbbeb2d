const articles = new Map();
let report;
let clockOffset = 0;
let clientSerialNumber;
let lost;

const triggers = {
	FIRST: 'First certificate', DEADLINE: 'Rotated at the deadline to', TEMPLATE: 'Rotated for a new template to',
	REQUESTED: 'Rotated on request to', EXPIRED: 'Rotated after the expiry to',
};

const events = new EventSource('/events');
events.addEventListener('report', ({ data }) => {
	report = JSON.parse(data);
	clockOffset = Date.parse(report.now) - Date.now();
	clearTimeout(lost);
	lost = undefined;
	connection('Live', true);
	Object.entries(report.certificates).forEach(([name, certificate]) => show(name, certificate));
	showPresented(report.presented);
	updateWho();
	tick();
});
// A rotation ends the stream with its connection, and the browser opens another one within seconds
events.onerror = () => {
	lost ??= setTimeout(() => connection('The application does not answer; reconnecting…', false), 8000);
};
setInterval(tick, 1000);

function connection(text, live) {
	const element = document.getElementById('connection');
	if (element.textContent !== text) {
		element.textContent = text;
	}
	element.classList.toggle('live', live);
}

function isApproved(request) {
	return request.conditions.includes('Approved');
}

function show(name, { state, current, template, rotationWindow, nextRotationDeadline, rotations, lastFailure, pendingRequest, history }) {
	const article = articles.get(name) ?? add(name);
	const set = setter(article);
	set('state', state);
	article.querySelector('.state').className = `state ${state}`;
	set('serialNumber', current?.serialNumber ?? 'none yet');
	set('subject', current?.subject ?? template?.commonName ?? 'not known yet');
	set('names', ['dnsNames', 'ipAddresses', 'uris', 'emailAddresses'].flatMap((kind) => current?.[kind] ?? []).join(', ') || 'none');
	set('key', current?.keyAlgorithm ?? 'none yet');
	set('signer', template?.signerName ?? 'not known yet');
	set('rotations', rotations);
	article.querySelector('.timeline').hidden = !current;
	if (current) {
		showTimeline(article, current, rotationWindow, nextRotationDeadline);
	}
	const waits = pendingRequest?.createdAt && state !== 'VALID';
	article.querySelector('.pending').hidden = !waits;
	if (waits) {
		set('command', `kubectl certificate approve ${pendingRequest.name}`);
		article.querySelector('.command').hidden = isApproved(pendingRequest);
	}
	article.querySelector('.failure').hidden = !lastFailure;
	showHistory(article.querySelector('.history'), history);
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
		...rotationWindow ? [[`Window closes, ${percent(rotationWindow.latest, current)}`, rotationWindow.latest, 'window']] : [], ['Not after', notAfter, 'end']];
	article.querySelector('.legend').replaceChildren(...moments.map(([label, instant, kind]) => {
		const item = element('li', { className: `is-${kind}` });
		item.append(element('i', { ariaHidden: 'true' }), element('span', { textContent: label }), instantElement(instant));
		return item;
	}));
}

function showHistory(list, history) {
	const entries = history.map(({ at, outcome, trigger, serialNumber, requestName, duration, reason, message }) => {
		const item = element('li');
		const took = (word) => duration ? ` ${word} ${distance(seconds(duration) * 1000)}` : '';
		const by = requestName ? ` (${requestName})` : '';
		const entry = element('span', { className: outcome });
		entry.append(...outcome === 'FAILED' ? [`${reason}${took('after')}: ${message}`]
			: [`${triggers[trigger] ?? 'Another program stored'} `, element('code', { textContent: serialNumber }), took('in') + by]);
		item.append(instantElement(at), entry);
		return item;
	});
	list.replaceChildren(...entries.length ? entries : [element('li', { textContent: 'Nothing since the start.' })]);
}

/** What changes with time alone. */
function tick() {
	if (!report) {
		return;
	}
	const now = Date.now() + clockOffset;
	Object.entries(report.certificates).forEach(([name, certificate]) => {
		const { current, nextRotationDeadline, pendingRequest, lastFailure, state, rotationWindow } = certificate;
		const article = articles.get(name);
		const set = setter(article);
		const due = Date.parse(nextRotationDeadline ?? current?.notAfter);
		const left = due - now;
		if (!current) {
			set('what', 'No certificate yet');
			set('countdown', 'Waiting');
		}
		else if (state === 'EXPIRED') {
			set('what', 'Expired');
			set('countdown', `${distance(now - Date.parse(current.notAfter))} ago`);
		}
		else if (left > 0) {
			set('what', nextRotationDeadline ? 'Rotates in' : 'Expires in');
			set('countdown', distance(left));
		}
		else {
			set('what', 'Is being rotated; expires in');
			set('countdown', distance(Date.parse(current.notAfter) - now));
		}
		if (current) {
			const start = Date.parse(current.notBefore);
			const passed = Math.min(100, Math.max(0, (now - start) / (Date.parse(current.notAfter) - start) * 100));
			const track = article.querySelector('.track');
			track.style.setProperty('--now', `${passed}%`);
			track.setAttribute('aria-label', `${Math.round(passed)} % of the lifetime has passed.`
				+ (rotationWindow ? ` The rotation falls between ${percent(rotationWindow.earliest, current)} and ${percent(rotationWindow.latest, current)}.` : ''));
			setInstant(article.querySelector('.is-now time'), new Date(now).toISOString());
		}
		if (pendingRequest?.createdAt) {
			set('pending', `Request ${pendingRequest.name} has been waiting for ${distance(now - Date.parse(pendingRequest.createdAt))}. `
				+ (isApproved(pendingRequest) ? 'It is approved, but not signed.' : 'Approve it with:'));
		}
		if (lastFailure) {
			const next = Date.parse(lastFailure.nextAttempt) - now;
			set('failure', `Attempt ${lastFailure.attempt} failed: ${lastFailure.message}. `
				+ (next > 0 ? `The next one is in ${distance(next)}.` : 'The next one is in progress.'));
		}
	});
}

function percent(instant, { notBefore, notAfter }) {
	const start = Date.parse(notBefore);
	return `${Math.round((Date.parse(instant) - start) / (Date.parse(notAfter) - start) * 100)}\u00a0%`;
}

function add(name) {
	const article = document.getElementById('certificate').content.cloneNode(true).querySelector('article');
	const heading = article.querySelector('h2');
	heading.textContent = name;
	heading.id = `name-${name}`;
	article.setAttribute('aria-labelledby', heading.id);
	const rotateButton = article.querySelector('.rotate');
	rotateButton.setAttribute('aria-label', `Rotate now: ${name}`);
	rotateButton.addEventListener('click', () => rotate(name, article));
	const copyButton = article.querySelector('.copy');
	copyButton.addEventListener('click', async () => {
		await navigator.clipboard.writeText(article.querySelector('.command code').textContent);
		copyButton.textContent = 'Copied';
	});
	document.getElementById('certificates').append(article);
	articles.set(name, article);
	return article;
}

async function rotate(name, article) {
	const set = setter(article);
	set('answer', 'Requesting a rotation…');
	try {
		const response = await fetch(`/actuator/certificates/${name}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"state": "rotating"}' });
		const answer = await response.json().catch(() => ({}));
		set('answer', response.ok ? `${response.status}: the rotation has begun.`
			: `${response.status}: ${answer.message ?? explain(response.status)}`);
	}
	catch (error) {
		set('answer', `The application does not answer: ${error.message}`);
	}
}

function explain(status) {
	return status === 405 ? 'not allowed; set management.endpoint.certificates.access to unrestricted' : 'not rotated';
}

function showPresented({ serialNumber, problem }) {
	const owner = Object.entries(report.certificates).find(([, { current }]) => serialNumber && current?.serialNumber === serialNumber);
	const target = document.getElementById('presented');
	target.replaceChildren(...problem ? [`no certificate that it can trust: ${problem}.`]
		: ['the certificate ', element('code', { textContent: serialNumber }),
			owner ? `, the current one of ${owner[0]}.` : ', which is no longer current.']);
}

/** The answer changes when the client certificate does. */
async function updateWho() {
	const serialNumber = Object.values(report.certificates)[0]?.current?.serialNumber;
	if (serialNumber === clientSerialNumber) {
		return;
	}
	clientSerialNumber = serialNumber;
	const response = await fetch('/who-am-i').catch(() => null);
	document.getElementById('who').textContent = response?.ok ? (await response.json()).username ?? 'nobody' : 'nobody yet';
}

function setter(article) {
	return (field, text) => {
		const target = article.querySelector(`[data-field=${field}]`);
		if (target.textContent !== String(text)) {
			target.textContent = text;
		}
	};
}

function element(name, properties = {}) {
	return Object.assign(document.createElement(name), properties);
}

function instantElement(instant) {
	const time = element('time');
	if (instant) {
		setInstant(time, instant);
	}
	return time;
}

/** The date only if it is another day than today. */
function setInstant(time, instant) {
	const date = new Date(instant);
	const today = date.toDateString() === new Date().toDateString();
	time.dateTime = instant;
	time.textContent = today ? date.toLocaleTimeString() : date.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
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
