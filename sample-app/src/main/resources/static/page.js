const articles = new Map();
const serialNumbers = new Map();

async function refresh() {
	try {
		const { certificates } = await getJson('/actuator/certificates');
		Object.entries(certificates).forEach(([name, certificate]) => show(name, certificate));
		const { username } = await getJson('/who-am-i');
		document.getElementById('who').textContent = username ?? 'nobody';
		report('');
	}
	catch (error) {
		report(`The application does not answer: ${error.message}`);
	}
}

async function getJson(url) {
	const response = await fetch(url);
	if (!response.ok) {
		throw new Error(`${url} says ${response.status}`);
	}
	return response.json();
}

function show(name, { state, current, template, nextRotationDeadline, rotations, lastFailure }) {
	const article = articles.get(name) ?? add(name);
	const set = (field, text) => article.querySelector(`[data-field=${field}]`).textContent = text ?? '-';
	set('state', state);
	article.querySelector('.state').className = `state ${state}`;
	set('serialNumber', current?.serialNumber);
	set('subject', current?.subject);
	set('names', [...current?.dnsNames ?? [], ...current?.ipAddresses ?? []].join(', ') || 'none');
	set('signer', template?.signerName);
	set('notAfter', time(current?.notAfter));
	set('deadline', time(nextRotationDeadline));
	set('rotations', rotations);
	set('failure', lastFailure ? `Attempt ${lastFailure.attempt} failed: ${lastFailure.message}` : '');
	if (current) {
		const start = Date.parse(current.notBefore);
		article.querySelector('progress').value = (Date.now() - start) / (Date.parse(current.notAfter) - start);
		noteRotation(name, current.serialNumber);
	}
}

function add(name) {
	const fragment = document.getElementById('certificate').content.cloneNode(true);
	const article = fragment.querySelector('article');
	article.querySelector('[data-field=name]').textContent = name;
	article.querySelector('button').addEventListener('click', () => rotate(name));
	document.getElementById('certificates').append(article);
	articles.set(name, article);
	return article;
}

async function reason(name, response) {
	if (response.status === 405) {
		return `${name} was not rotated: set management.endpoint.certificates.access to unrestricted`;
	}
	const answer = await response.json().catch(() => ({}));
	return answer.message ?? `${name} was not rotated: ${response.status}`;
}

async function rotate(name) {
	const response = await fetch(`/actuator/certificates/${name}`, { method: 'POST' });
	report(response.ok ? '' : await reason(name, response));
	refresh();
}

function noteRotation(name, serialNumber) {
	const before = serialNumbers.get(name);
	serialNumbers.set(name, serialNumber);
	if (before && before !== serialNumber) {
		const log = document.getElementById('log');
		if (!log.dataset.used) {
			log.replaceChildren();
			log.dataset.used = true;
		}
		const entry = document.createElement('li');
		entry.textContent = `${new Date().toLocaleTimeString()} ${name}: ${before} was replaced by ${serialNumber}`;
		log.prepend(entry);
	}
}

function time(instant) {
	if (!instant) {
		return null;
	}
	const seconds = Math.round((Date.parse(instant) - Date.now()) / 1000);
	const distance = Math.abs(seconds) < 120 ? `${Math.abs(seconds)} s` : `${Math.round(Math.abs(seconds) / 60)} min`;
	return `${new Date(instant).toLocaleString()} (${seconds < 0 ? `${distance} ago` : `in ${distance}`})`;
}

function report(problem) {
	const element = document.getElementById('problem');
	element.textContent = problem;
	element.hidden = !problem;
}

refresh();
setInterval(refresh, 1000);
