/** Opens the card in a browser, in a host of MCP Apps whose server is the test. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { Frame, Page } from 'puppeteer-core';
import type { HostPage, HostPageOptions } from './host-page.ts';

type Params = Readonly<Record<string, unknown>>;

export interface Host {
  /** The card's own frame. */
  readonly card: Frame;
  /** The pages that the card asked to open. */
  readonly opened: readonly string[];
  /** What the card told the model. */
  readonly told: readonly string[];
  /** What the browser refused or threw. */
  readonly problems: readonly string[];
  sendToolResult(result: unknown): Promise<void>;
  changeContext(context: Params): Promise<void>;
}

const hostScript = () =>
  buildSync({
    entryPoints: [fileURLToPath(new URL('host-page.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
  }).outputFiles[0]?.text ?? '';

/** Returns the page as a build writes it. */
export function buildCard(): string {
  const directory = mkdtempSync(join(tmpdir(), 'card-'));
  const builder = fileURLToPath(new URL('../../console/build.ts', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [builder, 'card', directory], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The card could not be built: ${stderr}`);
  return readFileSync(join(directory, 'card.html'), 'utf8');
}

/** @param answer returns the result of a tool that the card calls */
export async function openCard(
  page: Page,
  answer: (name: string, args: Params) => unknown,
  options: Pick<HostPageOptions, 'html'> & Partial<HostPageOptions>,
): Promise<Host> {
  const opened: string[] = [];
  const told: string[] = [];
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!/^(about|data):/.test(request.url())) problems.push(`request: ${request.url()}`);
  });
  await page.setContent('<!doctype html><html lang="en"><title>Conversation</title><body></body></html>');
  await page.exposeFunction('callTool', async (name: string, args: Params) => answer(name, args));
  await page.exposeFunction('openLink', (url: string) => void opened.push(url));
  await page.exposeFunction('tellModel', (text: string) => void told.push(text));
  await page.addScriptTag({ content: hostScript(), type: 'module' });
  await page.waitForFunction(() => 'openCard' in globalThis);
  const given: HostPageOptions = {
    width: 640,
    capabilities: { serverTools: {}, openLinks: {}, updateModelContext: { text: {} } },
    context: {},
    ...options,
  };
  await page.evaluate((all) => (globalThis as unknown as HostPage).openCard(all), given);
  const card = page.frames().find((frame) => frame.parentFrame() === page.mainFrame());
  if (!card) throw new Error('The host shows no card.');
  return {
    card,
    opened,
    told,
    problems,
    sendToolResult: (result) =>
      page.evaluate(async (params) => {
        const { bridge } = globalThis as unknown as HostPage;
        await bridge.sendToolInput({ arguments: {} });
        await bridge.sendToolResult(params as never);
      }, result),
    changeContext: (context) =>
      page.evaluate((params) => (globalThis as unknown as HostPage).bridge.setHostContext(params), context),
  };
}
