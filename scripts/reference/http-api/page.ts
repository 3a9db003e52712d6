/** Writes the reference of the HTTP API from the document that docs/openapi.yaml is made from. */
import { anchorOf, code, fenced, generatedFrom, table } from '../markdown.ts';
import { ApiDocument, type ApiRoute, type Response } from './api-document.ts';
import { linkToCodes } from './error-links.ts';
import { inlinedSchemas, type RouteTexts, routeRow, routeSection } from './route.ts';
import { ApiSchemas } from './schemas.ts';

/** Errors that follow from what a route is, with the routes that return them. */
const COMMON_ERRORS: Readonly<Record<string, string>> = {
  InvalidArgumentsOrInvalidCursor: 'all; `INVALID_CURSOR`: those with the parameter `cursor`',
  Unauthenticated: 'all but public ones',
  InsufficientScope: 'all but public ones',
  InputTooLarge: '`POST` and `PATCH`',
  UnsupportedMediaType: '`POST` and `PATCH`',
  InternalError: 'all',
  AuthorizationUnavailable: 'all but public ones',
};

export function httpApiPage(): string {
  const document = new ApiDocument();
  const schemas = new ApiSchemas(document);
  const texts = {
    document,
    schemas,
    commonResponses: new Set(['InvalidArguments', ...Object.keys(COMMON_ERRORS)]),
  };
  const { routes } = document;
  const subjects = document.subjects.map((subject) => ({
    ...subject,
    routes: routes.filter(({ tags }) => tags[0] === subject.name),
  }));
  return `# HTTP API

${generatedFrom('the same document as openapi.yaml')}

${document.description.trim().replaceAll(/([^\n])\n([^\n])/g, '$1 $2')}

[openapi.yaml](../openapi.yaml) describes the same API for programs (OpenAPI 3.1): generate a client from it.

## Contents

${table(
  ['Subject', 'Routes', 'About'],
  subjects.map(({ name, description, routes: own }) => [
    `[${name}](#${anchorOf(name)})`,
    String(own.length),
    description,
  ]),
)}

Words of this page: [job](../glossary.md#job), [owner](../glossary.md#owner), [endpoint](../glossary.md#endpoint),
[delivery](../glossary.md#delivery), [operator](../glossary.md#operator), [answer link](../glossary.md#answer-link),
[sandbox](../glossary.md#sandbox).

All routes: [how to call them](#call-the-api), [their errors](#errors), [their headers](#headers-of-responses) and
[their schemas](#schemas).

## Call the API

The calls on this page use variables. The [output](../guides/operations-guide.md) \`ApiUrl\` of the stack is the address, here without its last slash:

\`\`\`sh
STACK=WordService
API_URL=$(aws cloudformation describe-stacks --stack-name "$STACK" --query "Stacks[0].Outputs[?contains(OutputKey, 'ApiUrl')].OutputValue" --output text)
API_URL=\${API_URL%/}
\`\`\`

\`TOKEN\` is an access token [of a user](../guides/security.md#for-a-user) or [of a program](../guides/security.md#for-a-program). On the local
cloud, \`API_URL\` is the MCP endpoint that \`npm start\` prints, without \`/mcp\`. Calls need no token there.

\`JOB_ID\`, \`ENDPOINT_ID\` and \`DELIVERY_ID\` are ids that other calls return. \`ANSWER_TOKEN\` is the last part of an \`answer_url\`. The
responses below a call are examples.

In a deployment with \`authorization=iam\`, sign each request instead of sending a token. With curl:

\`\`\`sh
curl -s "$API_URL/jobs" --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
  -H "x-amz-security-token: $AWS_SESSION_TOKEN"
\`\`\`

\`AWS_REGION\` is the region of the stack. \`AWS_ACCESS_KEY_ID\`, \`AWS_SECRET_ACCESS_KEY\` and \`AWS_SESSION_TOKEN\` are your AWS
credentials. Signed requests have every scope but \`jobs:operate\`, which only the \`operators\` of the deployment have.

${table(
  ['Scope', 'Allows'],
  Object.entries(document.scopes).map(([scope, text]) => [code(scope), text]),
)}

## Errors

Each error has a body with these properties. [Errors](errors.md) has all codes with their remedies.

${schemas.properties(errorSchema(document), true)}

\`\`\`sh
curl -s "$API_URL/jobs/no-such-job" -H "authorization: Bearer $TOKEN"
\`\`\`

${exampleOfError(document)}

Deployments with \`authorization=iam\` have another body when API Gateway refuses a request: \`{ "message": "…" }\`, without a code.

### Common errors

These follow from what a route is. The sections of the routes name their statuses only.

${table(
  ['Status', 'Routes', 'Meaning'],
  commonErrors(document, routes).map(({ status, name, response }) => [
    status,
    COMMON_ERRORS[name] ?? '',
    linkToCodes(response.description),
  ]),
)}

## Headers of responses

${table(['Header', 'Meaning'], headerRows(document, routes))}

${subjects.map((subject) => subjectSection(subject, texts)).join('\n\n')}

${schemas.section(inlinedSchemas(routes, texts))}
`;
}

function subjectSection(
  {
    name,
    description,
    routes,
  }: { readonly name: string; readonly description: string; readonly routes: readonly ApiRoute[] },
  texts: RouteTexts,
): string {
  return [
    `## ${name}`,
    description,
    table(['Route', 'Does', 'Scopes'], routes.map(routeRow)),
    ...routes.map((route) => routeSection(route, texts)),
  ].join('\n\n');
}

function errorSchema(document: ApiDocument) {
  const { properties } = document.schemas.Error as { properties: { error: Record<string, object> } };
  const { code: _, ...rest } = properties.error.properties as Record<string, object>;
  const code = { type: 'string', description: 'Stable, for programs.' };
  const error = { ...properties.error, properties: { code, ...rest } };
  return { type: 'object', required: ['error'], properties: { error } };
}

function exampleOfError(document: ApiDocument): string {
  const { value } = document.resolve<Response>({ $ref: '#/components/responses/JobNotFound' });
  const [content] = Object.values(value.content ?? {});
  const [example] = Object.values(content?.examples ?? {});
  return fenced('json', JSON.stringify(example?.value, null, 2));
}

/** @returns the common responses by status @throws Error when no route has one of them */
function commonErrors(document: ApiDocument, routes: readonly ApiRoute[]) {
  return Object.keys(COMMON_ERRORS)
    .map((name) => {
      const used = routes
        .flatMap(({ responses }) => Object.entries(responses))
        .find(([, response]) => document.resolve(response).name === name);
      if (!used) throw new Error(`No route returns ${name}. Remove it from the common errors.`);
      return { status: used[0], name, response: document.resolve<Response>(used[1]).value };
    })
    .sort((a, b) => Number(a.status) - Number(b.status));
}

/** One row for each name, with all meanings of it. */
function headerRows(document: ApiDocument, routes: readonly ApiRoute[]): readonly (readonly string[])[] {
  const names = new Map<string, Set<string>>();
  for (const response of routes.flatMap(({ responses }) => Object.values(responses))) {
    for (const [name, header] of Object.entries(document.resolve<Response>(response).value.headers ?? {})) {
      const { value } = document.resolve(header);
      names.set(name, (names.get(name) ?? new Set()).add(value.description));
    }
  }
  return [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, texts]) => [code(name), [...texts].join('\n\n')]);
}
