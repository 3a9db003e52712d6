/** Resumes executions whose jobs have received all answers. */
import { SFNClient } from '@aws-sdk/client-sfn';
import middy from '@middy/core';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { observe } from '../../shared/observability/observe.ts';
import { resumeExecutions } from './resume.ts';

const client = new SFNClient();

export const handler = middy(({ Records }: DynamoDBStreamEvent) => resumeExecutions(client, Records)).use(
  observe(),
);
