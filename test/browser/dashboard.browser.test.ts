/** Draws the layout of the template's dashboard for docs/guides/monitoring.md: all widgets are in view, and the picture is current. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'puppeteer-core';
import { dashboardOf, defaultTemplate } from '../lib/monitoring/monitoring-template.ts';
import { launchBrowser } from './browser.ts';
import { dashboardPage } from './dashboard-page.ts';
import { expectPicture } from './pictures.ts';

const template = defaultTemplate();
const { widgets } = dashboardOf(template);
const names = new Map(
  Object.entries(template.findResources('AWS::CloudWatch::Alarm')).map(([id, { Properties }]) => [
    id,
    Properties.AlarmName.replace(/^AsyncOperations-/, ''),
  ]),
);

let browser: Browser;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  page = await browser.newPage();
  await page.setContent(dashboardPage(widgets, names));
});
afterAll(() => browser.close());

test('no widget of the dashboard covers another or is beyond the grid', async () => {
  const boxes = await page.$$eval('section', (sections) =>
    sections.map((section) => {
      const { left, top, right, bottom } = section.getBoundingClientRect();
      return { left, top, right, bottom };
    }),
  );
  const width = await page.evaluate(() => document.body.clientWidth);
  expect(boxes).toHaveLength(widgets.length);
  for (const [index, box] of boxes.entries()) {
    expect(box.right).toBeLessThanOrEqual(width);
    const covered = boxes.filter(
      (other, at) =>
        at !== index &&
        other.left < box.right &&
        box.left < other.right &&
        other.top < box.bottom &&
        box.top < other.bottom,
    );
    expect(covered).toEqual([]);
  }
});

test('the picture has each widget with its title, and each alarm with its name', async () => {
  const text = await page.evaluate(() => document.body.innerText);
  for (const { properties } of widgets) {
    const title = properties.title ?? properties.markdown?.split('\n')[0]?.replace(/^#+ /, '') ?? '';
    expect(title).not.toBe('');
    expect(text).toContain(title);
  }
  for (const name of names.values()) expect(text).toContain(name);
  const hidden = await page.$$eval(
    'section.alarm ul, section.text p',
    (lists) =>
      lists.filter((list) => {
        const frame = list.closest('section')?.getBoundingClientRect();
        return list.getBoundingClientRect().bottom > (frame?.bottom ?? 0);
      }).length,
  );
  expect(hidden).toBe(0);
  await expectPicture(page, 'dashboard-layout', 'body');
});
