/** Tests the limits of the endpoint store with real tables. */
import { EndpointKind } from '../../lambdas/webhooks/endpoints/endpoint.ts';
import { MAX_ENDPOINTS } from '../../lambdas/webhooks/endpoints/endpoint-store.ts';
import { startWebhookTables } from '../support/webhook-tables.ts';

describe('endpoints of one owner', () => {
  let now = Date.parse('2026-01-01T00:00:00Z');
  let tables: Awaited<ReturnType<typeof startWebhookTables>>;

  beforeEach(async () => {
    tables = await startWebhookTables(() => now);
  });
  afterEach(() => tables.close());

  const put = (endpointId: string, kind: EndpointKind, refreshBefore?: string) =>
    tables.endpoints.put({ owner: 'alice', endpointId, kind, events: [], secrets: [], refreshBefore });
  const fill = async (kind: EndpointKind, refreshBefore?: string) => {
    for (let index = 0; index < MAX_ENDPOINTS; index++) await put(`${kind}_${index}`, kind, refreshBefore);
  };

  test('are limited, and the error names the limit', async () => {
    await fill(EndpointKind.webhook);
    await expect(put('one-more', EndpointKind.webhook)).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      details: { limit: 'subscriptions', max: MAX_ENDPOINTS },
    });
    await expect(put('webhook_0', EndpointKind.webhook)).resolves.toMatchObject({ endpointId: 'webhook_0' });
  });

  test('are not blocked by mailboxes, which have a separate limit', async () => {
    await fill(EndpointKind.mailbox, new Date(now + 1_000).toISOString());
    await expect(put('one-more', EndpointKind.mailbox)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    await expect(put('ep_1', EndpointKind.webhook)).resolves.toBeDefined();
    await expect(put('callbacks', EndpointKind.callbacks)).resolves.toBeDefined();
  });

  test('are removed when they have lapsed and the limit is reached', async () => {
    await fill(EndpointKind.mailbox, new Date(now + 1_000).toISOString());
    now += 1_000;
    await expect(put('one-more', EndpointKind.mailbox)).resolves.toBeDefined();
    expect(await tables.endpoints.list('alice')).toHaveLength(MAX_ENDPOINTS);
  });
});
