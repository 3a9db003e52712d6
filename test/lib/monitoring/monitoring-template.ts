/** Synthesizes the monitoring of a stack without bundles, and reads its alarms. */
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AsyncOperationsStack, type AsyncOperationsStackProps } from '../../../lib/async-operations-stack.ts';
import type { Catalogue } from '../../../lib/catalogue.ts';
import { operations as sixty } from '../../fixtures/many/index.ts';
import { samples } from '../../support/sample-catalogue.ts';

/** Region and account in which templates without tokens are made. */
export const ENV = { region: 'ap-southeast-1', account: '111122223333' };

/** Returns the template of a stack with the samples. */
export function templateOf(props: Partial<AsyncOperationsStackProps> = {}): Template {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  return Template.fromStack(
    new AsyncOperationsStack(app, 'AsyncOperations', { env: ENV, operations: samples, ...props }),
  );
}

const many: Catalogue = {
  operations: sixty,
  module: fileURLToPath(new URL('../../fixtures/many/index.ts', import.meta.url)),
};
const templates = new Map<string, Template>();

/** Returns the template with the defaults. Files of a worker share it. */
export function defaultTemplate(): Template {
  return once('samples', () => templateOf());
}

/** Returns the template of sixty operations, with IAM. Files of a worker share it. */
export function templateOfSixty(monitoring: 'default' | 'off' = 'default'): Template {
  const off = monitoring === 'off' ? { monitoring: false as const } : {};
  return once(`sixty, ${monitoring}`, () =>
    templateOf({ operations: many, authorization: { mode: 'iam' }, ...off }),
  );
}

function once(key: string, make: () => Template): Template {
  const template = templates.get(key) ?? make();
  templates.set(key, template);
  return template;
}

/** The properties in use of an alarm. */
export interface AlarmProperties {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly AlarmActions?: readonly unknown[];
  readonly OKActions?: readonly unknown[];
  readonly Threshold: number;
  readonly Period?: number;
  readonly EvaluationPeriods: number;
  readonly MetricName?: string;
  readonly Namespace?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly TreatMissingData: string;
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly MetricStat?: {
      readonly Metric: Pick<AlarmProperties, 'Namespace' | 'MetricName' | 'Dimensions'>;
      readonly Period: number;
      readonly Stat: string;
    };
  }[];
}

/** Returns the alarms of a template, by what follows the name of the deployment. */
export function alarmsOf(template: Template, service = 'AsyncOperations'): Map<string, AlarmProperties> {
  const found = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
  return new Map(found.map(({ Properties }) => [Properties.AlarmName.slice(service.length + 1), Properties]));
}

/** A widget of a dashboard. A row of the grid has 24 columns. */
export interface Widget {
  readonly type: 'metric' | 'text' | 'alarm' | 'log';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
    readonly query?: string;
    readonly view?: string;
  };
}

/** Returns the body of the template's dashboard. Names that are known only at deploy are the logical ids. */
export function dashboardOf(template: Template): { readonly widgets: readonly Widget[] } {
  const [resource] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  const [, parts]: [string, readonly (string | object)[]] = resource?.Properties.DashboardBody[
    'Fn::Join'
  ] ?? ['', []];
  const text = parts.map((part) => (typeof part === 'string' ? part : nameOf(part))).join('');
  return JSON.parse(text);
}

function nameOf(reference: object): string {
  const [argument] = Object.values(reference).flat();
  return String(argument);
}
