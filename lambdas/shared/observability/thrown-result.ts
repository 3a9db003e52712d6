/** Defines the errors that a handler throws as its result. */

/**
 * An error that a handler throws for its caller, such as a state machine, which reads its name and message. The invocation has not
 * failed: `observe` logs nothing for it, so the code that throws it logs what an operator has to know.
 */
export abstract class ThrownResult extends Error {}
