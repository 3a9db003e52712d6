/** Defines the memory of functions, on which their CPU and their price depend. */

/** MiB of the function of the MCP endpoint. It is one full vCPU: CPU limits cold starts, DynamoDB limits calls. */
export const MCP_MB = 1_769;

/** MiB × milliseconds of a GB-second. */
export const MB_MS_OF_GB_SECOND = 1_024 * 1_000;
