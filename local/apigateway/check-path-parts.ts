/** Refuses path parts that API Gateway refuses beside others, as it does while an update has not deleted the earlier ones yet. */
import { isDeepStrictEqual } from 'node:util';
import type { TemplateResource } from '../template/assembly.ts';

type Resources = Readonly<Record<string, TemplateResource>>;

interface PathPart {
  readonly logicalId: string;
  readonly parent: unknown;
  readonly text: string;
}

/**
 * @param before the resources of the deployed template. CloudFormation deletes them after it has created the new ones
 * @throws Error naming a resource that API Gateway refuses, with its message
 */
export function checkPathParts(before: Resources, after: Resources): void {
  const existing = pathParts(before);
  for (const created of pathParts(after)) {
    if (existing.some((one) => isDeepStrictEqual(one, created))) continue;
    const siblings = existing.filter(({ parent }) => isDeepStrictEqual(parent, created.parent));
    const refusal = siblings
      .map(({ text }) => refusalOf(created.text, text))
      .find((one) => one !== undefined);
    if (refusal) {
      throw new Error(
        `API Gateway refuses ${created.logicalId}: "${refusal}". CloudFormation deletes the earlier resource only later: use a path that does not collide with it.`,
      );
    }
    existing.push(created);
  }
}

function pathParts(resources: Resources): PathPart[] {
  return Object.entries(resources)
    .filter(([, { Type }]) => Type === 'AWS::ApiGateway::Resource')
    .map(([logicalId, { Properties = {} }]) => ({
      logicalId,
      parent: Properties.ParentId,
      text: String(Properties.PathPart),
    }));
}

function refusalOf(text: string, sibling: string): string | undefined {
  if (text === sibling) return `Another resource with the same parent already has this name: ${text}`;
  const areVariable = [text, sibling].every((part) => part.startsWith('{'));
  return areVariable
    ? `A sibling (${sibling}) of this resource already has a variable path part -- only one is allowed`
    : undefined;
}
