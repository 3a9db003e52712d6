/** Describes a route as an operation of OpenAPI. */
import type {
  BodyDescription,
  Described,
  PropertyDescription,
  ResponseDescription,
  RouteDescription,
} from '../../../lambdas/api/reference/route-description.ts';
import type { JsonSchema, SchemaCollection } from '../json-schema.ts';
import type { ErrorResponses, Route } from './error-responses.ts';
import { referTo } from './headers.ts';

const JSON_TYPE = 'application/json';

/** Builds operations whose schemas and errors come from collections of the document. */
export class OperationBuilder {
  readonly #schemas: SchemaCollection;
  readonly #errors: ErrorResponses;

  constructor(schemas: SchemaCollection, errors: ErrorResponses) {
    this.#schemas = schemas;
    this.#errors = errors;
  }

  operation(route: Route, description: RouteDescription) {
    const { operationId, tags, summary, description: text, responses } = description;
    const parameters = this.#parameters(description);
    const body = this.#body(route, description);
    return {
      operationId,
      tags,
      summary,
      ...(text && { description: text }),
      security: 'scopes' in route ? [{ oauth2: [...route.scopes] }, { sigv4: [] }] : [],
      ...(parameters.length > 0 && { parameters }),
      ...(body && { requestBody: body }),
      responses: {
        ...Object.fromEntries(
          Object.entries(responses).map(([status, response]) => [status, this.#response(response)]),
        ),
        ...this.#errors.of(route, description),
      },
    };
  }

  #parameters({ query, parameters = [] }: RouteDescription) {
    if (!query) return [...parameters];
    const { properties } = this.#described(query, 'output');
    const ofQuery = Object.entries(properties).map(([name, { description, example, ...schema }]) => ({
      name,
      in: 'query',
      description,
      schema,
      ...(example !== undefined && { example }),
    }));
    return [...ofQuery, ...parameters];
  }

  #body({ method }: Route, { body }: RouteDescription) {
    if (body) return this.#describedBody(body);
    if (method === 'GET' || method === 'DELETE') return undefined;
    return {
      description: 'None is needed. An empty object is accepted.',
      required: false,
      content: { [JSON_TYPE]: { schema: { type: 'object', additionalProperties: false } } },
    };
  }

  #describedBody(body: BodyDescription) {
    const { properties, schema } = this.#described(body, 'input');
    return {
      required: body.required ?? true,
      content: { [JSON_TYPE]: { schema: { ...schema, properties }, examples: body.examples } },
    };
  }

  /** Adds the descriptions to the properties of a schema. @throws Error when a property has none, or does not exist */
  #described({ schema, properties, keywords }: Described, io: 'input' | 'output') {
    const converted = this.#schemas.convert(schema, io);
    const generated = converted.properties as Record<string, JsonSchema>;
    const unknown = Object.keys(properties).find((name) => !Object.hasOwn(generated, name));
    if (unknown) throw new Error(`The description of "${unknown}" has no property in the schema. Remove it.`);
    const described = Object.entries(generated).map(([name, property]) => {
      const given = properties[name];
      if (given === undefined) throw new Error(`The property "${name}" has no description. Add one.`);
      const text = typeof given === 'string' ? { description: given } : given;
      const { description, schema: replacement, example, default: value }: PropertyDescription = text;
      const own = replacement ? this.#schemas.convert(replacement, io) : withoutText(property);
      if (Object.keys(own).length === 0)
        throw new Error(`The property "${name}" has no type in the schema. Describe it with a schema.`);
      return [
        name,
        {
          description,
          ...(value !== undefined && { default: value }),
          ...own,
          ...(example !== undefined && { example }),
        },
      ];
    });
    return {
      properties: Object.fromEntries(described) as Record<string, JsonSchema>,
      schema: { ...converted, ...keywords },
    };
  }

  #response({ description, headers: given, schema, examples, text }: ResponseDescription) {
    const json = schema && {
      [JSON_TYPE]: { schema: this.#schemas.convert(schema), ...(examples && { examples }) },
    };
    const texts =
      text &&
      Object.fromEntries(
        text.map((type) => [type, { schema: { type: type.endsWith('json') ? 'object' : 'string' } }]),
      );
    return {
      description,
      ...(given && { headers: referTo(given) }),
      ...((json ?? texts) && { content: json ?? texts }),
    };
  }
}

function withoutText({ description: _, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
