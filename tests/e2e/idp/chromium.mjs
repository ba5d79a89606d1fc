// Headless Chromium walks through a scenario, takes pictures, and prints what it saw as JSON.
//
// The first argument is JSON: { scenario, pictures, ... }; the browser comes with the packages.

import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import packed, { inflate } from '@sparticuz/chromium';
import { chromium } from 'playwright-core';

const asked = JSON.parse(process.argv[2]);
const seen = {};

/** Unpack the browser, and the few libraries that a bare machine lacks, beside its package. */
async function unpack() {
  const found = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const usual = process.env.TMPDIR;
  process.env.TMPDIR = join(dirname(found), '..', 'unpacked');
  await mkdir(process.env.TMPDIR, { recursive: true });
  const executablePath = await packed.executablePath();
  await inflate(join(dirname(found), '..', 'bin', 'al2023.tar.br'));
  const libraries = [join(tmpdir(), 'al2023', 'lib'), process.env.LD_LIBRARY_PATH];
  if (usual === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = usual;
  return { executablePath, libraries };
}

async function launch() {
  const { executablePath, libraries } = await unpack();
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--headless=new'],
    env: { ...process.env, LD_LIBRARY_PATH: libraries.filter(Boolean).join(':') },
  });
}

async function picture(page, name) {
  await page.screenshot({ path: join(asked.pictures, `${name}.png`) });
}

const told = (page) => page.locator('main').innerText();

/** A page of another site that tries to write with the browser's cookies. */
async function evilSite(target) {
  const body = `<!doctype html><title>evil</title>
    <form id="f" method="post" action="${target}/auth/logout"></form>
    <script>
      const json = { 'content-type': 'application/json' };
      const body = JSON.stringify({ name: 'Evil' });
      const post = (more) => fetch('${target}/v1/workspaces', {
        method: 'POST', credentials: 'include', body, ...more }).then((r) => r.type, String);
      Promise.all([post({ headers: json }), post({ mode: 'no-cors' })])
        .then((tried) => { document.title = JSON.stringify(tried); f.submit(); });
    </script>`;
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://localhost:${server.address().port}/` };
}

const scenarios = {
  /** At a tenant: on, on at a second application without a prompt, off at that one. */
  async tenant(page) {
    const { first, other } = asked;
    await page.goto(first);
    await picture(page, '1-nobody');
    await page.getByText('Sign on').click();
    await page.locator('input[name=user]').waitFor();
    await picture(page, '2-provider');
    await page.fill('input[name=user]', 'ada');
    await page.getByRole('button', { name: 'Sign on' }).click();
    await page.waitForURL(`${first}/`);
    seen.first = await told(page);
    seen.cookies = await page.context().cookies(first);
    await picture(page, '3-signed-on');

    const provider = new URL(asked.provider).host;
    let prompts = 0;
    page.on('framenavigated', (frame) => {
      const there = new URL(frame.url());
      prompts += there.host === provider && there.pathname.startsWith('/interaction/');
    });
    await page.goto(`${other}/auth/login`);
    await page.waitForURL(`${other}/`);
    seen.other = await told(page);
    seen.prompts = prompts;

    const evil = await evilSite(first);
    await page.goto(evil.url);
    await page.waitForURL(`${first}/auth/logout`);
    seen.evil = JSON.parse(await page.locator('body').innerText()).code;
    evil.server.close();
    await page.goto(first);
    seen.afterEvil = await told(page);
    const listed = await page.context().request.get(`${first}/v1/workspaces`);
    seen.workspaces = (await listed.json()).items.length;

    await page.goto(other);
    await page.getByRole('button', { name: 'Sign off' }).click();
    const yes = page.getByRole('button', { name: 'Yes' });
    await yes.waitFor();
    await picture(page, '4-provider-asks');
    await yes.click();
    await page.waitForURL(`${other}/`);
    seen.off = await told(page);
    await picture(page, '5-signed-off');
    const began = Date.now();
    do await page.goto(first); while ((await told(page)).includes('Signed on')
      && Date.now() - began < 10_000);
    seen.firstEndedAfter = (Date.now() - began) / 1000;
    seen.firstAfter = await told(page);
  },

  /** At the local issuer. */
  async local(page) {
    const { first } = asked;
    await page.goto(first);
    await page.getByText('Sign on').click();
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByLabel('Name').fill('Ada <b>');
    await picture(page, 'local-asks');
    await page.getByRole('button', { name: 'Sign on' }).click();
    await page.waitForURL(`${first}/`);
    seen.first = await told(page);
    seen.cookies = await page.context().cookies(first);
    await page.getByRole('button', { name: 'Sign off' }).click();
    await page.getByText('Signed off').waitFor();
    await picture(page, 'local-signed-off');
    await page.goto(first);
    seen.firstAfter = await told(page);
  },
};

const browser = await launch();
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(15_000);
  await scenarios[asked.scenario](page);
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
