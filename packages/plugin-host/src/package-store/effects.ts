/**
 * The seam every effect on the disk goes through, so that a test can fail the n-th call or end the process
 * there, for every n. In production it does nothing but call.
 */
export interface Effects {
  /** @param name what is about to happen: `write`, `rename`, … */
  step<T>(name: string, run: () => Promise<T>): Promise<T>;
}

export const directEffects: Effects = { step: (_, run) => run() };
