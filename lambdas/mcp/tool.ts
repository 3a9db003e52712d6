/** What a tool is to the MCP server: a schema each way, and a function between them. */
import type { CallToolResult, Tool as ToolListing } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { FileLink } from '../jobs/workspace-links.ts';
import { type Caller, requireScope, type Scope } from '../shared/caller.ts';
import { describeIssues } from '../shared/describe-issues.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';

export interface ToolAnswer {
  readonly structured: Readonly<Record<string, unknown>>;
  /** Short: what happened, and what to call next. */
  readonly text: string;
  readonly links?: readonly FileLink[];
  /** Where to read more, with this server's own resources. */
  readonly resources?: readonly { readonly uri: string; readonly name: string; readonly mimeType: string }[];
}

export interface Tool {
  /** What `tools/list` shows. */
  readonly listing: ToolListing;
  /**
   * @param caller as the gateway has found.
   * @throws AppError; everything else is a bug.
   */
  call(args: unknown, caller: Caller): Promise<ToolAnswer>;
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
  readonly call: (args: z.output<Input>, caller: Caller) => Promise<ToolAnswer>;
}): Tool {
  const { name, title, description, annotations, input, output } = spec;
  return {
    listing: {
      name,
      title,
      description,
      annotations,
      inputSchema: jsonSchema(input, 'input') as ToolListing['inputSchema'],
      outputSchema: {
        type: 'object',
        anyOf: [jsonSchema(output, 'output'), jsonSchema(errorShape, 'output')],
      } as ToolListing['outputSchema'],
    },
    async call(args, caller) {
      requireScope(caller, spec.scope);
      const parsed = input.safeParse(args ?? {});
      if (!parsed.success) {
        throw new AppError(
          ErrorCode.invalidArguments,
          `${name} cannot take these arguments: ${describeIssues(parsed.error)} Its inputSchema says what it takes.`,
        );
      }
      return spec.call(parsed.data, caller);
    },
  };
}

/** The wire form of an answer. */
export function toResult({ structured, text, links = [], resources = [] }: ToolAnswer): CallToolResult {
  return {
    structuredContent: { ...structured },
    content: [
      { type: 'text', text },
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
export function toErrorResult({ code, message, retryable, details }: AppError): CallToolResult {
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
