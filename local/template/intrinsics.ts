/** Resolves intrinsic functions of a template: `Ref`, `Fn::GetAtt`, `Fn::Join` and others. */

import { VersionNumbers } from '../lambda/version-numbers.ts';
import { ACCOUNT, REGION } from '../shared/aws-names.ts';
import type { Template } from './assembly.ts';
import { type Addresses, isKnownType, namesOf, type ResourceNames } from './resource-names.ts';

export interface ResolverOptions {
  readonly template: Template;
  readonly stackName: string;
  readonly addresses: Addresses & { readonly api: string };
  /** Numbers of the versions of earlier assemblies. @default none are published */
  readonly versions?: VersionNumbers;
  /**
   * Values for resources that the local cloud does not run, by `LogicalId` or `LogicalId.Attribute`.
   * @default a text that begins with `NOT_RUN`
   */
  readonly standIns?: Readonly<Record<string, string>>;
}

/** Matches the text in place of a value that the local cloud lacks, and its name: `not-run://Database.Endpoint.Address!`. */
export const NOT_RUN = /not-run:\/\/([^!]+)!/;

function notRun(name: string): string {
  return `not-run://${name}!`;
}

/** Resolves every intrinsic inside a template value. @throws Error for an unknown reference or an unsupported function */
export type Resolve = (value: unknown) => unknown;

/** The URL of an API in templates: `https://ID.execute-api.REGION.amazonaws.com/STAGE`. */
const API_ADDRESS = /https:\/\/[^./]+\.execute-api\.[^./]+\.amazonaws\.com(\/[^/]+)?/g;

export function createResolver({
  template,
  stackName,
  addresses,
  versions = new VersionNumbers(),
  standIns = {},
}: ResolverOptions): Resolve {
  const pseudoParameters: Readonly<Record<string, string>> = {
    'AWS::AccountId': ACCOUNT,
    'AWS::Partition': 'aws',
    'AWS::Region': REGION,
    'AWS::StackId': `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${stackName}/local`,
    'AWS::StackName': stackName,
    'AWS::URLSuffix': 'amazonaws.com',
  };

  const functions: Readonly<Record<string, (argument: unknown) => unknown>> = {
    Ref: (name) => ref(String(name)),
    'Fn::GetAtt': (argument) => {
      const [logicalId = '', ...path] = Array.isArray(argument) ? argument : String(argument).split('.');
      return attribute(String(logicalId), path.join('.'));
    },
    // A value of another stack, by the name of its export.
    'Fn::ImportValue': (argument) => {
      const name = String(resolve(argument));
      return standIns[name] ?? notRun(name);
    },
    'Fn::Join': (argument) => {
      const [separator, parts] = resolve(argument) as [string, string[]];
      return localAddress(parts.join(separator));
    },
    'Fn::Select': (argument) => {
      const [index, list] = resolve(argument) as [number | string, unknown[]];
      return list[Number(index)];
    },
    'Fn::Split': (argument) => {
      const [separator, text] = resolve(argument) as [string, string];
      return text.split(separator);
    },
    'Fn::Sub': (argument) => {
      const [text, variables] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, object];
      const given = resolve(variables) as Record<string, string>;
      return localAddress(
        text.replace(/\$\{(!?)([^}]+)\}/g, (match, literal: string, name: string) => {
          if (literal) return match.replace('!', '');
          if (name in given) return String(given[name]);
          const [logicalId = '', ...path] = name.split('.');
          return path.length > 0 ? attribute(logicalId, path.join('.')) : String(ref(name));
        }),
      );
    },
  };

  function ref(name: string): unknown {
    if (name === 'AWS::NoValue') return undefined;
    const given = pseudoParameters[name] ?? template.Parameters?.[name]?.Default ?? standIns[name];
    return given ?? (isNotRun(name) ? notRun(name) : names(name).ref);
  }

  function isNotRun(logicalId: string): boolean {
    const resource = template.Resources[logicalId];
    return resource !== undefined && !isKnownType(resource.Type);
  }

  function attribute(logicalId: string, name: string): string {
    const standIn = standIns[`${logicalId}.${name}`];
    if (standIn !== undefined) return standIn;
    if (isNotRun(logicalId)) return notRun(`${logicalId}.${name}`);
    const value = names(logicalId).attributes[name];
    if (value === undefined)
      throw new Error(
        `The local cloud does not support the attribute ${logicalId}.${name}: add it to local/template/resource-names.ts.`,
      );
    return value;
  }

  function names(logicalId: string): ResourceNames {
    const resource = template.Resources[logicalId];
    if (!resource)
      throw new Error(
        `The template refers to "${logicalId}", which it does not define: use a resource of the same stack.`,
      );
    const chosenName = (property: string) => resolve(resource.Properties?.[property]) as string | undefined;
    return namesOf(logicalId, resource.Type, chosenName, { ...addresses, versions });
  }

  function localAddress(text: string): string {
    return text.replace(API_ADDRESS, addresses.api);
  }

  function resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(resolve);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [key, argument] = entries[0] ?? [];
    if (entries.length === 1 && key && (key === 'Ref' || key.startsWith('Fn::'))) {
      const intrinsic = functions[key];
      if (!intrinsic)
        throw new Error(
          `The local cloud does not support ${key} in the template: add it to local/template/intrinsics.ts.`,
        );
      return intrinsic(argument);
    }
    return Object.fromEntries(
      entries.map(([name, inner]) => [name, resolve(inner)]).filter(([, inner]) => inner !== undefined),
    );
  }

  return resolve;
}
