// One scenario of the page in a real browser. What a scenario waits for outside of it, the test does when it is told.
//
//   ORDERCAST_URL=http://host:port node page.mjs SCENARIO

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import {
  assertAccessible,
  base,
  eventually,
  graphql,
  numbers,
  payOrder,
  placeOrder,
  row,
  tell,
  waitForOrders,
  waitForStatus,
  withBrowser,
} from './browser.mjs';

const scenarios = {
  async an_order_placed_in_one_window_shows_in_another({ open }) {
    const [one, other] = [await open(), await open()];
    await waitForStatus(one, /^Live$/);
    await waitForStatus(other, /^Live$/);
    await waitForOrders(other, [2, 1]);
    await other.evaluate(() => (globalThis.isTheSameDocument = true));

    await one.getByLabel('User', { exact: true }).fill('joe');
    await one.getByLabel(/^Day/).fill('2027-02-28');
    await one.getByRole('button', { name: 'Place order' }).click();
    await one.getByText('Order 3 was placed.').first().waitFor();
    await waitForOrders(one, [3, 2, 1]);
    await waitForOrders(other, [3, 2, 1]);
    assert.match(await row(other, 3).innerText(), /joe\s+2027-02-28\s+Unpaid/);

    await other.getByRole('button', { name: 'Pay order 3' }).click();
    await row(one, 3).getByText('Paid', { exact: true }).waitFor();
    await other.getByRole('button', { name: 'Cancel order 1' }).click();
    await waitForOrders(one, [3, 2]);
    await waitForOrders(other, [3, 2]);

    tell('place orders by SQL');
    await waitForOrders(one, [5, 4, 3, 2]);
    await waitForOrders(other, [5, 4, 3, 2]);

    // What screen readers are told.
    await other.getByRole('log').getByText('Order 5 of caty88 was placed.').waitFor();
    await eventually('five events are counted', async () => {
      const figure = await other.getByTestId('events').innerText();
      return [figure === '5', figure];
    });
    await other.getByTestId('delivery').getByText(/^\d+ ms$/).waitFor();
    assert(await other.evaluate(() => globalThis.isTheSameDocument), 'without a reload');
  },

  async a_restart_is_told_and_what_was_missed_is_shown_once({ open, expect }) {
    expect(/WebSocket connection to .* failed/, /ERR_CONNECTION_REFUSED/);
    const sent = [];
    const page = await open('/', { prepare: (page) => watchSockets(page, sent) });
    await waitForStatus(page, /^Live$/);
    const first = await placeOrder('joe');
    await row(page, first).waitFor();

    tell('kill the server');
    await waitForStatus(page, /^Reconnecting since \d/);
    tell('place orders by SQL and start the server');
    await waitForStatus(page, /^Live, resumed: 4 events caught up$/);
    await waitForOrders(page, [6, 5, 4, 3, 2, 1]);
    await row(page, first).getByText('Paid', { exact: true }).waitFor();

    // It goes on as before.
    await placeOrder('caty88');
    await waitForOrders(page, [7, 6, 5, 4, 3, 2, 1]);
    await waitForStatus(page, /^Live, resumed: 4 events caught up$/);
    const inits = sent.filter(({ type }) => type === 'connection_init');
    assert.equal(inits[0].payload?.resume, undefined);
    assert.match(inits.at(-1).payload.resume, /\S/);
    const documents = sent.filter(({ type }) => type === 'subscribe').map(({ payload }) => JSON.stringify(payload));
    assert(documents.length >= 2 && new Set(documents).size === 1, 'the client repeats its document word for word');
  },

  async a_page_whose_database_was_replaced_starts_anew({ open, expect }) {
    expect(/WebSocket connection to .* failed/, /ERR_CONNECTION_REFUSED/);
    const page = await open();
    await waitForStatus(page, /^Live$/);
    for (const username of ['joe', 'caty88', 'joe']) await placeOrder(username);
    await waitForOrders(page, [5, 4, 3, 2, 1]);
    tell('kill the server');
    await waitForStatus(page, /^Reconnecting since \d/);
    tell('start a server on a new database');
    await waitForOrders(page, [2, 1]);
    await waitForStatus(page, /^Live$/);
    await placeOrder('joe');
    await waitForOrders(page, [3, 2, 1]);
  },

  async filters_and_pages_stay_live({ open }) {
    for (let count = 0; count < 43; count += 1) await placeOrder(count % 2 ? 'joe' : 'caty88', count % 3 ? 'UNPAID' : 'PAID');
    const all = await orders();
    assert.equal(all.length, 45);
    const page = await open();
    await waitForStatus(page, /^Live$/);
    const show = (count, like = () => true) => all.filter(like).slice(0, count).map(({ number }) => number);
    await waitForOrders(page, show(20));
    const older = page.getByRole('button', { name: 'Show older orders' });
    await older.click();
    await waitForOrders(page, show(40));
    // What is placed while older ones are read is shown too.
    const [, placed] = await Promise.all([older.click(), placeOrder('joe')]);
    await waitForOrders(page, [placed, ...show(45)]);
    assert.equal(await older.count(), 0, 'there are no older ones');
    // Of an order of an older page.
    await row(page, 1).getByRole('button', { name: 'Cancel order 1', exact: true }).click();
    await waitForOrders(page, [placed, ...show(44)]);

    const unpaidOfJoe = (order) => order.state === 'UNPAID' && order.username === 'joe' && order.number !== 1;
    await page.getByRole('radio', { name: 'Unpaid' }).check();
    await page.getByRole('searchbox', { name: 'Filter by user' }).fill('joe');
    const matching = [placed, ...show(19, unpaidOfJoe)].slice(0, 20);
    await waitForOrders(page, matching);
    await waitForUrl(page, '/?state=UNPAID&user=joe');
    // What does not match does not show, what matches does, and what no longer matches goes.
    await placeOrder('caty88');
    await placeOrder('joe', 'PAID');
    const another = await placeOrder('joe');
    await waitForOrders(page, [another, ...matching]);
    await payOrder(placed);
    await waitForOrders(page, [another, ...matching.slice(1)]);
    // The other way round: it comes into the list, in its place.
    await page.getByRole('radio', { name: 'Paid', exact: true }).check();
    await waitForUrl(page, '/?state=PAID&user=joe');
    await row(page, placed).waitFor();
    await payOrder(another);
    await row(page, another).waitFor();
    const shown = await numbers(page);
    assert.deepEqual(shown, shown.toSorted((a, b) => b - a));

    await page.reload();
    await waitForOrders(page, shown);
    await page.getByRole('searchbox', { name: 'Filter by user' }).fill('nobody');
    await page.getByText('No such orders yet.').waitFor();
  },

  async errors_are_told_where_they_happen_and_undo_what_was_expected({ open, expect }) {
    expect(/ERR_FAILED/);
    let release;
    const events = { held: false, waiting: [], deliver: undefined };
    const page = await open('/', {
      prepare: async (page) => {
        await page.routeWebSocket('**/graphql', (socket) => {
          const server = socket.connectToServer();
          events.deliver = (message) => socket.send(message);
          server.onMessage((message) => (events.held ? events.waiting.push(message) : socket.send(message)));
        });
        await page.route('**/graphql', async (route) => {
          const { operationName } = route.request().postDataJSON();
          if (operationName === 'CancelOrder') return route.abort();
          if (operationName === 'PayOrder') await new Promise((resolve) => (release = resolve));
          return route.continue();
        });
      },
    });
    await waitForStatus(page, /^Live$/);

    const place = page.getByRole('form', { name: 'Place an order' });
    await place.getByLabel('User', { exact: true }).fill('nobody');
    await place.getByRole('button', { name: 'Place order' }).click();
    await place.getByRole('alert').filter({ hasText: 'there is no user `nobody`' }).waitFor();
    await waitForOrders(page, [2, 1]);

    // Somebody else pays order 1 while the page hears nothing of it.
    events.held = true;
    await payOrder(1);
    await page.getByRole('button', { name: 'Pay order 1' }).click();
    await row(page, 1).getByText('Paid', { exact: true }).waitFor();
    await eventually('the request is on its way', async () => [release !== undefined, 'not sent']);
    release();
    await row(page, 1).getByRole('alert').filter({ hasText: 'paid' }).waitFor();
    await row(page, 1).getByText('Unpaid', { exact: true }).waitFor();
    // Then it does.
    events.held = false;
    events.waiting.forEach(events.deliver);
    await row(page, 1).getByText('Paid', { exact: true }).waitFor();

    const placed = await placeOrder('joe');
    await page.getByRole('button', { name: `Cancel order ${placed}` }).click();
    await row(page, placed).getByRole('alert').filter({ hasText: 'No answer came' }).waitFor();
    await row(page, placed).getByText('Unpaid', { exact: true }).waitFor();
    await waitForOrders(page, [placed, 2, 1]);
  },

  async a_token_says_who_looks_at_it({ open, expect }) {
    // Browsers tell of each answer that is no success.
    expect(/status of 401/);
    const { ORDERCAST_TOKEN: staff, ORDERCAST_TOKEN_OF_JOE: joe } = process.env;
    const sent = [];
    const headers = [];
    const page = await open('/', { prepare: (page) => watchSockets(page, sent) });
    page.on('request', (request) => {
      if (request.url().endsWith('/graphql')) headers.push(request.headers().authorization);
    });
    const menu = page.locator('.viewer > button');
    const dialog = page.getByRole('dialog', { name: 'Who you are' });
    const problem = (text) => dialog.getByRole('alert').filter({ hasText: text }).waitFor();
    const use = async (token) => {
      await dialog.getByLabel('Token').fill(token);
      await dialog.getByRole('button', { name: 'Use this token' }).click();
    };
    const initialised = () => sent.filter(({ type }) => type === 'connection_init').map(({ payload }) => payload?.Authorization);

    // Without a token.
    await menu.getByText('Not signed in').waitFor();
    await waitForStatus(page, /This server asks who you are/);
    await page.getByRole('alert').filter({ hasText: 'sign in with a token' }).waitFor();
    assert.deepEqual(initialised(), [], 'there is nothing to follow');
    await menu.click();
    await dialog.getByText('This server asks who you are').waitFor();

    // With one that is none, or wrong.
    headers.length = 0;
    await use('not a token');
    await problem('A token has');
    assert.deepEqual(headers, [], 'nothing is sent');
    await use('aa.bb.cc');
    await problem('no JWT');
    assert(headers.length > 0 && headers.every((header) => header === 'Bearer aa.bb.cc'), JSON.stringify(headers));
    await use(sign({ sub: 'joe', exp: seconds() + 3600 }, 'another secret'));
    await problem('signature is wrong');
    await use(sign({ sub: 'joe', exp: seconds() - 3600 }));
    await problem('expired');

    // Staff see all.
    headers.length = 0;
    await use(`Bearer ${staff}`);
    await dialog.waitFor({ state: 'hidden' });
    await menu.getByText('boss').waitFor();
    await waitForOrders(page, [2, 1]);
    await waitForStatus(page, /^Live/);
    assert.equal(initialised().at(-1), `Bearer ${staff}`);
    assert(headers.length > 0 && headers.every((header) => header === `Bearer ${staff}`), JSON.stringify(headers));

    // A customer sees their own, and so it stays.
    const [ofJoe, ofCaty] = [await placeOrder('joe'), await placeOrder('caty88')];
    await waitForOrders(page, [ofCaty, ofJoe, 2, 1]);
    await menu.click();
    await dialog.getByText('You are boss, of the staff.').waitFor();
    await use(joe);
    await dialog.waitFor({ state: 'hidden' });
    await menu.getByText('joe').waitFor();
    await waitForOrders(page, (await orders()).filter(({ username }) => username === 'joe').map(({ number }) => number));
    await eventually('the connection is joe\'s', async () => [initialised().at(-1) === `Bearer ${joe}`, initialised().at(-1)]);
    await waitForStatus(page, /^Live/);
    await placeOrder('caty88');
    const newer = await placeOrder('joe');
    await row(page, newer).waitFor();
    await waitForOrders(page, (await orders()).filter(({ username }) => username === 'joe').map(({ number }) => number));

    // It lives as long as the tab.
    await page.reload();
    await menu.getByText('joe').waitFor();
    await waitForStatus(page, /^Live$/);

    // One that expires while it is looked at.
    await menu.click();
    await use(sign({ sub: 'joe', exp: seconds() + 8 }));
    await dialog.waitFor({ state: 'hidden' });
    await waitForStatus(page, /^Reconnecting .*The token has expired/);
    const missed = await placeOrder('joe');
    await menu.click();
    await use(joe);
    await dialog.waitFor({ state: 'hidden' });
    await waitForStatus(page, /^Live/);
    await row(page, missed).waitFor();

    await menu.click();
    await dialog.getByRole('button', { name: 'Forget the token' }).click();
    await problem('sign in with a token');
  },

  async it_is_for_everyone({ open }) {
    for (const colorScheme of ['light', 'dark']) {
      for (const width of [1200, 360]) {
        const page = await open('/', { colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' });
        const what = `${colorScheme}, ${width} pixels`;
        await waitForStatus(page, /^Live/);
        await row(page, 1).waitFor();
        await assertAccessible(page, what);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert(overflow <= 0, `${what}: ${overflow} pixels are off the window`);
        // With a refusal, and with the dialog.
        await page.getByLabel('User', { exact: true }).fill('nobody');
        await page.keyboard.press('Enter');
        await page.getByRole('form', { name: 'Place an order' }).getByRole('alert').waitFor();
        await assertAccessible(page, `${what}, refused`);
        await page.locator('.viewer > button').click();
        await page.getByRole('dialog').waitFor();
        await assertAccessible(page, `${what}, dialog`);
        await page.context().close();
      }
    }

    // By keyboard alone.
    const page = await open();
    await waitForStatus(page, /^Live/);
    const focus = () => page.evaluate(() => {
      const { activeElement: element } = document;
      const label = element.getAttribute('aria-label') ?? element.labels?.[0]?.textContent ?? element.textContent;
      return { label: label.trim(), outline: getComputedStyle(element).outlineStyle };
    });
    const tabTo = async (label) => {
      for (let step = 0; step < 40; step += 1) {
        await page.keyboard.press('Tab');
        const { label: focused, outline } = await focus();
        assert.notEqual(outline, 'none', `the focus on ${focused} is seen`);
        if (focused.startsWith(label)) return;
      }
      assert.fail(`${label} is not reached`);
    };
    await tabTo('Staff');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    assert.equal((await focus()).label, 'Staff', 'the focus is back');
    await tabTo('All');
    await page.keyboard.press('ArrowRight');
    await waitForOrders(page, [1]);
    await page.keyboard.press('ArrowLeft');
    await waitForOrders(page, [2, 1]);
    await tabTo('User');
    await page.keyboard.type('joe');
    await page.keyboard.press('Enter');
    await waitForOrders(page, [3, 2, 1]);
    await tabTo('Pay order 3');
    await page.keyboard.press('Space');
    await row(page, 3).getByText('Paid', { exact: true }).waitFor();
    // What had the focus is gone, and who uses a keyboard goes on from there.
    const focusIsOn = (number) =>
      eventually(`the focus is on order ${number}`, async () => {
        const found = await page.evaluate(() => document.activeElement.dataset.order ?? document.activeElement.outerHTML);
        return [found === String(number), found];
      });
    await focusIsOn(3);
    await page.keyboard.press('Tab');
    assert.equal((await focus()).label, 'Pay order 1');
    await page.keyboard.press('Tab');
    assert.equal((await focus()).label, 'Cancel order 1');
    await page.keyboard.press('Enter');
    await waitForOrders(page, [3, 2]);
    await focusIsOn(2);

    const names = await page.getByRole('columnheader').allInnerTexts();
    assert.deepEqual(names, ['Order', 'User', 'Day', 'State', 'Actions']);
    assert.equal(await page.getByRole('table', { name: 'Orders' }).getByRole('rowheader', { name: '3' }).count(), 1);
  },

  async graphiql_runs_the_subscription_of_the_talk({ open }) {
    const page = await open('/graphiql');
    await page.getByRole('tab', { name: 'getLastOrder' }).waitFor();
    for (const name of ['getOrders', 'placeOrder', 'orderEvents']) await page.getByRole('tab', { name }).waitFor();
    // The schema comes, and the editor's workers.
    await page.getByRole('button', { name: /documentation explorer/i }).first().click();
    await page.locator('.graphiql-doc-explorer').getByText('Subscription').first().waitFor();
    await eventually('the editor has its workers', async () => [page.workers().length >= 2, page.workers().length]);

    const response = page.locator('.graphiql-response');
    // The editor reads its document a little after it shows it, so a hasty click may be one for nothing.
    const execute = (expected) =>
      eventually(`the answer has ${expected}`, async () => {
        const button = page.getByRole('button', { name: /^Execute query/ });
        if (await button.isVisible()) await button.click();
        const came = response.getByText(expected).first().waitFor({ timeout: 3000 });
        return [await came.then(() => true, () => false), await response.innerText()];
      });
    await execute('"caty88"');
    await response.getByText('"2026-04-12"').first().waitFor();
    // It goes on by itself.
    await placeOrder('joe');
    await response.getByText('"joe"').first().waitFor();
    // Over HTTP, in another tab.
    await page.getByRole('tab', { name: 'getOrders' }).click();
    await page.locator('.graphiql-query-editor').getByText('getOrders').first().waitFor();
    await execute('"getOrders"');
  },

  async graphiql_shows_why_a_subscription_was_refused({ open }) {
    const query = 'subscription refused { orderEvents(after: "none") { kind } }';
    const page = await open('/graphiql');
    await page.getByRole('tab', { name: 'orderEvents' }).click();
    const editor = page.locator('.graphiql-query-editor');
    await editor.locator('textarea, [contenteditable], .native-edit-context').first().focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(query);
    await page.getByRole('tab', { name: 'refused' }).waitFor();
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await page.locator('.graphiql-response').getByText('"CURSOR_INVALID"').first().waitFor();
  },

  async graphiql_sends_its_headers_over_http_and_with_subscriptions({ open, expect }) {
    // What is asked before there is a token: the schema.
    expect(/status of 401/);
    const { ORDERCAST_TOKEN: staff } = process.env;
    const [sent, headers] = [[], []];
    const page = await open('/graphiql', { prepare: (page) => watchSockets(page, sent) });
    page.on('request', (request) => {
      if (request.url().endsWith('/graphql')) headers.push(request.headers().authorization);
    });
    await page.getByRole('tab', { name: 'getLastOrder' }).waitFor();
    await page.getByRole('button', { name: 'Headers', exact: true }).click();
    const editors = page.locator('.graphiql-editor-tool').locator('textarea, [contenteditable], .native-edit-context');
    await editors.and(page.locator(':visible')).first().focus();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText(JSON.stringify({ Authorization: `Bearer ${staff}` }));
    const response = page.locator('.graphiql-response');
    const execute = (expected) =>
      eventually(`the answer has ${expected}`, async () => {
        const button = page.getByRole('button', { name: /^Execute query/ });
        if (await button.isVisible()) await button.click();
        const came = response.getByText(expected).first().waitFor({ timeout: 3000 });
        return [await came.then(() => true, () => false), await response.innerText()];
      });
    await execute('"caty88"');
    const inits = sent.filter(({ type }) => type === 'connection_init').map(({ payload }) => payload?.Authorization);
    assert.equal(inits.at(-1), `Bearer ${staff}`);
    await placeOrder('joe');
    await response.getByText('"joe"').first().waitFor();
    // Over HTTP: the schema, which it did not get without.
    await page.getByRole('button', { name: 'Re-fetch GraphQL schema' }).click();
    await eventually('it asks with the token', async () => [headers.includes(`Bearer ${staff}`), headers]);
    await page.getByRole('button', { name: /documentation explorer/i }).first().click();
    await page.locator('.graphiql-doc-explorer').getByText('Subscription').first().waitFor();
  },

  async the_browsers_own_event_source_comes_back_and_misses_nothing({ open, expect }) {
    expect(/WebSocket connection to .* failed/, /ERR_CONNECTION_REFUSED/, /ERR_INCOMPLETE_CHUNKED_ENCODING/);
    const page = await open();
    await page.evaluate((query) => {
      globalThis.told = [];
      const source = new EventSource(`/graphql?query=${encodeURIComponent(query)}`);
      source.addEventListener('next', ({ data }) => told.push(JSON.parse(data).data.orderEvents.order.id));
      return new Promise((resolve) => source.addEventListener('open', resolve));
    }, 'subscription { orderEvents { order { id } } }');
    const hasTold = (numbers) => {
      const wanted = JSON.stringify(numbers.map((number) => `Order:${number}`));
      return eventually(`it was told ${wanted}`, async () => {
        const told = JSON.stringify(await page.evaluate(() => globalThis.told));
        return [told === wanted, told];
      });
    };
    await placeOrder('joe');
    await hasTold([3]);
    tell('kill the server, place orders by SQL and start it');
    await hasTold([3, 4, 5, 6]);
    await placeOrder('joe');
    await hasTold([3, 4, 5, 6, 7]);
  },
};

/** What the page sends on its sockets. */
function watchSockets(page, sent) {
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(JSON.parse(payload))));
}

/** Every order, newest first. */
async function orders() {
  const { getOrders } = await graphql('{ getOrders { id state user { username } } }');
  const read = ({ id, state, user: { username } }) => ({ number: Number(id.split(':').at(-1)), state, username });
  return getOrders.map(read).reverse();
}

/** A token, signed by the server's secret or another. */
function sign(claims, secret = process.env.ORDERCAST_JWT_SECRET) {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const message = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
}

/** The time as tokens have it. */
function seconds() {
  return Math.floor(Date.now() / 1000);
}

async function waitForUrl(page, path) {
  await eventually(`the address is ${path}`, async () => [page.url() === base + path, page.url()]);
}

await withBrowser(scenarios[process.argv[2]]);
tell('done');
