/** Runs one command of the program: reads its options, shows its usage, and returns the exit code. */

export interface Command<Options> {
  readonly USAGE: string;
  /** @returns undefined for --help. @throws Error naming the option and the remedy */
  readOptions(args: string[]): Options | undefined;
  /** @returns the exit code */
  run(options: Options): Promise<number>;
}

/** @returns the exit code: 0 for --help, 2 for options that the command refuses */
export async function runCommand<Options>(
  { USAGE, readOptions, run }: Command<Options>,
  args: string[],
): Promise<number> {
  let options: Options | undefined;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  if (options) return run(options);
  console.log(USAGE);
  return 0;
}
