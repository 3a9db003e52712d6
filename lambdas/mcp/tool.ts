/** What a tool is to the MCP server: a schema each way, and a function between them. */
import type { CallToolResult, Tool as ToolListing } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { ResultContent } from '../definition/operation-definition.ts';
import type { InputRequest, Job } from '../jobs/job.ts';
import { type Caller, requireScope, type Scope } from '../shared/caller.ts';
import { AppError, type CodedError, ErrorCode } from '../shared/errors.ts';
import { describeIssues } from '../shared/validation-message.ts';
import type { FileLink } from '../workspace/workspace-links.ts';
import type { ClientRequest } from './protocol-method.ts';

export interface ToolAnswer {
  readonly structured: Readonly<Record<string, unknown>>;
  /** Short: what happened, and what to call next. */
  readonly text: string;
  readonly content?: readonly ResultContent[];
  readonly links?: readonly FileLink[];
  /** Where to read more, with this server's own resources. */
  readonly resources?: readonly { readonly uri: string; readonly name: string; readonly mimeType: string }[];
  /** Of a tool that has started one: clients that take tasks are shown it as one. */
  readonly job?: Job;
}

/** What is to be asked before there can be an answer: the call is made again, with answers. */
export interface ToolQuestions {
  readonly questions: Readonly<Record<string, InputRequest>>;
}

export interface Tool {
  readonly name: string;
  /** What `tools/list` shows. */
  readonly listing: ToolListing;
  /**
   * @param caller as the gateway has found.
   * @throws AppError; everything else is a bug.
   */
  call(args: unknown, caller: Caller, client: ClientRequest): Promise<ToolAnswer | ToolQuestions>;
  /**
   * Begins a job and waits for nothing; of a tool whose work may be a job.
   * @param ttlMs how long it is to be kept, if the caller has said so
   * @throws AppError; everything else is a bug.
   */
  start?(args: unknown, caller: Caller, ttlMs: number | undefined): Promise<Job>;
  /** Clients that know of tasks and take none are refused. */
  readonly requiresTasks?: boolean;
}

const errorShape = z.object({
  error: z.looseObject({ code: z.string(), message: z.string() }),
});

/**
 * A tool from its zod schemas.
 * @param spec.output describes a good answer; the listed schema also admits `{error}`, because clients check every
 *   structured answer against it, failures too.
 */
export function defineTool<Input extends z.ZodObject>(spec: {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** What a caller's token has to allow. */
  readonly scope: Scope;
  readonly input: Input;
  readonly output: z.ZodObject;
  readonly annotations: ToolListing['annotations'];
  readonly call: (
    args: z.output<Input>,
    caller: Caller,
    client: ClientRequest,
  ) => Promise<ToolAnswer | ToolQuestions>;
  readonly start?: (args: z.output<Input>, caller: Caller, ttlMs: number | undefined) => Promise<Job>;
  readonly requiresTasks?: boolean;
}): Tool {
  const { name, title, description, annotations, input, output, start, requiresTasks } = spec;
  const accept = (args: unknown, caller: Caller) => {
    requireScope(caller, spec.scope);
    const { success, data, error } = input.safeParse(args ?? {});
    if (success) return data;
    throw new AppError(
      ErrorCode.invalidArguments,
      `${name} cannot take these arguments: ${describeIssues(error)} Its inputSchema says what it takes.`,
    );
  };
  const list = (): ToolListing => ({
    name,
    title,
    description,
    annotations,
    inputSchema: jsonSchema(input, 'input') as ToolListing['inputSchema'],
    outputSchema: {
      type: 'object',
      anyOf: [jsonSchema(output, 'output'), jsonSchema(errorShape, 'output')],
    } as ToolListing['outputSchema'],
  });
  let listing: ToolListing | undefined;
  return {
    name,
    // Made by who asks for it: the schemas of all tools take 18 ms, which no call has to wait for.
    get listing() {
      listing ??= list();
      return listing;
    },
    call: async (args, caller, client) => spec.call(accept(args, caller), caller, client),
    ...(start && { start: async (args, caller, ttlMs) => start(accept(args, caller), caller, ttlMs) }),
    requiresTasks,
  };
}

/** The wire form of an answer. */
export function toResult({
  structured,
  text,
  content = [],
  links = [],
  resources = [],
}: ToolAnswer): CallToolResult {
  return {
    structuredContent: { ...structured },
    content: [
      { type: 'text', text },
      ...content,
      ...links.map(({ name, url, content_type, size, sha256 }) => ({
        type: 'resource_link' as const,
        name,
        uri: url,
        mimeType: content_type,
        size,
        description: `sha256 ${sha256}`,
      })),
      ...resources.map((resource) => ({ type: 'resource_link' as const, ...resource })),
    ],
  };
}

/** The wire form of a failure: a tool error, which the model sees and can act on. */
export function toErrorResult({ code, message, retryable, details }: CodedError): CallToolResult {
  return {
    isError: true,
    structuredContent: { error: { code, message, retryable, ...(details && { details }) } },
    content: [{ type: 'text', text: `${code}: ${message}` }],
  };
}

/** JSON Schema without its `$schema`: clients of 2025 read it as draft 7, those of 2026 as 2020-12; ours is valid as both. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output') {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-7' });
  return rest;
}
