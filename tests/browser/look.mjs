// Looks at mails and pages as people see them: on a phone and on a desk, by day and by night.
//
// Reads {chromium, shots, mails: [{name, source}], pages: [{name, url, post, click, open}]} from standard input, where `source` is a
// mail as it came over SMTP, `post` fields to send as a form, `click` a button to press first and `open` a text to unfold. Makes a picture of each look and writes what is wrong as a JSON list: what runs out of its column, what
// asks for anything from elsewhere, what a thumb would miss, and what axe-core finds against WCAG 2.2 AA.

import { readFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cwd, stdin, stdout } from 'node:process';

const require = createRequire(join(cwd(), 'here.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const LOOKS = [
    { name: 'phone', width: 320, height: 640, colorScheme: 'light' },
    { name: 'phone-dark', width: 320, height: 640, colorScheme: 'dark' },
    { name: 'desk', width: 1280, height: 800, colorScheme: 'light' },
    { name: 'desk-dark', width: 1280, height: 800, colorScheme: 'dark' },
];
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
// Those of them that a colour can break.
const COLOURS = ['color-contrast', 'link-in-text-block'];

// RFC 2045, 6.7: quoted-printable, as UTF-8.
function unquoted(text) {
    const bytes = text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
    return Buffer.from(bytes, 'latin1').toString('utf8');
}

function htmlOf(mail) {
    const part = mail.split(/\r?\n--[^\r\n]+\r?\n/).find((part) => /^content-type: text\/html/im.test(part));
    const [head, ...body] = part.split(/\r?\n\r?\n/);
    const text = body.join('\n\n');
    if (/quoted-printable/i.test(head)) return unquoted(text);
    if (/base64/i.test(head)) return Buffer.from(text, 'base64').toString('utf8');
    return text;
}

// As a form on somebody's own page does it.
async function posted(page, url, fields) {
    await page.setContent('<form method="post"></form>');
    await Promise.all([
        page.waitForNavigation(),
        page.evaluate(([url, fields]) => {
            const form = document.forms[0];
            form.action = url;
            for (const [name, value] of Object.entries(fields)) {
                form.append(Object.assign(document.createElement('textarea'), { name, value }));
            }
            form.submit();
        }, [url, fields]),
    ]);
}

// What reps touch on a phone has the height of a thumb: 44 pixels.
const TOUCHED = /^(mail-|page-(lead|offer|rep))/;

function tooSmall() {
    const touched = document.querySelectorAll('a, button, summary, select, label.check, input:not([type=hidden], [type=radio])');
    const height = (one) => Math.round(one.getBoundingClientRect().height);
    return [...touched].filter((one) => one.checkVisibility() && height(one) < 44).map((one) => `${height(one)} pixels: ${one.outerHTML}`);
}

async function look(browser, looks, one, given) {
    const context = await browser.newContext({ viewport: looks[0], colorScheme: looks[0].colorScheme });
    const page = await context.newPage();
    const wrong = [];
    let { name } = looks[0];
    const say = (what) => wrong.push(`${one.name}, ${name}: ${what}`);
    const origin = one.url && new URL(one.url).origin;
    page.on('request', (request) => {
        if (!origin || new URL(request.url()).origin !== origin) say(`asks for ${request.url()}`);
    });
    page.on('console', (message) => {
        // A page that says by its status that there is nothing is as it should be.
        if (message.type() === 'error' && message.location().url !== one.url) say(`the console says: ${message.text()}`);
    });
    if (one.post) await posted(page, one.url, one.post);
    else if (one.url) await page.goto(one.url);
    if (one.click) await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: one.click }).click()]);
    if (one.open) await page.getByText(one.open).click();
    if (one.source) await page.setContent(htmlOf(one.source));
    for (const seen of looks) {
        name = seen.name;
        await page.setViewportSize(seen);
        await page.emulateMedia({ colorScheme: seen.colorScheme });
        const { scrollWidth, innerWidth } = await page.evaluate(() => ({
            scrollWidth: document.documentElement.scrollWidth,
            innerWidth,
        }));
        if (scrollWidth > innerWidth) say(`is ${scrollWidth} pixels wide where ${innerWidth} are seen`);
        if (seen.width < 480 && TOUCHED.test(one.name)) for (const one of await page.evaluate(tooSmall)) say(`is too small to be touched, ${one}`);
        if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
        // By night nothing is another but the colours, and those are the same on every screen. A mail is one document.
        const isPhone = seen.width < 480;
        const runOnly = seen.colorScheme === 'light' ? { type: 'tag', values: RULES } : { type: 'rule', values: COLOURS };
        const isAsked = isPhone || one.url && seen.colorScheme === 'light';
        const options = { runOnly, resultTypes: ['violations'] };
        const { violations } = isAsked ? await page.evaluate((options) => axe.run(document, options), options) : { violations: [] };
        for (const { id, help, nodes } of violations) say(`${id}: ${help}: ${nodes.map((node) => node.html).slice(0, 3).join(' ')}`);
        await page.screenshot({ path: join(given.shots, `${one.name}-${name}.png`), fullPage: true });
    }
    await context.close();
    return wrong;
}

// Piece by piece: a pipe that is empty for a moment is no error.
let written = '';
for await (const piece of stdin.setEncoding('utf8')) written += piece;
const given = JSON.parse(written);
mkdirSync(given.shots, { recursive: true });
const browser = await chromium.launch({
    executablePath: given.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
});
const wrong = [];
for (const one of [...given.mails, ...given.pages]) {
    // A button is pressed once, and what comes of it looked at in every way; a second time it is another page.
    const pages = one.click ? [LOOKS] : [LOOKS.slice(0, 2), LOOKS.slice(2)];
    wrong.push(...(await Promise.all(pages.map((looks) => look(browser, looks, one, given)))).flat());
}
await browser.close();
stdout.write(JSON.stringify(wrong));
