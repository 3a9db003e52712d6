/** Writes the reference of events: their types, their payload and examples. */

import { job } from '../../lambdas/api/reference/schemas/job.ts';
import { jobEvent, testEvent } from '../../lambdas/api/reference/schemas/webhooks.ts';
import { type EventType, eventTypes } from '../../lambdas/events/event.ts';
import { createEventTypes } from '../../lambdas/mcp/events/event-types.ts';
import { TEST_EVENT } from '../../lambdas/webhooks/deliveries/delivery.ts';
import { DEFAULT_EVENTS } from '../../lambdas/webhooks/endpoints/endpoint.ts';
import { SchemaCollection } from './json-schema.ts';
import { code, generatedFrom, table } from './markdown.ts';
import { eventExamples } from './openapi/webhook.ts';
import { schemaTable } from './schema-table.ts';

/** Properties that only the responses of one job have. */
const NOT_IN_EVENTS = ['files', 'timeline', 'trace', 'receipt'];

export function eventsPage(): string {
  const schemas = new SchemaCollection('#/');
  const [event, test, data] = [jobEvent, testEvent, job].map((schema) => {
    const { $ref } = schemas.convert(schema);
    return schemas.named[String($ref).slice('#/'.length)] ?? {};
  });
  const properties = Object.entries((data?.properties ?? {}) as Record<string, object>);
  const inEvents = properties.filter(([name]) => !NOT_IN_EVENTS.includes(name));
  return `# Events

${generatedFrom('the types of events and the schemas of their payload')}

Every change of a job is an event. Webhook endpoints, \`callback_url\`, the SNS topic and MCP Events carry the same events. The same change
always has the same \`id\`, however often it is sent. Events can arrive late, twice and out of order: the number after the last dot of the
\`id\` is the version of the job, and a higher version is newer.

## Types

An endpoint or a \`callback_url\` that names no events receives those with "yes". The SNS topic receives \`job.progress\` only with the option
\`progressToTopic\`.

${table(
  ['Type', 'By default', 'Means'],
  [
    ...eventTypes.map((type) => [code(type), DEFAULT_EVENTS.includes(type) ? 'yes' : 'no', meaningOf(type)]),
    [code(TEST_EVENT), 'on request', 'A test of one endpoint, from `POST /endpoints/{endpoint_id}/test`.'],
  ],
)}

## Body of a webhook

${schemaTable(event ?? {})}

MCP Events has other names: \`eventId\` for \`id\`, and \`name\` for \`type\`. It adds the \`cursor\` of the subscription.

## The job in an event

\`data\` is the job at the time of the event. It also has what the job is about, under the name of an input property, such as \`project\`.
Types with a capital, such as \`JobError\`, are schemas of the [HTTP API](http-api.md#schemas).

${schemaTable({ ...data, properties: Object.fromEntries(inEvents) })}

## Body of a test

${schemaTable(test ?? {})}

## Attributes of the SNS topic

Each message has the attributes \`type\`, \`operation\`, \`owner\` and \`status\`, for filter policies.

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
