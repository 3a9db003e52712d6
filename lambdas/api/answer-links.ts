/** Handles `/answers`: shows and answers the questions of an answer link, for any holder of the link. */
import {
  type AnswerGrant,
  answerGrantedQuestions,
  answerLinkInvalid,
  type GrantedQuestions,
  readGrantedQuestions,
} from '../jobs/input/answer-grant.ts';
import { viewQuestion } from '../jobs/job-view.ts';
import { readAnswerToken } from '../webhooks/signing/answer-token.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';
import { answersBody } from './jobs.ts';
import type { ApiRequest } from './request.ts';
import type { ApiResponse } from './response.ts';

export function answerLinkRoutes({ jobs, signingKeys }: Pick<ApiDependencies, 'jobs' | 'signingKeys'>) {
  /** @throws AppError ANSWER_LINK_INVALID */
  async function grantOf(request: ApiRequest): Promise<AnswerGrant> {
    const grant = readAnswerToken(request.param('token'), await signingKeys.get(), Date.now());
    if (grant) return grant;
    throw answerLinkInvalid();
  }

  return {
    'GET /answers/{token}': async (request) => {
      request.expectNoParameters();
      return view(await readGrantedQuestions({ jobs }, await grantOf(request)));
    },

    'POST /answers/{token}': async (request) => {
      const { answers } = request.body(answersBody);
      return view(await answerGrantedQuestions({ jobs }, await grantOf(request), answers));
    },
  } satisfies Record<string, RouteHandler>;
}

/** Shows the open questions, and nothing of the job but its operation. */
function view({ operation, open }: GrantedQuestions): ApiResponse {
  const requests = open.map(([key, request]) => [key, viewQuestion(request)]);
  return { status: 200, body: { operation, input_requests: Object.fromEntries(requests) } };
}
