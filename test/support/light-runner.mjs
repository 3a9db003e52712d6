/**
 * Runs tests with jest-light-runner, and responds to each worker process by itself. jest-light-runner responds to all that wait
 * at once. One that starts up meanwhile misses the response, asks when nobody listens, and hangs, as it did on a busy machine.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import runner from 'jest-light-runner';

const { resolve } = createRequire(import.meta.resolve('jest-light-runner'));
const { default: Tinypool } = await import(pathToFileURL(resolve('tinypool')));

const { run } = Tinypool.prototype;
Tinypool.prototype.run = function runAlone(path, { channel, ...options } = {}) {
  return run.call(this, path, { ...options, channel: channel && ofOneTest(channel) });
};

function ofOneTest(shared) {
  let listener;
  return {
    onMessage(listen) {
      listener = listen;
    },
    postMessage(message) {
      // The shared channel responds to those who listen, and forgets them.
      shared.onMessage(listener);
      shared.postMessage(message);
    },
  };
}

export default runner;
