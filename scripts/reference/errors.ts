/** Writes the reference of errors: every code with its meaning, its statuses and the remedy. */
import { STATUSES } from '../../lambdas/api/response.ts';
import { EVENT_CODES, EventErrorCode } from '../../lambdas/mcp/events/errors.ts';
import { PROTOCOL_ERROR_CODES } from '../../lambdas/mcp/task-mapping.ts';
import { sampleErrors } from '../../lambdas/operations/error-meanings.ts';
import { ReportCode } from '../../lambdas/runner/sandbox/protocol.ts';
import { type ErrorMeaning, engineErrors } from '../../lambdas/shared/error-meanings.ts';
import { ErrorCode } from '../../lambdas/shared/errors.ts';
import { eventErrors, gatewayErrors, protocolErrors, reportErrors, taskErrors } from './gateway-errors.ts';
import { code, fenced, generatedFrom, table } from './markdown.ts';
import { errorExamples } from './openapi/error-examples.ts';

const INVALID_PARAMS = '-32602';
const INTERNAL_ERROR = '-32603';

export function errorsPage(): string {
  const engine = Object.values(ErrorCode).sort();
  return `# Errors

${generatedFrom('lambdas/shared/error-meanings.ts and lambdas/operations/error-meanings.ts')}

Every error has a stable \`code\` for programs and a \`message\` for people and models. The message says what happened, with the value, and
what to do. The tables below list all codes.

## Where errors appear

| Where | Shape |
| --- | --- |
| The result of a tool | \`isError: true\`, and \`structuredContent\` with \`{ "error": { "code", "message", "retryable", "details" } }\` |
| The management API | The same \`error\` object as the body, with an HTTP status |
| A failed job | The same \`error\` object in the job, with the \`step\` that failed |
| A method of MCP, such as \`tasks/get\` | A JSON-RPC error, with \`code\` and \`details\` in \`data\` |

An error of the management API, for a request without \`webhooks:manage\`:

${fenced('json', JSON.stringify({ error: { code: ErrorCode.insufficientScope, ...errorExamples[ErrorCode.insufficientScope] } }, null, 2))}

\`retryable: true\` means that the same call can succeed later without a change. *Sometimes* in a table means: read the field of the error.
A start that you repeat needs the same \`idempotency_key\`, so that it creates one job. \`details\` has facts for programs, at most 8 KiB.

## Codes of the engine

This list is closed: an operation cannot use these codes, except \`CONFLICT\`, \`INVALID_ARGUMENTS\`, \`RANGE_INVALID\`, \`STEP_TIMED_OUT\` and
\`URL_REFUSED\`. A code without an HTTP status appears in jobs and tools only. JSON-RPC codes apply to methods; tools return a result. Where a row has
-32602 and -32603, the second is for errors that are retryable. Codes from -32023 to -32027 are those of MCP Events.
[Limits](limits.md) explains each limit that \`RESOURCE_EXHAUSTED\` names.

${table(
  ['Code', 'HTTP', 'JSON-RPC', 'Retryable', 'Meaning', 'Remedy'],
  engine.map((each) => {
    const { meaning, remedy, retryable } = engineErrors[each];
    return [anchored(each), httpStatus(each), jsonRpcCode(each), retryable, meaning, remedy];
  }),
)}

## Codes of the gateway

API Gateway returns these before a function runs. So a missing or invalid token gets \`UNAUTHORIZED\`. The engine's \`UNAUTHENTICATED\` appears
only when the gateway authenticates nobody, which is a fault of the deployment. In deployments with \`authorization=iam\`, refused signatures have AWS's own
\`{ "message" }\` instead.

${table(
  ['Code', 'HTTP', 'Meaning', 'Remedy'],
  gatewayErrors.map((error) => [
    // A code of the engine has its anchor there.
    engine.includes(error.code as ErrorCode) ? code(error.code) : anchored(error.code),
    error.status,
    error.meaning,
    error.remedy,
  ]),
)}

## Codes of JSON-RPC

${table(
  ['Code', 'Meaning', 'Remedy'],
  [
    ...protocolErrors.map((error) => [String(error.code), error.meaning, error.remedy]),
    ...Object.entries(EventErrorCode).map(([name, value]) => {
      const { meaning, remedy } = eventErrors[name as keyof typeof eventErrors];
      return [String(value), meaning, remedy];
    }),
  ].sort(([a], [b]) => Number(b) - Number(a)),
)}

Methods of tasks have two more values of \`data.code\`:

${table(
  ['`data.code`', 'JSON-RPC', 'Meaning', 'Remedy'],
  taskErrors.map((error) => [code(error.code), error.status, error.meaning, error.remedy]),
)}

## Codes of reports

The function of \`/sandbox-reports\` returns these to sandboxes. Callers do not see them.

${table(
  ['Code', 'HTTP', 'Meaning', 'Remedy'],
  Object.entries(reportErrors).map(([name, { status, meaning, remedy }]) => [
    code(ReportCode[name as keyof typeof ReportCode]),
    status,
    meaning,
    remedy,
  ]),
)}

## Codes of the samples

Sample operations report these, as the result of a tool or in a failed job. The codes of your own operations are yours to choose: see
[writing operations](../guides/writing-operations.md#errors).

${table(
  ['Code', 'Operations', 'Retryable', 'Meaning', 'Remedy'],
  Object.entries(sampleErrors).map(([name, { operations, retryable, meaning, remedy }]) => [
    code(name),
    operations.map(code).join('<br>'),
    retryable,
    meaning,
    remedy,
  ]),
)}
`;
}

/** @returns the anchor of a code in this page */
export function errorAnchor(name: string): string {
  return name.toLowerCase();
}

/** A code that a link can lead to. */
function anchored(name: string): string {
  return `<a id="${errorAnchor(name)}"></a>${code(name)}`;
}

function httpStatus(name: ErrorCode): string {
  if (name === ErrorCode.internal) return '500';
  return String(STATUSES[name] ?? '–');
}

/** Returns the codes of `toMethodError` and `protocolErrorOf`, and those of the methods of MCP Events where they differ. */
function jsonRpcCode(name: ErrorCode): string {
  const { appears, retryable } = engineErrors[name];
  const ofEvents = EVENT_CODES[name];
  const codes = new Set([
    ...(appears.includes('method') ? methodCodes(name, retryable) : []),
    ...(appears.includes('job') && PROTOCOL_ERROR_CODES.has(name) ? [INTERNAL_ERROR] : []),
    ...(ofEvents !== undefined && appears.includes('method') ? [String(ofEvents)] : []),
  ]);
  return [...codes].join('<br>') || '–';
}

function methodCodes(name: ErrorCode, retryable: ErrorMeaning['retryable']): readonly string[] {
  if (name === ErrorCode.internal || retryable === 'yes') return [INTERNAL_ERROR];
  return retryable === 'no' ? [INVALID_PARAMS] : [INVALID_PARAMS, INTERNAL_ERROR];
}
