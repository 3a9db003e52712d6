/** Runs the files by name: the tests of the sign-in need a token that has expired, and wait for it when they come first. */
import Sequencer from '@jest/test-sequencer';

export default class ByNameSequencer extends Sequencer {
  sort(tests) {
    return [...tests].sort((one, other) => (one.path < other.path ? -1 : 1));
  }
}
