/** Tests that the API document is valid and matches the routes. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { routeDescriptions } from '../../lambdas/api/reference/index.ts';
import { routes } from '../../lambdas/api/routes.ts';
import { expectValid, lookUp, OPENAPI_FILE, openapi } from '../support/openapi.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'options', 'head'];

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  expect(await validator.validate(OPENAPI_FILE)).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

test('its routes match the gateway, also in which are public', () => {
  const documented = Object.entries<Record<string, { security?: [] }>>(openapi.paths).flatMap(
    ([path, item]) =>
      Object.entries(item)
        .filter(([method]) => METHODS.includes(method))
        .map(
          ([method, { security }]) =>
            `${method.toUpperCase()} ${path}${security?.length === 0 ? ' public' : ''}`,
        ),
  );
  const real = routes.map((route) => `${route.method} ${route.path}${'isPublic' in route ? ' public' : ''}`);
  // Its construct creates it, when an operation has a sandbox.
  expect(documented.sort()).toEqual([...real, 'POST /sandbox-reports public'].sort());
});

test('numbers in queries have the limits that the handlers check', () => {
  const checked = Object.entries(routeDescriptions).flatMap(([name, { query }]) => {
    const [method = '', path = ''] = name.split(' ');
    const parameters: { name: string; schema: Record<string, number> }[] =
      openapi.paths[path][method.toLowerCase()].parameters ?? [];
    return parameters.flatMap(({ name: parameter, schema: { maximum } }) => {
      if (!query || maximum === undefined) return [];
      const accepts = (value: number) =>
        query.schema.shape[parameter]?.safeParse(String(value)).success ?? false;
      expect([name, parameter, [0, 1, maximum, maximum + 1].map(accepts)]).toEqual([
        name,
        parameter,
        [false, true, true, false],
      ]);
      return [parameter];
    });
  });
  expect(checked).toHaveLength(5);
});

/** Returns the pointers to bodies with a schema and examples. */
function contents(value: unknown, pointer: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, each]) => contents(each, [...pointer, key]));
  return 'examples' in value && 'schema' in value ? [pointer, ...inner] : inner;
}

test.each(contents(openapi).map((pointer) => [pointer.join(' '), pointer] as const))(
  'the examples of %s are as its schema says',
  (_name, pointer) => {
    const { examples } = lookUp(pointer).value;
    for (const { value } of Object.values<{ value: unknown }>(examples)) {
      expectValid([...pointer, 'schema'], value);
    }
  },
);

test('every reference leads somewhere', () => {
  const references = JSON.stringify(openapi).matchAll(/"\$ref":"([^"]+)"/g);
  for (const [, reference = ''] of references) {
    expect([reference, lookUp(reference.slice(2).split('/')).value]).toEqual([reference, expect.anything()]);
  }
});
