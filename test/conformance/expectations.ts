/** The suite's checks that cannot apply to this server, each with the reason: everything else has to pass. */
import type { ScenarioResult } from './suite.ts';

const PROMPTS = 'The server has tools and no prompts.';
const RESOURCES = 'The server has the resources of jobs, `job://…`. The suite looks for its own.';
const CONNECTION =
  'Without a task, a call of 2025-11-25 asks no question. `tasks/result` asks it, or `answer_job` answers it.';
const SAMPLING = 'The server asks users (elicitation). Sampling and roots are deprecated.';
const STATE =
  'A call keeps no state between rounds. A second round of questions needs a job, which keeps the first.';
const PROGRESS = 'A call reports the progress of its job while it waits. The suite looks for its own tool.';
const LOGGING = 'The log of a job is a resource. `logging` is deprecated.';

/** By scenario: the checks that fail, and why they may. */
export const NOT_APPLICABLE: Readonly<
  Record<string, { readonly checks: readonly string[]; readonly reason: string }>
> = {
  caching: { checks: ['sep-2549-prompts-list-caching-hints'], reason: PROMPTS },
  'completion-complete': {
    checks: ['completion-complete'],
    reason: 'The server completes no arguments: only prompts and resource templates can have completions.',
  },
  'elicitation-sep1034-defaults': { checks: ['elicitation-sep1034-general'], reason: CONNECTION },
  'elicitation-sep1330-enums': { checks: ['elicitation-sep1330-general'], reason: CONNECTION },
  'http-custom-header-server-validation': {
    checks: [
      'sep-2243-server-no-xmcp-tool',
      'sep-2243-server-decode-base64',
      'sep-2243-server-validate-param-match',
      'sep-2243-server-reject-invalid-param-chars',
      'sep-2243-server-reject-param-mismatch',
    ],
    reason: 'No tool repeats arguments in headers (`x-mcp-header`).',
  },
  'input-required-result-basic-list-roots': { checks: ['sep-2322-list-roots-incomplete'], reason: SAMPLING },
  'input-required-result-basic-sampling': { checks: ['sep-2322-sampling-incomplete'], reason: SAMPLING },
  'input-required-result-capability-check': {
    checks: ['sep-2322-respect-client-capabilities'],
    reason: SAMPLING,
  },
  'input-required-result-multi-round': { checks: ['sep-2322-multi-round-r1'], reason: STATE },
  'input-required-result-multiple-input-requests': {
    checks: ['sep-2322-multiple-inputs-incomplete'],
    reason: SAMPLING,
  },
  'input-required-result-non-tool-request': { checks: ['sep-2322-non-tool-incomplete'], reason: PROMPTS },
  'input-required-result-request-state': { checks: ['sep-2322-request-state-incomplete'], reason: STATE },
  'input-required-result-tampered-state': { checks: ['sep-2322-reject-tampered-state'], reason: STATE },
  'json-schema-2020-12': {
    checks: ['json-schema-2020-12-tool-found'],
    reason: 'zod writes the schemas, without the keywords that the suite looks for.',
  },
  'logging-set-level': { checks: ['logging-set-level'], reason: LOGGING },
  'prompts-get-embedded-resource': { checks: ['prompts-get-embedded-resource'], reason: PROMPTS },
  'prompts-get-simple': { checks: ['prompts-get-simple'], reason: PROMPTS },
  'prompts-get-with-args': { checks: ['prompts-get-with-args'], reason: PROMPTS },
  'prompts-get-with-image': { checks: ['prompts-get-with-image'], reason: PROMPTS },
  'prompts-list': { checks: ['prompts-list'], reason: PROMPTS },
  'resources-read-binary': { checks: ['resources-read-binary'], reason: RESOURCES },
  'resources-read-text': { checks: ['resources-read-text'], reason: RESOURCES },
  'resources-subscribe': {
    checks: ['resources-subscribe'],
    reason: 'Clients subscribe to tasks and events, not to resources.',
  },
  'resources-templates-read': { checks: ['resources-templates-read'], reason: RESOURCES },
  'resources-unsubscribe': {
    checks: ['resources-unsubscribe'],
    reason: 'Clients subscribe to tasks and events, not to resources.',
  },
  'server-stateless': {
    checks: ['sep-2575-server-rejects-undeclared-capability', 'sep-2575-missing-capability-http-400'],
    reason: `${SAMPLING} The check needs sampling. tasks-required-task-error checks the same for tasks.`,
  },
  'tools-call-elicitation': { checks: ['tools-call-elicitation'], reason: CONNECTION },
  'tools-call-sampling': { checks: ['tools-call-sampling'], reason: SAMPLING },
  'tools-call-with-logging': { checks: ['tools-call-with-logging'], reason: LOGGING },
  'tools-call-with-progress': { checks: ['tools-call-with-progress'], reason: PROGRESS },
};

export const Verdict = {
  passed: 'passed',
  /** Some of its checks cannot apply; the others have passed. */
  inPart: 'in part',
  notApplicable: 'not applicable',
  /** The suite itself has nothing to check here. */
  notRun: 'not run by the suite',
  failed: 'failed',
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

export interface Judgement {
  readonly verdict: Verdict;
  /** Why it cannot apply, or what has failed. */
  readonly reason: string;
}

export function judge({ scenario, passed, failures }: ScenarioResult): Judgement {
  const { checks = [], reason = '' } = NOT_APPLICABLE[scenario] ?? {};
  const unexpected = failures.filter((failure) => !checks.includes(failure.slice(0, failure.indexOf(':'))));
  if (unexpected.length > 0) return { verdict: Verdict.failed, reason: unexpected.join('; ') };
  // One is the suite's own, of the messages on the way.
  if (failures.length > 0) return { verdict: passed > 1 ? Verdict.inPart : Verdict.notApplicable, reason };
  return passed > 0 ? { verdict: Verdict.passed, reason: '' } : { verdict: Verdict.notRun, reason: '' };
}

/** Scenarios that were said not to apply, and do: the list is to be mended. */
export function stale(results: readonly ScenarioResult[]): readonly string[] {
  const failing = new Set(
    results.filter(({ failures }) => failures.length > 0).map(({ scenario }) => scenario),
  );
  return Object.keys(NOT_APPLICABLE).filter((scenario) => !failing.has(scenario));
}
