// A Chromium with which the scenarios of page.mjs look at the page as people do.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';

import { chromium } from 'playwright-core';

export const base = process.env.ORDERCAST_URL;

// Far more than anything takes, so that a slow machine is no failure, and less than the test waits for the scenario.
const PATIENCE = 25_000;

const executables = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const axe = readFileSync(new URL('node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

/** Runs the scenario with a browser of its own, and looks at what the pages told the console and asked for. */
export async function withBrowser(scenario) {
  const executablePath = executables.find((path) => existsSync(path));
  assert(executablePath, `no Chromium; one of ${executables.join(', ')} is needed (tests/setup/packages.sh)`);
  const browser = await chromium.launch({
    executablePath,
    args: [
      // As root, as in containers, Chromium has no sandbox.
      ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-quic',
      '--no-first-run',
      // Chromium's own requests to other hosts.
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const watch = { problems: [], expected: [] };
  try {
    await scenario({
      /** Opens the page in a window of its own. */
      open: (path = '/', options = {}) => open(browser, watch, path, options),
      /** What the console may tell in this scenario. */
      expect: (...patterns) => watch.expected.push(...patterns),
    });
    const unexpected = watch.problems.filter((problem) => !watch.expected.some((pattern) => pattern.test(problem)));
    assert.deepEqual(unexpected, [], 'the console is silent, and no other host is asked for anything');
  } finally {
    await browser.close();
  }
}

async function open(browser, watch, path, { prepare, ...options }) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) watch.problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => watch.problems.push(`error: ${error.message}`));
  const check = (url) => {
    if (!['data:', 'blob:'].includes(new URL(url).protocol) && new URL(url).host !== new URL(base).host) {
      watch.problems.push(`another host: ${url}`);
    }
  };
  context.on('request', (request) => check(request.url()));
  page.on('websocket', (socket) => check(socket.url()));
  await prepare?.(page);
  await page.goto(base + path);
  return page;
}

/** Tells the test what has been seen, for which it waits. */
export function tell(step, what = {}) {
  console.log(JSON.stringify({ step, ...what }));
}

/** Waits until the condition, which is tried again and again, holds. */
export async function eventually(what, condition) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const [holds, found] = await condition();
    if (holds) return found;
    assert(Date.now() < end, `${what}; it was ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The connection's state, in the page's words. */
export async function waitForStatus(page, pattern) {
  await page.locator('[role=status]').filter({ hasText: pattern }).waitFor();
}

/** The numbers of the orders in the table, in its order. */
export function numbers(page) {
  return page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => Number(row.dataset.order)));
}

/** The row of an order. */
export function row(page, number) {
  return page.locator(`tbody tr[data-order="${number}"]`);
}

/** Waits until the table shows just these orders, in this order. */
export async function waitForOrders(page, expected) {
  const wanted = JSON.stringify(expected);
  await eventually(`the table shows ${wanted}`, async () => {
    const found = await numbers(page);
    return [JSON.stringify(found) === wanted, found];
  });
}

/** The data of a request to the API, which is not the page's. */
export async function graphql(query, variables = {}) {
  const response = await fetch(`${base}/graphql`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      ...(process.env.ORDERCAST_TOKEN && { Authorization: `Bearer ${process.env.ORDERCAST_TOKEN}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

/** Places an order behind the page's back, and returns its number. */
export async function placeOrder(username, state = 'UNPAID') {
  const { placeOrder } = await graphql(
    'mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } errors { message } } }',
    { input: { username, state } },
  );
  assert.deepEqual(placeOrder.errors, []);
  return Number(placeOrder.order.id.split(':').at(-1));
}

/** Pays an order behind the page's back. */
export async function payOrder(number) {
  const { payOrder } = await graphql('mutation($id: ID!) { payOrder(input: { id: $id }) { errors { message } } }', {
    id: `Order:${number}`,
  });
  assert.deepEqual(payOrder.errors, []);
}

/** Finds nothing that keeps people out. */
export async function assertAccessible(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  assert.deepEqual(found, [], what);
}
