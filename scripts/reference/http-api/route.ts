/** Writes the section of one route: what it needs, takes and returns, with a call. */
import type { JsonSchema } from '../json-schema.ts';
import { anchorOf, code, fenced, joinWithAnd, table } from '../markdown.ts';
import { referenceOf } from '../schema-table.ts';
import type { ApiDocument, ApiRoute, Parameter, Response } from './api-document.ts';
import { curlOf } from './curl.ts';
import { linkToCodes } from './error-links.ts';
import type { ApiSchemas } from './schemas.ts';

/** A longer response is not shown: its table suffices. */
const LONGEST_EXAMPLE = 40;

export interface RouteTexts {
  readonly document: ApiDocument;
  readonly schemas: ApiSchemas;
  /** Names of the responses that one table describes for all routes. */
  readonly commonResponses: ReadonlySet<string>;
}

export function routeSection(route: ApiRoute, texts: RouteTexts): string {
  const { method, path, summary, description } = route;
  return [
    `### ${summary}`,
    `${code(`${method} ${path}`)} ${permissionOf(route)}`,
    ...(description ? [description] : []),
    ...parametersOf(route.parameters, texts),
    ...bodyOf(route, texts),
    ...responsesOf(route, texts),
    ...exampleOf(route),
  ].join('\n\n');
}

/** @returns the row of a route in the table of its subject */
export function routeRow({ method, path, summary, ...route }: ApiRoute): readonly string[] {
  return [
    code(`${method} ${path}`),
    `[${summary}](#${anchorOf(summary)})`,
    joinWithAnd(scopesOf(route).map(code)) || 'public',
  ];
}

/** @returns the names of the schemas whose tables are at the routes */
export function inlinedSchemas(
  routes: readonly ApiRoute[],
  { document, schemas }: RouteTexts,
): ReadonlySet<string> {
  const names = routes.flatMap(({ responses }) =>
    Object.values(responses).flatMap((response) => {
      const body = bodySchema(document.resolve<Response>(response).value);
      return (body && referenceOf(body)) ?? [];
    }),
  );
  return new Set(names.filter((name) => schemas.ofOneBody(name)));
}

function permissionOf(route: ApiRoute): string {
  const scopes = scopesOf(route);
  if (scopes.length === 0) return 'needs no access token.';
  return `needs the scope${scopes.length > 1 ? 's' : ''} ${joinWithAnd(scopes.map(code))}.`;
}

function scopesOf({ security }: Pick<ApiRoute, 'security'>): readonly string[] {
  return security.flatMap(({ oauth2 = [] }) => oauth2);
}

function parametersOf(parameters: readonly Parameter[], { schemas }: RouteTexts): readonly string[] {
  if (parameters.length === 0) return [];
  const rows = parameters.map(({ name, in: place, required, description, schema, explode }) => {
    const { default: value, ...type } = schema;
    const single = explode ? (type.additionalProperties as JsonSchema) : type;
    return [
      code(explode ? `<${name}>` : name),
      place,
      schemas.typeOf(single),
      required ? 'required' : value === undefined ? 'none' : code(String(value)),
      description,
    ];
  });
  return [table(['Parameter', 'In', 'Type', 'Default', 'Meaning'], rows)];
}

function bodyOf({ requestBody }: ApiRoute, { schemas }: RouteTexts): readonly string[] {
  const [content] = Object.values(requestBody?.content ?? {});
  if (!requestBody || !content) return [];
  if (requestBody.description) return [`Body: ${requestBody.description}`];
  return [
    requestBody.required ? 'Body:' : 'Body, which is optional:',
    schemas.properties(content.schema, false),
  ];
}

/** Statuses with the same response share a row. */
interface Responses {
  readonly statuses: readonly string[];
  readonly response: Response;
}

function responsesOf({ responses }: ApiRoute, texts: RouteTexts): readonly string[] {
  const { document, commonResponses } = texts;
  const each = Object.entries(responses).map(([status, response]) => ({
    status,
    ...document.resolve<Response>(response),
  }));
  const own = each.filter(({ name }) => name === undefined || !commonResponses.has(name));
  const common = each.filter((one) => !own.includes(one)).map(({ status }) => status);
  const rows: Responses[] = [...Map.groupBy(own, ({ value }) => JSON.stringify(value)).values()].map(
    (group) => ({
      statuses: group.map(({ status }) => status),
      response: group[0]?.value ?? { description: '' },
    }),
  );
  return [
    responsesTable(rows, texts),
    ...(common.length > 0
      ? [
          `It also returns the [common error${common.length > 1 ? 's' : ''}](#common-errors) ${joinWithAnd(common)}.`,
        ]
      : []),
    ...rows.flatMap((row) => bodyTable(row, texts)),
  ];
}

function responsesTable(rows: readonly Responses[], texts: RouteTexts): string {
  const hasHeaders = rows.some(({ response }) => response.headers);
  return table(
    ['Status', 'Body', ...(hasHeaders ? ['[Headers](#headers-of-responses)'] : []), 'Meaning'],
    rows.map(({ statuses, response }) => [
      statuses.join('<br>'),
      bodyCell(response, texts),
      ...(hasHeaders
        ? [
            Object.keys(response.headers ?? {})
              .map(code)
              .join('<br>'),
          ]
        : []),
      linkToCodes(response.description),
    ]),
  );
}

function bodyCell(response: Response, { schemas }: RouteTexts): string {
  const body = bodySchema(response);
  if (!body) return 'none';
  if (isError(body)) return '[error](#errors)';
  const name = referenceOf(body);
  if (name && !schemas.ofOneBody(name)) return schemas.linkTo(name);
  return hasProperties(name ? schemas.ofOneBody(name) : body)
    ? 'JSON, see below'
    : Object.keys(response.content ?? {})
        .map(code)
        .join('<br>');
}

/** A table for a body that no other route has. */
function bodyTable({ statuses, response }: Responses, { schemas }: RouteTexts): readonly string[] {
  const body = bodySchema(response);
  if (!body || isError(body)) return [];
  const name = referenceOf(body);
  const schema = name === undefined ? body : schemas.ofOneBody(name);
  if (!schema || !hasProperties(schema)) return [];
  return [`Body of ${joinWithAnd(statuses)}:`, schemas.properties(schema, true)];
}

function hasProperties(schema: JsonSchema | undefined): boolean {
  return schema?.properties !== undefined || schema?.anyOf !== undefined;
}

function bodySchema({ content = {} }: Response): JsonSchema | undefined {
  return Object.values(content)[0]?.schema;
}

function isError(body: JsonSchema): boolean {
  return /#\/components\/schemas\/(Error|GatewayError)"/.test(JSON.stringify(body));
}

function exampleOf(route: ApiRoute): readonly string[] {
  const command = curlOf(route);
  if (command === undefined) return [];
  const [response] = Object.entries(route.responses).flatMap(([status, value]) =>
    status.startsWith('2') && 'content' in value ? [value] : [],
  );
  const [example] = Object.values(Object.values(response?.content ?? {})[0]?.examples ?? {});
  const body = example && JSON.stringify(example.value, null, 2);
  const isShort = body !== undefined && body.split('\n').length <= LONGEST_EXAMPLE;
  return [fenced('sh', command), ...(isShort ? [fenced('json', body)] : [])];
}
