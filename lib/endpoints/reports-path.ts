/** Names the path to which sandboxes report. Public: a sandbox has no credentials, and each report has a sealed token. */
export const REPORTS_PATH = '/sandbox-reports';
