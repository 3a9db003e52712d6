/** Defines how a route is described for the OpenAPI document. No function imports the descriptions. */
import type * as z from 'zod';
import type { ErrorCode } from '../../shared/errors.ts';

export type Tag =
  | 'Jobs'
  | 'Answer links'
  | 'Endpoints'
  | 'Deliveries'
  | 'Operators'
  | 'Signatures'
  | 'Console'
  | 'Discovery'
  | 'Sandboxes';

/** The description of a property of a query or a body. */
export interface PropertyDescription {
  readonly description: string;
  readonly example?: unknown;
  /** Replaces what the schema of the handler says, where the handler checks more than its schema. */
  readonly schema?: z.ZodType;
  /** The value of an absent property, where the handler and not its schema sets it. */
  readonly default?: unknown;
}

/** The schema that a handler validates with, and a description of each property. */
export interface Described {
  readonly schema: z.ZodObject;
  readonly properties: Readonly<Record<string, string | PropertyDescription>>;
  /** Keywords of JSON Schema for what a refinement checks. */
  readonly keywords?: Readonly<Record<string, unknown>>;
}

export interface BodyDescription extends Described {
  /** @default true */
  readonly required?: boolean;
  readonly examples: Examples;
}

/** By name. */
export type Examples = Readonly<Record<string, { readonly summary?: string; readonly value: unknown }>>;

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'header';
  readonly required?: boolean;
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly example?: unknown;
  readonly style?: 'form';
  readonly explode?: boolean;
}

export interface Header {
  readonly description: string;
  readonly required?: boolean;
  readonly schema: Readonly<Record<string, unknown>>;
  readonly example?: unknown;
}

export interface ResponseDescription {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header>>;
  /** JSON. @default no body */
  readonly schema?: z.ZodType;
  readonly examples?: Examples;
  /** Content types of a text, in place of `schema`. */
  readonly text?: readonly string[];
}

export interface RouteDescription {
  readonly operationId: string;
  readonly tags: readonly Tag[];
  readonly summary: string;
  readonly description?: string;
  readonly query?: Described;
  /** Parameters that no schema has, and headers. */
  readonly parameters?: readonly Parameter[];
  /** @default a body is refused for GET and DELETE; other methods take an empty object */
  readonly body?: BodyDescription;
  /** Responses without an error, by status. */
  readonly responses: Readonly<Record<number, ResponseDescription>>;
  /**
   * Errors besides those that follow from the route: invalid arguments, missing authentication or scopes, an unsuitable body,
   * the rate of operators, and internal errors. A text replaces the meaning of the code.
   */
  readonly errors?: Partial<Readonly<Record<ErrorCode, true | string>>>;
  /** Of the responses with an error. */
  readonly errorHeaders?: Readonly<Record<string, Header>>;
  /** Accepts any query parameters. @default false */
  readonly anyQuery?: true;
}
