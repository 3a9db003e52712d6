/** Says what the error codes of the samples mean and what to do. For the reference only: no function imports it. */

export interface SampleErrorMeaning {
  /** Names of the operations. */
  readonly operations: readonly string[];
  readonly meaning: string;
  readonly remedy: string;
  /** Whether the same call can succeed later without a change. `sometimes`: the field `retryable` of the error says it. */
  readonly retryable: 'yes' | 'no' | 'sometimes';
}

/** By code, without the codes of the engine that samples use too. */
export const sampleErrors: Readonly<Record<string, SampleErrorMeaning>> = {
  API_CALL_FAILED: {
    operations: ['call_api'],
    meaning:
      'The API refused the request, failed or did not respond. `details` has the status and the first 2 KiB of the body.',
    remedy: 'Correct the request, or try again later. Check first whether the API has processed it.',
    retryable: 'sometimes',
  },
  API_NOT_ALLOWED: {
    operations: ['call_api'],
    meaning: 'The operator has not allowed this connection. The message names the allowed ones.',
    remedy: 'Use an allowed connection, or ask the operator to add it with `-c apiConnections=…`.',
    retryable: 'no',
  },
  API_RESPONSE_INVALID: {
    operations: ['call_api'],
    meaning: 'The API responded with broken JSON, a partial body, or a polling address outside of its URL.',
    remedy: 'Report the response to the operator of the API.',
    retryable: 'no',
  },
  ARTIFACT_CHANGED: {
    operations: ['deploy'],
    meaning: 'The artifact is no longer the one that the build made.',
    remedy: 'Build the project again and deploy that build.',
    retryable: 'no',
  },
  ARTIFACT_INVALID: {
    operations: ['build'],
    meaning: 'The archive cannot hold a file of the project, such as a link that leads out of it.',
    remedy: 'Remove or correct the file that the message names.',
    retryable: 'no',
  },
  ARTIFACT_TOO_LARGE: {
    operations: ['build'],
    meaning: 'The artifact has too many bytes or files. `details` has the limit.',
    remedy: 'Remove dependencies, or list the needed files in `files` of package.json.',
    retryable: 'no',
  },
  BUILD_JOB_INVALID: {
    operations: ['deploy'],
    meaning: 'The build is unknown, has expired, has not completed, or belongs to another project.',
    remedy: 'Build the project and pass the `job_id` of that build.',
    retryable: 'no',
  },
  DEPLOY_IN_PROGRESS: {
    operations: ['deploy'],
    meaning: 'Another job is deploying the project to this environment. `details.job_id` is that job.',
    remedy: 'Wait until it ends, or cancel it. Then start again.',
    retryable: 'yes',
  },
  DOWNLOAD_FAILED: {
    operations: ['download'],
    meaning:
      'The server refused the request, redirected too often, compressed the response, or closed the connection.',
    remedy: 'Check the URL, or try again later.',
    retryable: 'sometimes',
  },
  FILE_NOT_FOUND: {
    operations: ['read_file'],
    meaning: 'The project has no such file, or the path is a directory or a link.',
    remedy: 'Find files with `search_project` and a glob.',
    retryable: 'no',
  },
  MIGRATION_INVALID: {
    operations: ['migrate'],
    meaning:
      'The change is empty, changes a key, or names an attribute twice; or the table has a binary key.',
    remedy: 'Change `set`, `remove` or `rename` as the message says.',
    retryable: 'no',
  },
  PACKAGE_MANAGER_UNSUPPORTED: {
    operations: ['build'],
    meaning:
      'The lock file or `packageManager` needs another package manager or version. `details` names it.',
    remedy: 'Use a lock file of a supported package manager.',
    retryable: 'no',
  },
  PATH_REFUSED: {
    operations: ['read_file', 'search'],
    meaning: 'The path is absolute, leads out of the project, or has unusual characters.',
    remedy: 'Give a path relative to the project, such as `src/main.ts`.',
    retryable: 'no',
  },
  PATTERN_INVALID: {
    operations: ['search'],
    meaning: 'The pattern or the glob is invalid.',
    remedy: 'Use RE2 syntax, without backreferences and lookaround.',
    retryable: 'no',
  },
  PROJECT_NOT_FOUND: {
    operations: ['build', 'read_file', 'search'],
    meaning: 'The workspace has no source of this project.',
    remedy: 'Use a name from `list_projects`, or upload the project first.',
    retryable: 'no',
  },
  SCRIPT_FAILED: {
    operations: ['build'],
    meaning:
      'An installation or a script of the project failed. `details` has the exit code, `log_tail` the last lines.',
    remedy: 'Read the log of the step and correct the project.',
    retryable: 'sometimes',
  },
  SMOKE_TEST_FAILED: {
    operations: ['deploy'],
    meaning:
      'The release is broken. `details.rolled_back_to` is the version that is current again, or empty.',
    remedy: 'Fix the project, build it and deploy again.',
    retryable: 'no',
  },
  SOURCE_INVALID: {
    operations: ['build', 'download', 'read_file', 'search', 'upload'],
    meaning: 'The file is not the archive of a project, or the message names an entry that is refused.',
    remedy: 'Correct the archive and upload it again.',
    retryable: 'no',
  },
  SOURCE_TOO_LARGE: {
    operations: ['build', 'download', 'read_file', 'search', 'upload'],
    meaning: 'The source has too many bytes or entries. `details` has the limit.',
    remedy: 'Leave out files that the build creates.',
    retryable: 'no',
  },
  TABLE_NOT_ALLOWED: {
    operations: ['migrate'],
    meaning: 'The operator has not allowed this table. The message names the allowed ones.',
    remedy: 'Use an allowed table, or ask the operator to add it with `-c migrateTables=…`.',
    retryable: 'no',
  },
  TABLE_NOT_FOUND: {
    operations: ['migrate'],
    meaning: 'The table is allowed but does not exist.',
    remedy: 'Ask the operator to create it, or choose another table.',
    retryable: 'no',
  },
  UPLOAD_CHANGED: {
    operations: ['upload'],
    meaning: 'The uploaded file was replaced or deleted before the job ended.',
    remedy: 'Start the upload again, and PUT the file once.',
    retryable: 'no',
  },
};
