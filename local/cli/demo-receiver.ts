/** Starts the demo's webhook receiver: gets a secret from the management API, then listens on a free port. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createReceiver, type ReceivedEvent } from '../../examples/webhook-receiver/receiver.ts';
import type { LocalCloud } from '../cloud.ts';

export interface DemoReceiver {
  /** Value for `callback_url`. */
  readonly url: string;
  /** Resolves with the first verified event and its `webhook-id`. */
  readonly received: Promise<{ readonly id: string; readonly event: ReceivedEvent }>;
  close(): void;
}

/** @throws Error when the management API returns no secret */
export async function startDemoReceiver({ url }: Pick<LocalCloud, 'url'>): Promise<DemoReceiver> {
  const response = await fetch(new URL('/callback-secret', url), { method: 'POST' });
  if (!response.ok)
    throw new Error(
      `POST /callback-secret failed with status ${response.status}. Check the log of the local cloud.`,
    );
  const { secret } = (await response.json()) as { readonly secret: string };
  const { promise: received, resolve } = Promise.withResolvers<{ id: string; event: ReceivedEvent }>();
  const server = createReceiver(secret, (id, event) => resolve({ id, event }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jobs`,
    received,
    close: () => void server.close(),
  };
}
