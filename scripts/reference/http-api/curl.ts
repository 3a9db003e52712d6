/** Writes a call of a route as a curl command. */
import type { ApiRoute, Parameter } from './api-document.ts';

const LONGEST_LINE = 110;

/** @returns the command, with shell variables for the address, the token and the ids; undefined for a body without an example */
export function curlOf(route: ApiRoute): string | undefined {
  const { method, path, parameters, security, requestBody, responses } = route;
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => pathValue(name, parameters));
  const [content] = Object.values(requestBody?.content ?? {});
  const [example] = Object.values(content?.examples ?? {});
  if (requestBody?.required && !example) return undefined;
  const hasBody = Object.values(responses).some((response) => 'content' in response && response.content);
  const parts = [
    ['curl -s', ...(hasBody ? [] : ['-i']), ...(method === 'GET' ? [] : [`-X ${method}`])].join(' '),
    `"$API_URL${address}${queryOf(parameters)}"`,
    ...(security.length > 0 ? ['-H "authorization: Bearer $TOKEN"'] : []),
    ...(example
      ? ["-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(example.value))}`]
      : []),
  ];
  return wrapped(parts);
}

/** An id is a variable; anything else has its example. @throws Error for a parameter without one */
function pathValue(name: string, parameters: readonly Parameter[]): string {
  if (name === 'token') return '$ANSWER_TOKEN';
  if (name.endsWith('_id')) return `$${name.toUpperCase()}`;
  const example = parameters.find((parameter) => parameter.name === name)?.example;
  if (example === undefined) throw new Error(`The path parameter "${name}" has no example. Add an example.`);
  return String(example);
}

function queryOf(parameters: readonly Parameter[]): string {
  const query = new URLSearchParams();
  for (const { name, in: place, example, explode } of parameters) {
    if (place !== 'query' || example === undefined) continue;
    const given = (explode ? example : { [name]: example }) as Readonly<Record<string, unknown>>;
    for (const [key, value] of Object.entries(given)) query.set(key, String(value));
  }
  return query.size > 0 ? `?${query}` : '';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Breaks the line before a part that would make it too long. */
function wrapped(parts: readonly string[]): string {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length < LONGEST_LINE) lines.push(`${lines.pop()} ${part}`);
    else lines.push(last === undefined ? part : `  ${part}`);
  }
  return lines.join(' \\\n');
}
