/** Writes the reference of events: their types, their payload and examples. */

import { type EventType, eventTypes } from '../../lambdas/events/event.ts';
import { createEventTypes } from '../../lambdas/mcp/events/event-types.ts';
import { TEST_EVENT } from '../../lambdas/webhooks/deliveries/delivery.ts';
import { DEFAULT_EVENTS } from '../../lambdas/webhooks/endpoints/endpoint.ts';
import { ApiSchemas } from './http-api/schemas.ts';
import { type JsonSchema, SchemaCollection } from './json-schema.ts';
import { code, generatedFrom, table } from './markdown.ts';
import { eventExamples, receiveEvent } from './openapi/webhook.ts';
import { schemaTable } from './schema-table.ts';

/** Properties that only the responses of one job have. */
const NOT_IN_EVENTS = ['files', 'timeline', 'trace', 'receipt'];

export function eventsPage(): string {
  const schemas = new ApiSchemas(undefined, 'http-api.md');
  const job = schemas.schema('Job');
  const properties = Object.entries((job.properties ?? {}) as Record<string, object>);
  const inEvents = properties.filter(([name]) => !NOT_IN_EVENTS.includes(name));
  const tableOf = (schema: JsonSchema) => schemaTable(schema, { ...schemas.texts, isResponse: true });
  const { parameters, responses } = receiveEvent(new SchemaCollection('#/'));
  return `# Events

${generatedFrom('the types of events and the schemas of their payload')}

Every change of a job is an event. Webhook endpoints, \`callback_url\`, the SNS topic and MCP Events carry the same events. The same change
always has the same \`id\`, however often it is sent. Events can arrive late, twice and out of order: the number after the last dot of the
\`id\` is the version of the job, and a higher version is newer.

## Types

An endpoint or a \`callback_url\` that names no events receives those with "yes". The SNS topic receives \`job.progress\` only with the option
\`progressToTopic\`.

${table(
  ['Type', 'By default', 'Meaning'],
  [
    ...eventTypes.map((type) => [code(type), DEFAULT_EVENTS.includes(type) ? 'yes' : 'no', meaningOf(type)]),
    [code(TEST_EVENT), 'on request', 'A test of one endpoint, from `POST /endpoints/{endpoint_id}/test`.'],
  ],
)}

## Headers of a webhook

A webhook is a \`POST\` with the headers of Standard Webhooks. [Verify a webhook](../guides/webhooks.md#verify-a-webhook) shows the code.

${table(
  ['Header', 'Meaning'],
  parameters.map(({ name, description }) => [code(name), description]),
)}

## Body of a webhook

${tableOf(schemas.schema('JobEvent'))}

MCP Events has other names: \`eventId\` for \`id\`, and \`name\` for \`type\`. It adds the \`cursor\` of the subscription.

## Responses to a webhook

${table(
  ['Status', 'What happens'],
  Object.entries(responses)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([status, { description }]) => [status === 'default' ? 'any other, or none' : status, description]),
)}

## The job in an event

\`data\` is the job at the time of the event. \`<name>\` is a name such as \`project\`, which the operation chooses as its
[subject](operation-definition.md#the-job-and-its-result).

${tableOf({ ...job, properties: Object.fromEntries(inEvents) })}

## Body of a test

${tableOf(schemas.schema('TestEvent'))}

## Attributes of the SNS topic

Each message has these attributes, for filter policies.

${table(
  ['Attribute', 'Value', 'Example'],
  [
    [code('type'), 'The type of the event.', code('job.completed')],
    [code('operation'), 'The name of the operation.', code('build')],
    [code('status'), 'The status of the job after the event.', code('completed')],
    [code('owner'), 'The owner of the job.', code('arn:aws:iam::111122223333:user/ada')],
    [
      code('traceparent'),
      'The trace of the job. Absent for a job without one.',
      code('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
    ],
  ],
)}

## Examples

${Object.entries(eventExamples)
  .map(([, { value }]) => `### ${value.type}\n\n\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``)
  .join('\n\n')}
`;
}

/** @returns the description of `events/list` */
function meaningOf(type: EventType): string {
  const listed = createEventTypes([]).list();
  return String(listed.find(({ name }) => name === type)?.description ?? '');
}
