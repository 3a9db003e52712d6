/** Describes the parts of an OpenAPI document that the page of the HTTP API reads. */
import type { JsonSchema } from '../json-schema.ts';
import { openapiDocument } from '../openapi/document.ts';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
  readonly example?: unknown;
  /** The example has the names of several parameters. */
  readonly explode?: boolean;
}

interface Content {
  readonly schema: JsonSchema;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Header {
  readonly description: string;
}

export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header | Reference>>;
  /** By media type. */
  readonly content?: Readonly<Record<string, Content>>;
}

interface Reference {
  readonly $ref: string;
}

interface OpenApiOperation {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly { readonly oauth2?: readonly string[] }[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required?: boolean;
    readonly description?: string;
    readonly content: Readonly<Record<string, Content>>;
  };
  readonly responses: Readonly<Record<string, Response | Reference>>;
}

/** A route: an operation with its path and all of its parameters. */
export interface ApiRoute extends OpenApiOperation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
}

type PathItem = { readonly parameters?: readonly Parameter[] } & Readonly<Record<string, OpenApiOperation>>;

export class ApiDocument {
  readonly #document = openapiDocument();
  readonly #text = JSON.stringify(this.#document);

  get description(): string {
    return this.#document.info.description;
  }

  /** Each subject with its description. */
  get subjects(): readonly { readonly name: string; readonly description: string }[] {
    return this.#document.tags;
  }

  get scopes(): Readonly<Record<string, string>> {
    return this.#document.components.securitySchemes.oauth2.flows.clientCredentials.scopes;
  }

  get schemas(): Readonly<Record<string, JsonSchema>> {
    return this.#document.components.schemas;
  }

  /** All routes, in the order of the document. */
  get routes(): readonly ApiRoute[] {
    const paths = Object.entries(this.#document.paths as unknown as Record<string, PathItem>);
    return paths.flatMap(([path, { parameters: shared = [], ...operations }]) =>
      Object.entries(operations).map(([method, { parameters = [], ...operation }]) => ({
        ...operation,
        method: method.toUpperCase(),
        path,
        parameters: [...shared, ...parameters],
      })),
    );
  }

  /** @returns how often the document refers to a schema */
  usesOf(schema: string): number {
    return this.#text.split(`"#/components/schemas/${schema}"`).length - 1;
  }

  /** @returns the response or header that a reference names, and its name */
  resolve<T extends object>(value: T | Reference): { readonly value: T; readonly name?: string } {
    if (!('$ref' in value)) return { value };
    const [, , kind, name] = value.$ref.split('/') as ['#', 'components', 'responses' | 'headers', string];
    return { value: this.#document.components[kind][name] as T, name };
  }
}
