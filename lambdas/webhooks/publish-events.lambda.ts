/** Tells the topic of every change that the jobs table's stream shows. */
import { SNSClient } from '@aws-sdk/client-sns';
import middy from '@middy/core';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { Env, requiredEnv } from '../shared/env.ts';
import { EventTopic } from './event-topic.ts';
import { publishEvents } from './publish-events.ts';

const topic = new EventTopic(new SNSClient(), requiredEnv(Env.eventsTopicArn));

export const handler = middy(({ Records }: DynamoDBStreamEvent) => publishEvents(topic, Records));
