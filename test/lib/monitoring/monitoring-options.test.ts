/** Tests which options of the monitoring the CDK context gives, and which it is refused for. */
import { expect, test } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { readMonitoring } from '../../../lib/monitoring/monitoring-options.ts';

const read = (context: Readonly<Record<string, string>>) => readMonitoring(new App({ context }).node);

test.each([
  [{}, undefined],
  [{ monitoring: 'true' }, undefined],
  [{ monitoring: 'false' }, false],
  [{ alarmEmail: 'on-call@example.com' }, { email: 'on-call@example.com' }],
  [{ monthlyBudget: '300' }, { budget: { monthlyUsd: 300 } }],
])('the context %j gives the options %j', (context, options) => {
  expect(read(context)).toEqual(options);
});

test.each([
  [{ monitoring: 'off' }, /monitoring is "off": give true or false/],
  [{ monitoring: 'false', alarmEmail: 'on-call@example.com' }, /remove them, or remove monitoring=false/],
])('the context %j is refused with the remedy', (context, message) => {
  expect(() => read(context)).toThrow(message);
});
