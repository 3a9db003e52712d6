/** Describes a job's input requests to a model: the questions to ask the user, and the file to upload. */
import type { InputRequestView, UploadRequestView } from '../jobs/job-view.ts';
import { Scope } from '../shared/caller.ts';
import { formatBytes } from '../shared/format-bytes.ts';

type Requests = Readonly<Record<string, InputRequestView>>;

/** @param name the job */
export function describeInputRequests(name: string, requests: Requests): string {
  const entries = Object.entries(requests);
  const uploads = entries.flatMap(([, request]) => ('upload' in request ? [request] : []));
  const questions = entries.flatMap(([key, request]) => ('upload' in request ? [] : [{ key, ...request }]));
  return [
    ...(questions.length > 0 ? [`${name} waits for answers.`] : []),
    ...questions.map(({ key, message, ...request }) =>
      'url' in request
        ? `${key}: ${message} (url: ${request.url})`
        : `${key}: ${message} (content: ${JSON.stringify(request.schema)})`,
    ),
    ...uploads.map((request) => `${name} waits for a file. ${describeUpload(request)}`),
  ].join('\n');
}

/** The text has the whole command. The guidance refers to the URL, so that each form of a result has it once. */
function describeUpload({ message, upload }: UploadRequestView): string {
  const { url, url_expires_at, max_bytes, size } = upload;
  const how =
    size === undefined ? `up to ${formatBytes(max_bytes)}` : `exactly ${size.toLocaleString('en')} bytes`;
  if (!url) return `${message} It takes ${how}.`;
  return `${message} Start the upload (${how}) before ${url_expires_at}:\ncurl --fail-with-body -T FILE '${url}'`;
}

/** Returns what to do about the requests; undefined when none is open. */
export function inputGuidance(requests: Requests): string | undefined {
  const entries = Object.entries(requests);
  const answers = entries.flatMap(([key, request]) => ('upload' in request ? [] : [key]));
  const pages = entries.flatMap(([key, request]) => ('url' in request ? [key] : []));
  return (
    [
      ...(answers.length > 0
        ? [`Ask the user, then call answer_job with this job_id and answers to: ${answers.join(', ')}.`]
        : []),
      ...pages.map(
        (key) =>
          `Show the user the url of ${key} and do not open it yourself; after their visit, accept without content.`,
      ),
      ...entries.flatMap(([key, request]) => ('upload' in request ? [uploadGuidance(key, request)] : [])),
    ].join('\n') || undefined
  );
}

function uploadGuidance(key: string, { upload }: UploadRequestView): string {
  if (!upload.url)
    return `The upload URL requires a token with the scope ${Scope.jobsWrite}: call check_job with such a token.`;
  return (
    `Upload the file once: curl --fail-with-body -T FILE 'URL', with the URL in input_requests.${key}.upload.url. ` +
    'Then call check_job again: the job resumes a moment later. Keep the URL secret: anyone who has it can upload. ' +
    'check_job returns a new one.'
  );
}
