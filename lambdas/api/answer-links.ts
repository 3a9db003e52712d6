/** `/answers`: the links that webhooks carry, by which whoever holds one answers what it was made for. */
import * as z from 'zod';
import {
  type AnswerGrant,
  answerGranted,
  answerLinkInvalid,
  type GrantedQuestions,
  readGranted,
} from '../jobs/input/answer-grant.ts';
import { answersInput } from '../jobs/input/answer-schema.ts';
import { viewQuestion } from '../jobs/job-view.ts';
import { readAnswerToken } from '../webhooks/signing/answer-token.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';
import type { ApiRequest } from './request.ts';
import type { Answer } from './response.ts';

export function answerLinkRoutes({ jobs, signingKeys }: Pick<ApiDependencies, 'jobs' | 'signingKeys'>) {
  async function grantOf(request: ApiRequest): Promise<AnswerGrant> {
    const grant = readAnswerToken(request.param('token'), await signingKeys.get(), Date.now());
    if (grant) return grant;
    throw answerLinkInvalid();
  }

  return {
    'GET /answers/{token}': async (request) => {
      request.takesNoParameters();
      return view(await readGranted({ jobs }, await grantOf(request)));
    },

    'POST /answers/{token}': async (request) => {
      const { answers } = request.body(z.strictObject({ answers: answersInput }));
      return view(await answerGranted({ jobs }, await grantOf(request), answers));
    },
  } satisfies Record<string, RouteHandler>;
}

/** What is asked, and of the job no more than its operation. */
function view({ operation, open }: GrantedQuestions): Answer {
  const requests = open.map(([key, request]) => [key, viewQuestion(request)]);
  return { status: 200, body: { operation, input_requests: Object.fromEntries(requests) } };
}
