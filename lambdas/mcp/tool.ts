/** Defines a tool of the MCP server: its listing, a schema of its arguments, and a function. */
import type { CallToolResult, Tool as ToolListing } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { OperationDefinition, ResultContent } from '../definition/operation-definition.ts';
import { toolSchema } from '../definition/tool-schema.ts';
import type { InputRequest, Job } from '../jobs/job.ts';
import { type Caller, requireScopes, type Scope } from '../shared/caller.ts';
import { cutText } from '../shared/cut-text.ts';
import { AppError, type CodedError, ErrorCode } from '../shared/errors.ts';
import { normalizeArguments } from '../shared/normalize-arguments.ts';
import { refuseUnsafeJson } from '../shared/refuse-unsafe-json.ts';
import { validationMessage } from '../shared/validation-message.ts';
import { wellFormed } from '../shared/well-formed.ts';
import type { ClientRequest } from './protocol-method.ts';

/** The outcome of a tool call. */
export interface ToolResult {
  readonly structured: Readonly<Record<string, unknown>>;
  /** A short text: what happened. It says the same as `structured`: some clients show the model only one of them. */
  readonly text: string;
  /** What to do next, for the model. The text and `structuredContent.next` both have it. */
  readonly next?: string | undefined;
  readonly content?: readonly ResultContent[] | undefined;
  /** The job that the tool started. Clients that support tasks receive it as a task. */
  readonly job?: Job;
}

/** Questions that a tool needs answered first. The client repeats the call with the answers. */
export interface ToolQuestions {
  readonly questions: Readonly<Record<string, InputRequest>>;
}

export interface Tool {
  readonly name: string;
  /** Earlier names, which `tools/list` omits. */
  readonly aliases: readonly string[];
  /** The entry in `tools/list`. */
  readonly listing: ToolListing;
  /**
   * @param caller the caller that the gateway authenticated
   * @throws CodedError; any other error is a bug
   */
  call(args: unknown, caller: Caller, client: ClientRequest): Promise<ToolResult | ToolQuestions>;
  /**
   * Starts a job without waiting. Absent for tools that never start one.
   * @param ttlMs how long to keep the job, when the caller requests a time
   * @throws CodedError; any other error is a bug
   */
  start?(args: unknown, caller: Caller, ttlMs: number | undefined): Promise<Job>;
  /** Rejects clients of 2026 or later that do not declare tasks. */
  readonly requiresTasks?: boolean;
  /** A host that can shows its result in the card of a job. */
  readonly showsCard?: boolean;
}

/** Schema of `next` in a result. */

/**
 * Creates a tool from its zod schemas.
 * @param spec.listed the arguments that `tools/list` shows. @default `input`
 * @param spec.output describes a successful result, where the caller is a program that wants its type: models do not see it,
 *   and clients validate against it at a cost. The listed schema also admits other fields, and `{error}` for failures.
 */
export function defineTool<Input extends z.ZodObject>(spec: {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly title: string;
  readonly description: string;
  /** The scope that the caller's token needs. */
  readonly scope: Scope;
  readonly input: Input;
  readonly listed?: z.ZodObject;
  readonly output?: z.ZodObject;
  readonly annotations: OperationDefinition['annotations'];
  readonly call: (
    args: z.output<Input>,
    caller: Caller,
    client: ClientRequest,
  ) => Promise<ToolResult | ToolQuestions>;
  readonly start?: (args: z.output<Input>, caller: Caller, ttlMs: number | undefined) => Promise<Job>;
  readonly requiresTasks?: boolean;
  readonly showsCard?: boolean;
}): Tool {
  const {
    name,
    aliases = [],
    title,
    description,
    input,
    listed = input,
    output,
    start,
    requiresTasks,
    showsCard,
  } = spec;
  const parse = (args: unknown, caller: Caller) => {
    requireScopes(caller, [spec.scope]);
    refuseUnsafeJson(args);
    const normal = normalizeArguments(input, args ?? {});
    // The texts of the arguments may have held JSON.
    if (normal !== args) refuseUnsafeJson(normal);
    const { success, data, error } = input.safeParse(normal);
    if (success) return data;
    throw new AppError(
      ErrorCode.invalidArguments,
      `Invalid arguments for ${name}: ${validationMessage(error)} Expected: ${shapeOf(listed)}.`,
    );
  };
  const list = (): ToolListing => ({
    name,
    title,
    description,
    annotations: listedAnnotations(spec.annotations),
    inputSchema: toolSchema(listed, 'input').schema as ToolListing['inputSchema'],
    ...(output && { outputSchema: listedOutput(output) }),
  });
  let listing: ToolListing | undefined;
  return {
    name,
    aliases,
    // Built on first use: the schemas of all tools take 18 ms, and a call does not need them.
    get listing() {
      listing ??= list();
      return listing;
    },
    call: async (args, caller, client) => spec.call(parse(args, caller), caller, client),
    ...(start && { start: async (args, caller, ttlMs) => start(parse(args, caller), caller, ttlMs) }),
    requiresTasks,
    showsCard,
  };
}

/** Returns the annotations that say something: not MCP's defaults, nor what means nothing of a tool that only reads. */
function listedAnnotations({
  readOnlyHint,
  destructiveHint,
  idempotentHint,
  openWorldHint,
}: OperationDefinition['annotations']): ToolListing['annotations'] {
  return {
    readOnlyHint,
    ...(!readOnlyHint && !destructiveHint && { destructiveHint }),
    ...(!readOnlyHint && idempotentHint && { idempotentHint }),
    ...(!openWorldHint && { openWorldHint }),
  };
}

function listedOutput(output: z.ZodObject): ToolListing['outputSchema'] {
  const { additionalProperties: _, ...success } = toolSchema(output, 'output').schema;
  const failure = { type: 'object', properties: { error: { type: 'object' } }, required: ['error'] };
  return { type: 'object', anyOf: [success, failure] } as ToolListing['outputSchema'];
}

/** Returns the arguments of a schema, such as `{project, wait_seconds?}`. */
function shapeOf({ shape }: z.ZodObject): string {
  const names = Object.entries(shape).map(([name, schema]) =>
    z.safeParse(schema, undefined).success ? `${name}?` : name,
  );
  return `{${names.join(', ')}}`;
}

/**
 * Maps a tool result to its wire form. It has no `resource_link`: clients of revisions before 2025-06-18 reject the whole
 * result, and others make files of it that their model's API refuses.
 */
export function toCallToolResult(
  { structured, text, next, content = [] }: ToolResult,
  { acceptsAudio }: Pick<ClientRequest, 'acceptsAudio'> = { acceptsAudio: true },
): CallToolResult {
  return wellFormed({
    // The result of a synchronous operation may have a field `next` of its own.
    structuredContent: { ...structured, ...(next && !Object.hasOwn(structured, 'next') && { next }) },
    content: [
      { type: 'text', text: next ? `${text}\n${next}` : text },
      ...(acceptsAudio ? content : content.map(embedAudio)),
    ],
  });
}

/** Returns audio as an embedded resource, which every revision has. */
function embedAudio(block: ResultContent, index: number): ResultContent {
  if (block.type !== 'audio') return block;
  const { data, mimeType } = block;
  return { type: 'resource', resource: { uri: `result://audio/${index}`, mimeType, blob: data } };
}

/** Maps an error to a tool result with `isError`: the model sees it and can act on it. */
export function toErrorResult({ code, message, retryable, details }: CodedError): CallToolResult {
  return wellFormed({
    isError: true,
    structuredContent: { error: { code, message, retryable, ...(details && { details }) } },
    content: [{ type: 'text', text: describeError({ code, message, retryable, details }) }],
  });
}

/** Details can have 8 KiB; the text has the start of longer ones. */
const MAX_DETAILS_CHARACTERS = 1_000;

/** Returns an error as text, with what clients see that show only the structure. */
export function describeError({
  code,
  message,
  retryable,
  details,
}: Pick<CodedError, 'code' | 'message' | 'retryable'> & Partial<Pick<CodedError, 'details'>>): string {
  const facts = { ...(retryable && { retryable }), ...details };
  if (Object.keys(facts).length === 0) return `${code}: ${message}`;
  return `${code}: ${message}\nDetails: ${cutText(JSON.stringify(facts), MAX_DETAILS_CHARACTERS)}`;
}
