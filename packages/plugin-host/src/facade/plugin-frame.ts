import { currentFrame, runAttributed } from '../foundation/attribution.js';

/**
 * Remembers the plugin callback that is running. What it returns brings later code back into that frame.
 *
 * Sockets and abort signals call back in the adapter's context; a listener of the plugin that throws there
 * would be nobody's fault, and end the process.
 */
export function captureFrame(): <R>(work: () => R) => R {
  const frame = currentFrame();
  return frame === undefined ? (work) => work() : (work) => runAttributed(frame, work);
}
