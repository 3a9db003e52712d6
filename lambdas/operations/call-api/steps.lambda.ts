/** The function behind the operation `call_api`: it decides what is called, and calls nothing itself. */
import { requiredEnv, StepEnv, stepHandler } from 'mcp-async-operations/steps';
import { callApi } from './operation.ts';
import { request } from './request.ts';

export const handler = stepHandler(callApi, { request: request(JSON.parse(requiredEnv(StepEnv.apiRoots))) });
