/** Connects the card, as its pure parts in Node.js, to the official bridge of a host. */
import type { Transport } from '@modelcontextprotocol/client';
import { AppBridge, type McpUiHostCapabilities } from '@modelcontextprotocol/ext-apps/app-bridge';
import { CardController, type CardState, type CardTimes } from '../../console/card/card-controller.ts';
import type { Port } from '../../console/card/host.ts';

type Params = Readonly<Record<string, unknown>>;
export type Call = { readonly name: string; readonly args: Params };

export const JOB_ID = '11111111-2222-4333-8444-555555555555';

/** The delays are short, so that tests are. */
const TIMES: CardTimes = {
  connectTimeoutMs: 5_000,
  callTimeoutMs: 5_000,
  actTimeoutMs: 5_000,
  firstDelayMs: 5,
  longestDelayMs: 20,
  shortestPollMs: 1,
};
/** For hosts that do not answer. */
export const IMPATIENT: CardTimes = { ...TIMES, connectTimeoutMs: 40, callTimeoutMs: 40, actTimeoutMs: 40 };

/** Two ends of a wire between frames: messages are copied and arrive later. */
function wire(): { readonly port: Port; readonly transport: Transport } {
  let receive = (_: unknown) => {};
  const transport: Transport = {
    start: async () => {},
    close: async () => {},
    send: async (message) => void setImmediate(() => receive(structuredClone(message))),
  };
  const port: Port = {
    send: (message) => void setImmediate(() => transport.onmessage?.(structuredClone(message) as never)),
    listen: (listener) => {
      receive = listener;
    },
  };
  return { port, transport };
}

/** Cards that still follow their jobs. */
const open: CardController[] = [];

/** Ends the cards of a test: a job that never ends is followed for ever. */
export function closeCards(): void {
  for (const controller of open.splice(0)) controller.stop();
}

export interface CardHost {
  readonly bridge: AppBridge;
  readonly controller: CardController;
  /** The calls that the card made, oldest first. */
  readonly calls: Call[];
  readonly opened: string[];
  readonly told: string[];
  readonly states: CardState[];
  state(): CardState;
  /** @throws Error when the card does not come into such a state within 30 s */
  until(isSo: (state: CardState) => boolean): Promise<CardState>;
}

/** @param answer returns the result of a tool call; a promise that never settles is a host that never answers */
export async function openCard(
  answer: (call: Call) => unknown,
  {
    capabilities = { serverTools: {}, openLinks: {}, updateModelContext: { text: {} } },
    context = {},
    times = TIMES,
  }: {
    readonly capabilities?: McpUiHostCapabilities;
    readonly context?: Params;
    readonly times?: CardTimes;
  } = {},
): Promise<CardHost> {
  const { port, transport } = wire();
  const calls: Call[] = [];
  const opened: string[] = [];
  const told: string[] = [];
  const states: CardState[] = [];
  const bridge = new AppBridge(null, { name: 'host', version: '1.0.0' }, capabilities, {
    hostContext: context,
  });
  bridge.oncalltool = async ({ name, arguments: args = {} }) => {
    const call = { name, args };
    calls.push(call);
    return (await answer(call)) as never;
  };
  bridge.onopenlink = async ({ url }) => {
    opened.push(url);
    return {};
  };
  bridge.onupdatemodelcontext = async ({ content = [] }) => {
    told.push(...content.flatMap((block) => (block.type === 'text' ? [block.text] : [])));
    return {};
  };
  const isReady = new Promise<void>((resolve) => {
    bridge.oninitialized = () => resolve();
  });
  await bridge.connect(transport);
  const controller = new CardController(port, (state) => states.push(state), undefined, times);
  open.push(controller);
  controller.start();
  await isReady;
  const state = () => states.at(-1) ?? { connection: 'connecting', canCall: false };
  return {
    bridge,
    controller,
    calls,
    opened,
    told,
    states,
    state,
    async until(isSo) {
      const end = Date.now() + 30_000;
      while (!isSo(state())) {
        if (Date.now() > end) throw new Error(`The card stays so: ${JSON.stringify(state())}`);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return state();
    },
  };
}

/** A host that receives what the card sends and answers nothing. @returns the messages, by time */
export function openSilently(): {
  readonly controller: CardController;
  readonly sent: { readonly method: string; readonly atMs: number }[];
  readonly states: CardState[];
  receive(message: unknown): void;
} {
  const sent: { method: string; atMs: number }[] = [];
  const states: CardState[] = [];
  let receive = (_: unknown) => {};
  const port: Port = {
    send: (message) => void sent.push({ method: (message as { method: string }).method, atMs: Date.now() }),
    listen: (listener) => {
      receive = listener;
    },
  };
  const controller = new CardController(port, (state) => states.push(state), undefined, IMPATIENT);
  controller.start();
  return { controller, sent, states, receive: (message) => receive(message) };
}

/** A tool result about a job. */
export function jobResult(view: Params): Params {
  return {
    content: [{ type: 'text', text: 'Job.' }],
    structuredContent: { job_id: JOB_ID, progress: 0, ...view },
  };
}

/** What check_job returns with details. */
export function checked(view: Params): Params {
  return jobResult({
    status: 'running',
    operation: 'build',
    project: 'web-shop',
    created_at: '2026-01-01T00:00:00Z',
    poll_after_ms: 1,
    ...view,
  });
}

export function errorResult(code: string, more: Params = {}): Params {
  const message = `${code}. Do something.`;
  return {
    isError: true,
    content: [{ type: 'text', text: message }],
    structuredContent: { error: { code, message, retryable: false, ...more } },
  };
}
