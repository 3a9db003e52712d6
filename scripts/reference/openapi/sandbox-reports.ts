/** Describes the route of sandboxes, which the construct of the first operation with a sandbox creates. */
import * as z from 'zod';
import { envelope, ReportCode } from '../../../lambdas/runner/sandbox/protocol.ts';
import { SchemaCollection } from '../json-schema.ts';

const REFUSED = 'The report was refused. It can succeed later only after `REPORTS_UNAVAILABLE` and 429.';

const PROPERTIES: Readonly<Record<keyof typeof envelope.shape, object>> = {
  token: { description: 'From the event of the sandbox, then from each response.' },
  report: {
    contentEncoding: 'base64',
    description:
      'JSON, compressed with gzip: `claim` in the first report, then `log`, `progress` and `message`, and `ending` in the last one.',
  },
};

const response = z.looseObject({
  continue: z.boolean().describe('False: stop the step.'),
  next_ms: z.int().describe('Milliseconds to the next report.').optional(),
  token: z.string().describe('For the next report.').optional(),
});

const refusal = z.looseObject({
  error: z
    .looseObject({
      code: z.enum(ReportCode).describe('Stable, for programs.'),
      message: z.string().describe('What happened, for people.'),
      retryable: z.boolean().describe('Whether the same report may succeed later.'),
    })
    .describe('What went wrong.'),
});

export function sandboxReportsPath() {
  const schemas = new SchemaCollection('#/components/schemas/');
  const body = schemas.convert(envelope, 'input');
  const properties = Object.entries(body.properties as Record<keyof typeof PROPERTIES, object>);
  const refused = {
    description: REFUSED,
    content: { 'application/json': { schema: schemas.convert(refusal) } },
  };
  return {
    '/sandbox-reports': {
      post: {
        operationId: 'reportFromSandbox',
        tags: ['Sandboxes'],
        summary: 'Report from a sandbox',
        description:
          'Only for the sandboxes of this deployment. A sandbox has no credentials. So each report has a token of its own in the body, which the service verifies. The token affects only its own attempt of a step. The route exists when an operation has a sandbox. A report without a response can be sent again.',
        security: [],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                ...body,
                properties: Object.fromEntries(
                  properties.map(([name, schema]) => [
                    name,
                    { ...schema, ...PROPERTIES[name as keyof typeof PROPERTIES] },
                  ]),
                ),
              },
            },
          },
        },
        responses: {
          '200': {
            description: 'The report was accepted, also when it was sent before.',
            content: { 'application/json': { schema: schemas.convert(response) } },
          },
          ...Object.fromEntries(
            ['400', '401', '409', '413', '429', '503'].map((status) => [status, refused]),
          ),
        },
      },
    },
  };
}
