/** Opens a page in the browser of the system, through the command that each system has for it. */
import { spawn } from 'node:child_process';

type Command = readonly [program: string, ...args: string[]];

/** @param url without characters that a shell of Windows expands, such as & and % */
export function browserCommand(url: string, platform: NodeJS.Platform = process.platform): Command {
  if (platform === 'darwin') return ['open', url];
  // The first text in quotes is the title of a window.
  if (platform === 'win32') return ['cmd', '/c', 'start', '""', url];
  return ['xdg-open', url];
}

/**
 * Starts the command without waiting for the browser to end.
 * @param onFailure runs when the command does not exist or fails, as on a machine without a screen
 */
export function openBrowser([program, ...args]: Command, onFailure: () => void): void {
  const child = spawn(program, args, { detached: true, stdio: 'ignore', windowsVerbatimArguments: true });
  child.once('error', onFailure);
  child.once('exit', (code) => {
    if (code) onFailure();
  });
  child.unref();
}
