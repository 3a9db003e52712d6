/** Describes a job's input requests to a model: the questions to ask the user, and the file to upload. */
import type { InputRequestView, JobView, UploadRequestView } from '../jobs/job-view.ts';
import { Scope } from '../shared/caller.ts';
import { formatBytes } from '../shared/format-bytes.ts';

export function describeInputRequests(
  { job_id, operation }: JobView,
  requests: Readonly<Record<string, InputRequestView>>,
): string {
  const name = `Job ${job_id} (${operation})`;
  const entries = Object.entries(requests);
  const uploads = entries.flatMap(([, request]) => ('upload' in request ? [request] : []));
  const questions = entries.flatMap(([key, request]) => ('upload' in request ? [] : [{ key, ...request }]));
  return [
    ...(questions.length > 0
      ? [`${name} waits for answers. Ask the user, then call answer_job with this job_id and answers to:`]
      : []),
    ...questions.map(({ key, message, ...request }) =>
      'url' in request
        ? `${key}: ${message} Show the user this URL and do not open it yourself. After their visit, accept without content: ${request.url}`
        : `${key}: ${message} (content: ${JSON.stringify(request.schema)})`,
    ),
    ...uploads.map((request) => `${name} waits for a file. ${describeUpload(request)}`),
  ].join('\n');
}

function describeUpload({ message, upload }: UploadRequestView): string {
  const { url, url_expires_at, max_bytes, size } = upload;
  if (!url) return `${message} The upload URL requires a token with the scope ${Scope.jobsWrite}.`;
  const how =
    size === undefined ? `up to ${formatBytes(max_bytes)}` : `exactly ${size.toLocaleString('en')} bytes`;
  return [
    `${message} Start the upload (${how}) before ${url_expires_at}, then call check_job again with this job_id:`,
    `curl --fail-with-body -T FILE '${url}'`,
    'Upload it once: the job resumes a moment later. Keep this URL secret: anyone who has it can upload. check_job returns a new one.',
  ].join('\n');
}
