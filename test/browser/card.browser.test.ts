/** Tests the card in a browser, in the frame of a host of MCP Apps: what it shows, by keyboard, small, in dark, in pictures, and attacked. */
import type { Browser, Frame, Page } from 'puppeteer-core';
import { violationsOf } from './accessibility.ts';
import { launchBrowser, setTheme } from './browser.ts';
import { buildCard, type Host, openCard } from './card-frame.ts';
import { fixClockOfDocuments, PICTURE_TIME_MS } from './fixed-clock.ts';
import type { HostPageOptions } from './host-page.ts';
import { expectPictures } from './pictures.ts';

type Params = Readonly<Record<string, unknown>>;

const JOB_ID = '11111111-2222-4333-8444-555555555555';
const SECOND_MS = 1_000;
const NARROW = 320;

let browser: Browser;
let page: Page;
let html: string;
const calls: { readonly name: string; readonly args: Params }[] = [];

beforeAll(async () => {
  html = buildCard();
  browser = await launchBrowser();
}, 60_000);
beforeEach(async () => {
  calls.length = 0;
  page = await browser.newPage();
  await fixClockOfDocuments(page, PICTURE_TIME_MS);
  await setTheme(page, 'light');
});
afterEach(async () => {
  await page.close();
});
afterAll(async () => {
  await browser.close();
});

/** The running job is in its second step. */
const startMs = PICTURE_TIME_MS - 95 * SECOND_MS;
const at = (seconds: number) => new Date(startMs + seconds * SECOND_MS).toISOString();

const view = (more: Params): Params => ({
  job_id: JOB_ID,
  operation: 'build',
  project: 'web-shop',
  status: 'running',
  progress: 0.4,
  poll_after_ms: 1_000,
  created_at: at(0),
  ...more,
});
const result = (structuredContent: Params) => ({ content: [], structuredContent });

const TIMELINE = {
  queued_ms: 120,
  steps: [
    {
      step: 'install',
      status: 'completed',
      started_at: at(0),
      ended_at: at(65),
      attempts: [
        {
          started_at: at(0),
          ended_at: at(20),
          error: { code: 'REGISTRY_BUSY', message: 'The registry answered 503.' },
        },
        { started_at: at(21), ended_at: at(65) },
      ],
    },
    { step: 'compile', status: 'running', started_at: at(65) },
    { step: 'test', status: 'pending' },
    { step: 'package', status: 'pending' },
  ],
};

const QUESTION = {
  message: 'Release web-shop to production?',
  schema: {
    type: 'object',
    properties: {
      approve: { type: 'boolean', description: 'Approve the release.' },
      copies: { type: 'integer', minimum: 1, maximum: 9 },
      region: { type: 'string', enum: ['eu', 'us'], enumNames: ['Europe', 'United States'] },
      reason: { type: 'string', maxLength: 500 },
    },
    required: ['approve', 'copies'],
  },
};

const SCENES: Readonly<Record<string, Params>> = {
  running: view({
    step: 'compile',
    message: 'Compiling 120 files.',
    timeline: TIMELINE,
    log_tail: Array.from({ length: 40 }, (_, index) => `src/file-${index}.ts compiled`),
  }),
  question: view({ operation: 'deploy', status: 'input_required', input_requests: { approve: QUESTION } }),
  page: view({
    operation: 'deploy',
    status: 'input_required',
    input_requests: {
      visit: { message: 'Sign in to the shop.', url: 'https://shop.example/sign-in?code=WDJB' },
    },
  }),
  upload: view({
    operation: 'import_project',
    status: 'input_required',
    input_requests: {
      archive: {
        message: 'Upload the archive of the project.',
        upload: {
          method: 'PUT',
          max_bytes: 1_000_000,
          url: `https://bucket.example/x?${'a'.repeat(300)}`,
          url_expires_at: at(900),
        },
      },
    },
  }),
  failed: view({
    status: 'failed',
    error: {
      code: 'TESTS_FAILED',
      message: '3 of 120 tests failed. Mend them, then start the build again.',
      step: 'test',
      retryable: false,
      details: { failed: 3 },
    },
    log_tail: ['FAIL cart.test.ts'],
    files: [{ name: 'test.log', size: 1_234 }],
  }),
  completed: view({
    status: 'completed',
    progress: 1,
    result: { artifact: '/builds/web-shop.tar.gz' },
    files: [{ name: 'web-shop.tar.gz', size: 1_234_567 }],
  }),
};

interface ShowOptions extends Partial<Omit<HostPageOptions, 'html'>> {
  /** Returns the result of each other tool than check_job. */
  readonly answer?: () => unknown;
}

/** Shows a job in the card. */
async function show(
  job: Params | (() => Params),
  { answer = () => result({}), ...options }: ShowOptions = {},
): Promise<Host> {
  const host = await openCard(
    page,
    (name, args) => {
      calls.push({ name, args });
      return name === 'check_job' ? result(typeof job === 'function' ? job() : job) : answer();
    },
    { html, ...options },
  );
  await host.sendToolResult(result({ job_id: JOB_ID, status: 'pending', progress: 0, poll_after_ms: 1_000 }));
  return host;
}

const acts = () => calls.filter(({ name }) => name !== 'check_job');

async function waitForText(card: Frame, text: string): Promise<void> {
  await card.waitForFunction((wanted) => document.body.innerText.includes(wanted), { timeout: 10_000 }, text);
}

describe.each(Object.keys(SCENES))('a job that is shown as %s', (name) => {
  test.each(['light', 'dark'] as const)(
    'has no accessibility problem in %s',
    async (theme) => {
      const { card, problems } = await show(SCENES[name] ?? {}, { context: { theme } });
      await waitForText(card, 'web-shop');
      expect(await violationsOf(card as unknown as Page)).toEqual([]);
      expect(problems).toEqual([]);
    },
    30_000,
  );

  test('fits into 320 px with the height that the host gives it, and looks as in its pictures', async () => {
    const { card } = await show(SCENES[name] ?? {}, { width: NARROW });
    await waitForText(card, 'web-shop');
    await card.waitForFunction(() => innerHeight === document.body.scrollHeight);
    expect(await card.evaluate(() => document.documentElement.scrollWidth)).toBe(NARROW);
    await expectPictures(page, `card-${name}`, 'iframe');
  }, 30_000);
});

test('shows steps, log and progress, and follows the job to its end', async () => {
  let job = SCENES.running ?? {};
  const { card } = await show(() => job);
  await waitForText(card, 'src/file-39.ts compiled');
  const steps = await card.$$eval('.waterfall li', (rows) =>
    rows.map((row) => row.innerText.replace(/\s+/g, ' ').trim()),
  );
  expect(steps).toEqual([
    'install Completed 1 min 5 s 2 attempts Attempt 1: REGISTRY_BUSY The registry answered 503.',
    expect.stringMatching(/^compile Running/),
    'test Pending',
    'package Pending',
  ]);
  expect(await card.$eval('progress', ({ value }) => value)).toBe(0.4);
  // The log shows its end.
  expect(await card.$eval('.log', ({ scrollTop }) => scrollTop)).toBeGreaterThan(0);
  job = SCENES.completed ?? {};
  await waitForText(card, 'web-shop.tar.gz');
  expect(await card.$eval('[role=status]', ({ textContent }) => textContent)).toBe(
    'Build web-shop has completed.',
  );
}, 30_000);

test('a question is answered by keyboard, and what is wrong with an answer is said at its field', async () => {
  let job = SCENES.question ?? {};
  const { card } = await show(() => job, {
    answer: () => {
      job = view({ operation: 'deploy', progress: 0.6 });
      return result(job);
    },
  });
  await waitForText(card, 'Release web-shop to production?');
  await card.focus('.question input[type=radio]');
  await page.keyboard.press('Tab');
  await page.keyboard.type('12');
  await page.keyboard.press('Enter');
  await waitForText(card, 'Choose one.');
  // The first field that is wrong has the focus.
  expect(await card.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('radio');
  await page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await waitForText(card, 'Enter 9 or less.');
  expect(await card.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe('true');
  // Tab has selected the number.
  await page.keyboard.type('1');
  await page.keyboard.press('Enter');
  await card.waitForFunction(() => !document.querySelector('.question'));
  expect(acts()).toEqual([
    {
      name: 'answer_job',
      args: {
        job_id: JOB_ID,
        answers: { approve: { action: 'accept', content: { approve: true, copies: 1 } } },
      },
    },
  ]);
  // The form is gone: its focus is not lost.
  expect(await card.evaluate(() => document.activeElement?.id)).toBe('title');
}, 30_000);

test('a job is cancelled only when the user confirms it', async () => {
  const { card, told } = await show(SCENES.running ?? {}, {
    answer: () => result(view({ status: 'cancelled', message: 'Cancelled.' })),
  });
  await waitForText(card, 'Cancel job');
  await (await card.waitForSelector('.buttons button'))?.press('Enter');
  await waitForText(card, 'Finished work is not undone.');
  // The harmless one gets the focus, after it is painted.
  const isFocused = () => document.activeElement?.matches('.confirm button');
  await card.waitForFunction(isFocused);
  await page.keyboard.press('Enter');
  await waitForText(card, 'Cancel job');
  expect(acts()).toEqual([]);
  await (await card.waitForSelector('.buttons button'))?.press('Enter');
  await card.waitForFunction(isFocused);
  await (await card.waitForSelector('.danger'))?.press('Enter');
  await waitForText(card, 'Cancelled');
  expect(acts()).toEqual([{ name: 'cancel_job', args: { job_id: JOB_ID } }]);
  expect(told[0]).toContain('The user cancelled job');
}, 30_000);

test('a failed job is retried, and the card follows the new one', async () => {
  const next = '22222222-2222-4333-8444-555555555555';
  let job = SCENES.failed ?? {};
  const { card } = await show(() => job, {
    answer: () => {
      job = view({ job_id: next, retried_from: JOB_ID, progress: 0.5 });
      return result(job);
    },
  });
  await waitForText(card, '3 of 120 tests failed.');
  await (await card.waitForSelector('.buttons .primary'))?.press('Enter');
  await waitForText(card, `Retries job ${JOB_ID}.`);
  expect(acts()).toEqual([{ name: 'retry_job', args: { job_id: JOB_ID } }]);
}, 30_000);

test('a page and a file are opened by the host', async () => {
  const url = 'https://bucket.example/a';
  const shown = { ...SCENES.page, files: [{ name: 'a', size: 1 }] };
  const { card, opened } = await show(shown, { answer: () => result({ files: [{ name: 'a', url }] }) });
  await waitForText(card, 'Open the page');
  await (await card.waitForSelector('.question .primary'))?.click();
  await (await card.waitForSelector('.card-files button'))?.click();
  await page.waitForFunction(() => true);
  await card.waitForFunction(() => !document.body.innerText.includes('Opening'));
  expect(opened).toEqual(['https://shop.example/sign-in?code=WDJB', url]);
}, 30_000);

test('the card says that the host cannot call tools or open pages', async () => {
  const { card } = await show(SCENES.running ?? {}, { capabilities: {} });
  await waitForText(card, 'This host does not let the card follow the job.');
  expect(await card.$$('button')).toEqual([]);
  expect(calls).toEqual([]);
}, 30_000);

test('the card uses the theme and the colors of the host, also when they change', async () => {
  const colors = [
    'background-primary',
    'background-secondary',
    'text-primary',
    'text-secondary',
    'border-primary',
  ];
  const variables = Object.fromEntries(
    colors.map((name) => [`--color-${name}`, name.startsWith('text') ? '#fff' : '#123456']),
  );
  const { card, changeContext } = await show(SCENES.running ?? {}, { context: { theme: 'light' } });
  await waitForText(card, 'web-shop');
  const background = () => card.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(await background()).toBe('rgb(255, 255, 255)');
  await changeContext({ theme: 'dark' });
  await card.waitForFunction(() => getComputedStyle(document.body).backgroundColor === 'rgb(22, 24, 29)');
  await changeContext({ theme: 'dark', styles: { variables } });
  await card.waitForFunction(() => getComputedStyle(document.body).backgroundColor === 'rgb(18, 52, 86)');
}, 30_000);

test('HTML and scripts in whatever the service sends do nothing', async () => {
  const attack = `<img src=x onerror="parent.postMessage('hit','*');alert(1)"><script>alert(2)</script>`;
  const { card, problems, opened } = await show(
    {
      ...view({
        project: attack,
        operation: attack,
        status: 'input_required',
        step: attack,
        message: attack,
        retried_from: attack,
        log_tail: [attack, `\u202e${attack}`, 'x'.repeat(1_000_000)],
        files: [{ name: attack, size: 1 }],
        result: { attack },
        error: { code: attack, message: attack, step: attack, details: { [attack]: attack } },
        timeline: {
          steps: [
            {
              step: attack,
              status: 'completed',
              started_at: at(0),
              attempts: [
                { started_at: at(0), error: { code: attack, message: attack } },
                { started_at: at(1) },
              ],
            },
          ],
        },
        input_requests: {
          [attack]: {
            message: attack,
            schema: {
              properties: {
                [attack]: { type: 'string', title: attack, description: attack, enum: [attack] },
              },
            },
          },
          page: { message: attack, url: 'javascript:alert(3)' },
          file: { message: attack, upload: { max_bytes: 1, url: attack, url_expires_at: at(0) } },
        },
      }),
    },
    { answer: () => result({ files: [{ name: attack, url: 'javascript:alert(4)' }] }) },
  );
  await waitForText(card, attack);
  expect(await card.$$('img, script:not(body > script), a')).toEqual([]);
  await (await card.waitForSelector('.card-files button'))?.click();
  await waitForText(card, 'The file was not opened');
  // The page of a question cannot be opened, and so not be called finished.
  const buttons = await card.$$eval('.question button', (all) => all.map(({ textContent }) => textContent));
  expect(buttons).not.toContain('Open the page');
  expect(opened).toEqual([]);
  expect(problems).toEqual([]);
  expect(await card.evaluate(() => document.documentElement.scrollWidth)).toBe(
    await card.evaluate(() => innerWidth),
  );
}, 30_000);
