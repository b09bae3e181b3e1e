// A browser that does what a test asks for: one line of JSON is a step, one line of JSON its answer.
//
// Steps are {do, ...}: `open` makes a browser of its own (a "window", with cookies of its own) with the size, the theme, scripts and
// the time zone asked for; `tab` a page in it; the others act on a page. Answers are {ok} or {error}. `look` makes a picture and
// answers with what is wrong: what is wider than its window, words that are broken, what axe-core finds against WCAG 2.2 AA, how heavy the page is. What a
// page asks of another host, and what its console complains of, is kept and asked for by `troubles`.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { argv, cwd, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline';

const require = createRequire(join(cwd(), 'here.js'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
// Those of them that a colour can break.
const COLOURS = ['color-contrast', 'link-in-text-block'];
// How long a step waits for what it names, on a machine that may be busy.
const LIMIT = 60_000;
const HEAVIEST = 100 * 1024;

const browser = await chromium.launch({
    executablePath: argv[2],
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync'],
});
const windows = [];
const tabs = [];
let troubles = [];

function watch(page, origin) {
    page.on('request', (request) => {
        const url = new URL(request.url());
        if (url.origin !== origin && url.protocol !== 'data:') troubles.push(`${page.url()} asks for ${request.url()}`);
    });
    page.on('console', (message) => {
        // A page that says by its status that it is refused is as it should be, and whoever leafs faster than people do has more
        // pages open at once than anybody may have live: such a page says so, and asks again. So does one whose person signed out in
        // another window, and one whose lead was saved there.
        const [asked, said] = [message.location().url, message.text()];
        const isRefused = asked.endsWith('/api/v1/events') && /503|401/.test(said) || asked.endsWith('/work/renew') && said.includes('409');
        if (message.type() === 'error' && message.location().url !== page.url() && !isRefused) {
            troubles.push(`${page.url()}, the console: ${message.text()} ${message.location().url}`);
        }
    });
    page.on('pageerror', (error) => troubles.push(`${page.url()} breaks: ${error.message}`));
}

// What a page weighs: itself, its scripts and its style sheet, as they are sent.
function weigh(page) {
    const weights = new Map();
    page.on('response', async (response) => {
        const kind = response.request().resourceType();
        if (!['document', 'script', 'stylesheet'].includes(kind)) return;
        const sizes = await response.request().sizes().catch(() => null);
        if (kind === 'document') weights.clear();
        if (sizes) weights.set(response.url(), sizes.responseBodySize);
    });
    return () => [...weights.values()].reduce((sum, one) => sum + one, 0);
}

// What sticks out of the window, by its outermost element.
function tooWide() {
    if (document.documentElement.scrollWidth <= document.documentElement.clientWidth) return null;
    const wide = [...document.querySelectorAll('body *')].find((one) => one.getBoundingClientRect().right > innerWidth + 1);
    return `${document.documentElement.scrollWidth} pixels wide where ${innerWidth} are seen: ${wide?.outerHTML.slice(0, 200)}`;
}

// What is cut off at its edge without saying so by an ellipsis, or lies outside of its card.
function clipped() {
    const cut = (one) => {
        const style = getComputedStyle(one);
        return style.overflowX === 'hidden' && style.textOverflow !== 'ellipsis' && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1;
    };
    return [...document.querySelectorAll('main *')].filter((one) => one.checkVisibility() && !one.closest('.vh, input, select, textarea') && cut(one)).map((one) => one.outerHTML.slice(0, 160));
}

// Short words that are broken between their letters: their box shrinks to less than a word, and they are read downwards.
function broken() {
    const found = new Set();
    const range = document.createRange();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        const at = text.parentElement;
        if (!at.checkVisibility() || at.closest('.vh, .id, code, script, option, textarea')) continue;
        for (const { 0: word, index } of text.data.matchAll(/(?<!\S)[\p{Script=Latin}\d+]{2,12}(?!\S)/gu)) {
            range.setStart(text, index);
            range.setEnd(text, index + word.length);
            const lines = new Set([...range.getClientRects()].filter((part) => part.width > 0).map((part) => Math.round(part.top)));
            if (lines.size > 1) found.add(`${word}, in ${at.outerHTML.slice(0, 160)}`);
        }
    }
    return [...found];
}

async function look({ page, weight }, { name, themes, print }) {
    const wrong = [];
    for (const theme of themes) {
        const say = (what) => wrong.push(`${name}, ${theme}: ${what}`);
        await page.emulateMedia({ colorScheme: theme });
        const wide = await page.evaluate(tooWide);
        if (wide) say(wide);
        for (const one of await page.evaluate(clipped)) say(`is clipped: ${one}`);
        for (const one of await page.evaluate(broken)) say(`is broken within a word: ${one}`);
        if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
        // By night nothing is another but the colours, and those are the same on every screen.
        const isDay = theme === themes[0];
        const runOnly = isDay ? { type: 'tag', values: RULES } : { type: 'rule', values: COLOURS };
        const isAsked = isDay || page.viewportSize().width >= 480;
        const options = { runOnly, resultTypes: ['violations'] };
        const { violations } = isAsked ? await page.evaluate((options) => axe.run(document, options), options) : { violations: [] };
        for (const { id, help, nodes } of violations) {
            say(`${id}: ${help}: ${nodes.map((node) => `${node.html} (${node.any[0]?.message ?? ''})`).slice(0, 3).join(' ')}`);
        }
        const path = `${name}-${theme}.png`;
        mkdirSync(dirname(path), { recursive: true });
        await page.screenshot({ path, fullPage: true });
    }
    if (weight() > HEAVIEST) wrong.push(`${name}: weighs ${weight()} bytes`);
    if (print) {
        await page.emulateMedia({ media: 'print' });
        const wide = await page.evaluate(tooWide);
        if (wide) wrong.push(`${name}, printed: ${wide}`);
        await page.screenshot({ path: `${name}-print.png`, fullPage: true });
        await page.emulateMedia({ media: null });
    }
    return wrong;
}

const first = (tab, at) => tab.page.locator(at).first();
const steps = {
    async open({ origin, width, height, theme, scripts, touch, zone, locale }) {
        const context = await browser.newContext({
            baseURL: origin,
            viewport: { width, height },
            colorScheme: theme,
            javaScriptEnabled: scripts,
            hasTouch: touch,
            timezoneId: zone,
            locale,
        });
        context.setDefaultTimeout(LIMIT);
        return windows.push({ context, origin }) - 1;
    },
    async tab({ window }) {
        const { context, origin } = windows[window];
        const page = await context.newPage();
        watch(page, origin);
        return tabs.push({ page, context, weight: weigh(page) }) - 1;
    },
    // The status of the page; 0 where nobody answers.
    goto: async ({ tab, path }) => (await tab.page.goto(path).catch(() => null))?.status() ?? 0,
    async reload({ tab }) { await tab.page.reload(); },
    async click({ tab, at }) { await first(tab, at).click(); },
    async fill({ tab, at, text }) { await first(tab, at).fill(text); },
    async choose({ tab, at, text }) { await first(tab, at).selectOption(text); },
    async type({ tab, text }) { await tab.page.keyboard.type(text); },
    async press({ tab, text }) { await tab.page.keyboard.press(text); },
    text: async ({ tab, at }) => (await first(tab, at).innerText()).trim(),
    value: async ({ tab, at }) => first(tab, at).inputValue(),
    attribute: async ({ tab, at, text }) => (await first(tab, at).getAttribute(text)) ?? '',
    count: async ({ tab, at }) => tab.page.locator(at).count(),
    in_sight: async ({ tab, at }) => first(tab, at).evaluate((one) => {
        const box = one.getBoundingClientRect();
        return one.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2));
    }),
    async see({ tab, at }) { await first(tab, at).waitFor({ state: 'visible' }); },
    async miss({ tab, at }) { await first(tab, at).waitFor({ state: 'hidden' }); },
    async arrive({ tab, path }) { await tab.page.waitForURL((url) => `${url.pathname}${url.search}`.startsWith(path)); },
    path: async ({ tab }) => { const url = new URL(tab.page.url()); return `${url.pathname}${url.search}`; },
    html: async ({ tab }) => tab.page.content(),
    all: async ({ tab, at, text }) => tab.page.locator(at).evaluateAll((all, name) => all.map((one) => name === '' ? one.textContent.trim() : one.getAttribute(name)), text),
    // What has the focus: by its id or name, else by what it says.
    focused: async ({ tab }) => tab.page.evaluate(() => {
        const at = document.activeElement;
        return at?.id || at?.getAttribute('name') || at?.textContent.trim().slice(0, 80) || '';
    }),
    look: async ({ tab, ...how }) => look(tab, how),
    // As a process that dies: nothing of the page runs any more.
    async crash({ tab }) {
        const session = await tab.context.newCDPSession(tab.page);
        const crashed = tab.page.waitForEvent('crash');
        session.send('Page.crash').catch(() => {});
        await crashed;
        await tab.page.close();
    },
    async close({ tab }) { await tab.page.close(); },
    async forget_cookies({ tab }) { await tab.context.clearCookies(); },
    async offline({ tab, is }) { await tab.context.setOffline(is); },
    async picture({ tab, name }) { await tab.page.screenshot({ path: `${name}.png` }).catch(() => {}); },
    troubles: async () => { const all = troubles; troubles = []; return all; },
};

for await (const line of createInterface({ input: stdin })) {
    const { do: name, tab, ...more } = JSON.parse(line);
    let answer;
    try {
        answer = { ok: (await steps[name]({ tab: tabs[tab], ...more })) ?? null };
    } catch (error) {
        answer = { error: String(error.message ?? error) };
    }
    stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
