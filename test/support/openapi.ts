/** Provides an API client that checks every request and response against docs/openapi.yaml. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { signedAs } from './test-cloud.ts';

export const OPENAPI_FILE = fileURLToPath(new URL('../../docs/openapi.yaml', import.meta.url));

// biome-ignore lint/suspicious/noExplicitAny: a document of many shapes; what is missing fails the test that needs it
type Any = any;

export const openapi: Any = parse(readFileSync(OPENAPI_FILE, 'utf8'));

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
addFormats.default(ajv);

/** A path into the document, such as `['paths', '/jobs', 'get']`; it follows `$ref`. */
type Pointer = readonly string[];

/** Resolves a pointer to its final location and value. */
export function lookUp(pointer: Pointer): { readonly pointer: Pointer; readonly value: Any } {
  let at: { pointer: Pointer; value: Any } = { pointer: [], value: openapi };
  for (const key of pointer) {
    at = { pointer: [...at.pointer, key], value: at.value?.[key] };
    const ref: string | undefined = at.value?.$ref;
    if (ref) at = lookUp(ref.slice('#/'.length).split('/'));
  }
  return at;
}

const validators = new Map<string, ValidateFunction>();

/** @throws Error unless the value matches the schema at the pointer */
export function expectValid(schema: Pointer, value: unknown): void {
  const name = schema.join(' ');
  const validate = validators.get(name) ?? ajv.compile(standalone(lookUp(schema).value));
  validators.set(name, validate);
  if (validate(value)) return;
  throw new Error(`${name}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value, null, 2)}`);
}

/** Returns a schema with all schemas that it references: valid JSON Schema without the rest of the document. */
function standalone(schema: object): object {
  const text = JSON.stringify({ ...schema, $defs: openapi.components.schemas });
  return JSON.parse(text.replaceAll('"#/components/schemas/', '"#/$defs/'));
}

export interface ApiRequestOptions {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent unchanged; replaces `json`. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined when there is no body. */
  readonly data: Any;
}

export type ApiCall = (route: string, options?: ApiRequestOptions) => Promise<ApiResponse>;

/**
 * Returns a client of the management API.
 * @param owner signs the requests; undefined sends them unsigned
 * @returns a function that takes `GET /jobs?limit=1`. It throws for a response, or an accepted request, that the document
 *   does not allow.
 */
export function apiClient({ url }: { readonly url: string }, owner: string | undefined): ApiCall {
  return async (route, { json, text: given, headers } = {}) => {
    const text = given ?? (json === undefined ? undefined : JSON.stringify(json));
    const [method = '', target = ''] = route.split(' ');
    const address = new URL(target, url);
    const response = await fetch(address, {
      method,
      body: text,
      headers: {
        ...(owner !== undefined && { authorization: signedAs(owner) }),
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
    });
    const body = await response.text();
    const data = body === '' ? undefined : JSON.parse(body);
    const operation = operationOf(method, address.pathname);
    if (response.ok) checkRequest(operation, address, text);
    checkResponse(operation, response, data);
    return { status: response.status, headers: response.headers, data };
  };
}

/** @throws Error for a route that is not in the document */
function operationOf(method: string, pathname: string): Pointer {
  const path = Object.keys(openapi.paths).find((template) =>
    new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname),
  );
  if (path && openapi.paths[path][method.toLowerCase()]) return ['paths', path, method.toLowerCase()];
  throw new Error(`${method} ${pathname} is not in the document.`);
}

/** An accepted request must be valid by the document. @throws Error when it is not */
function checkRequest(operation: Pointer, { searchParams }: URL, text: string | undefined): void {
  const parameters: Any[] = (lookUp(operation).value.parameters ?? []).map((_: unknown, index: number) =>
    lookUp([...operation, 'parameters', String(index)]),
  );
  for (const [name, value] of searchParams) {
    const parameter = parameters.find((each) => each.value.in === 'query' && each.value.name === name);
    const exploded = parameters.find((each) => each.value.explode);
    if (!parameter && exploded) {
      expectValid([...exploded.pointer, 'schema'], { [name]: value });
      continue;
    }
    if (!parameter) throw new Error(`The parameter ${name} is not in the document.`);
    const isNumber = parameter.value.schema.type === 'integer';
    expectValid([...parameter.pointer, 'schema'], isNumber ? Number(value) : value);
  }
  if (text === undefined) return;
  const { pointer } = lookUp([...operation, 'requestBody']);
  expectValid([...pointer, 'content', 'application/json', 'schema'], JSON.parse(text));
}

function checkResponse(operation: Pointer, { status, headers }: Response, data: unknown): void {
  const { pointer, value } = lookUp([...operation, 'responses', String(status)]);
  if (!value) throw new Error(`${operation.join(' ')}: ${status} is not in the document.`);
  for (const name of Object.keys(value.headers ?? {})) {
    const header = lookUp([...pointer, 'headers', name]);
    const given = headers.get(name);
    if (given !== null) expectValid([...header.pointer, 'schema'], given);
    else if (header.value.required) throw new Error(`${operation.join(' ')}: ${status} lacks ${name}.`);
  }
  for (const name of ['etag', 'location', 'retry-after']) {
    const isDocumented = Object.keys(value.headers ?? {}).some((each) => each.toLowerCase() === name);
    if (headers.has(name) && !isDocumented) {
      throw new Error(`${operation.join(' ')}: ${status} has ${name}, which is not in the document.`);
    }
  }
  const hasContent = value.content !== undefined;
  if (hasContent !== (data !== undefined)) {
    throw new Error(`${operation.join(' ')}: ${status} ${hasContent ? 'lacks' : 'has'} a body.`);
  }
  if (!hasContent) return;
  const type = headers.get('content-type') ?? '';
  expect(Object.keys(value.content)).toContain(type);
  expectValid([...pointer, 'content', type, 'schema'], data);
}
