/** The function behind the operation `call_api`: it decides what is called, and calls nothing itself. */
import { Env, requiredEnv } from '../../shared/env.ts';
import { stepHandler } from '../../runner/step-handler.ts';
import { callApi } from './operation.ts';
import { request } from './request.ts';

export const handler = stepHandler(callApi, { request: request(JSON.parse(requiredEnv(Env.apiRoots))) });
