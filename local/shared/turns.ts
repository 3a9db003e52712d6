/** Turns: work on one key runs one after the other, work on different keys at once. */

export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export function createTurns(): InTurn {
  const last = new Map<string, Promise<unknown>>();
  return (key, work) => {
    // What came before may have failed: that is its caller's.
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work);
    const forget = () => void (last.get(key) === turn && last.delete(key));
    last.set(key, turn);
    turn.then(forget, forget);
    return turn;
  };
}
