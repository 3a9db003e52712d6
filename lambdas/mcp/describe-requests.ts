/** What a job waits for, in words for a model: questions to put to its user, and a file to put where it belongs. */
import type { InputRequestView, JobView, UploadRequestView } from '../jobs/job-view.ts';
import { Scope } from '../shared/caller.ts';
import { formatBytes } from '../shared/format-bytes.ts';

export function describeRequests(
  { job_id, operation }: JobView,
  requests: Readonly<Record<string, InputRequestView>>,
): string {
  const name = `Job ${job_id} (${operation})`;
  const asked = Object.entries(requests);
  const uploads = asked.flatMap(([, request]) => ('upload' in request ? [request] : []));
  const questions = asked.flatMap(([key, request]) => ('upload' in request ? [] : [{ key, ...request }]));
  return [
    ...(questions.length > 0
      ? [`${name} waits for answers. Ask the user, then call answer_job with this job_id and answers to:`]
      : []),
    ...questions.map(({ key, message, ...asks }) =>
      'url' in asks
        ? `${key}: ${message} Show the user this address and open nothing yourself; once they have been there, accept without content: ${asks.url}`
        : `${key}: ${message} (content: ${JSON.stringify(asks.schema)})`,
    ),
    ...uploads.map((request) => `${name} waits for a file. ${describeUpload(request)}`),
  ].join('\n');
}

function describeUpload({ message, upload }: UploadRequestView): string {
  const { url, url_expires_at, max_bytes, size } = upload;
  if (!url) return `${message} Where to put it is told to tokens with the scope ${Scope.jobsWrite} alone.`;
  const how =
    size === undefined ? `up to ${formatBytes(max_bytes)}` : `${size.toLocaleString('en')} bytes exactly`;
  return [
    `${message} Put the file (${how}) there, beginning before ${url_expires_at}, then call check_job again with this job_id:`,
    `curl --fail-with-body -T FILE '${url}'`,
    'Do not put it twice: that it is there is noticed a moment later. Whoever has this URL can put the file; check_job gives another.',
  ].join('\n');
}
