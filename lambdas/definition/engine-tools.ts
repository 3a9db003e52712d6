/** Names the tools that every server has. Tools of operations have other names. */
export const ENGINE_TOOLS = [
  'answer_job',
  'cancel_job',
  'check_job',
  'get_file',
  'list_deliveries',
  'list_jobs',
  'read_log',
  'retry_job',
] as const;
