/** Runs the step of `call_api`, which decides what to call. Step Functions makes the calls. */
import { requiredEnv, StepEnv, stepHandler } from 'mcp-async-operations/steps';
import { callApi } from './operation.ts';
import { request } from './request.ts';

export const handler = stepHandler(callApi, { request: request(JSON.parse(requiredEnv(StepEnv.apiRoots))) });
