/** Defines the memory of functions, on which their CPU and their price depend. */

/**
 * MiB of the function of the MCP endpoint, with which a minute's wait costs $0.00029. It needs no more CPU: it initializes with a
 * whole one, and waits for AWS afterwards. It uses 125 MB, and at most 300 MB for the largest requests.
 */
export const MCP_MB = 344;

/** MiB × milliseconds of a GB-second. */
export const MB_MS_OF_GB_SECOND = 1_024 * 1_000;
