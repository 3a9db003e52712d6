/** Converts between the resources of a REST API and its paths. */
import type { TemplateResource } from '../../local/template/assembly.ts';

/** Returns the resources of these paths and of their parents. The logical id of each is its path. */
export function resourcesAt(paths: readonly string[]): Record<string, TemplateResource> {
  const all = paths.flatMap((path) => {
    const segments = path.split('/').slice(1);
    return segments.map((_, index) => segments.slice(0, index + 1));
  });
  return Object.fromEntries(
    all.map((segments) => {
      const parent = segments.slice(0, -1);
      return [
        `/${segments.join('/')}`,
        {
          Type: 'AWS::ApiGateway::Resource',
          Properties: {
            ParentId:
              parent.length > 0
                ? { Ref: `/${parent.join('/')}` }
                : { 'Fn::GetAtt': ['Api', 'RootResourceId'] },
            PathPart: segments.at(-1),
          },
        },
      ];
    }),
  );
}

/** Returns the path of each resource. */
export function pathsOf(resources: Readonly<Record<string, TemplateResource>>): readonly string[] {
  const pathOf = (id: string): string => {
    const { ParentId, PathPart } = resources[id]?.Properties ?? {};
    const parent = (ParentId as { readonly Ref?: string }).Ref;
    return `${parent ? pathOf(parent) : ''}/${PathPart}`;
  };
  return Object.keys(resources)
    .filter((id) => resources[id]?.Type === 'AWS::ApiGateway::Resource')
    .map(pathOf);
}
