/** Runs the steps of `order_report`. Each attempt of `order` reads one response of the API. */
import { OperationError } from 'mcp-async-operations/operation';
import { type ApiRequest, type LastCall, StepRefused, stepHandler } from 'mcp-async-operations/steps';
import * as z from 'zod';
import { orderReport } from './operation.ts';

const USD_PER_PAGE = 4;
const AGENCY = { connection: 'agency', query: {}, hasBody: false } as const;

/** What the agency responds. A foreign API can send anything, so the step checks it. */
const order = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  state: z.enum(['writing', 'done', 'rejected']),
  url: z.url().optional(),
  retry_in_seconds: z.number().min(1).max(300).catch(60),
});

export const handler = stepHandler(orderReport, {
  approve: async ({ input, requestInput }) => {
    const { spend } = requestInput({
      spend: {
        message: `"${input.topic}", ${input.pages} pages, costs ${USD_PER_PAGE * input.pages} USD. Order it?`,
        schema: z.object({ approve: z.boolean().describe('Order the report and pay for it.') }),
      },
    });
    if (spend.action === 'accept' && spend.content.approve) return null;
    throw new StepRefused('The order was not approved, and nothing was ordered.');
  },

  order: async ({ input: { topic, pages }, apis }) => {
    const { last } = apis;
    if (!last) {
      const query = { topic, pages: String(pages) };
      const request: ApiRequest = { ...AGENCY, method: 'POST', path: '/reports', query };
      return apis.call({ request, seconds: 0, message: 'Ordering the report.', memory: null });
    }
    const { id, state, url, retry_in_seconds } = readOrder(last);
    if (state === 'done' && url !== undefined) return { order: id, url };
    if (state !== 'writing') throw new OperationError('REPORT_REJECTED', `The agency rejected order ${id}.`);
    const request: ApiRequest = { ...AGENCY, method: 'GET', path: `/reports/${id}` };
    const message = `The agency writes order ${id}.`;
    return apis.call({ request, seconds: retry_in_seconds, message, memory: null });
  },
});

/** @throws OperationError AGENCY_FAILED; retryable unless the order may have arrived */
function readOrder({ request, response, caught }: LastCall): z.output<typeof order> {
  const { success, data } = order.safeParse(response?.ResponseBody);
  if (success) return data;
  const reason = caught ? `failed (${caught.Error})` : 'responded with no order';
  throw new OperationError('AGENCY_FAILED', `The agency ${reason} to ${request.method} ${request.path}.`, {
    retryable: request.method === 'GET',
  });
}
