import type { Server } from 'node:http';
import { timeouts } from '../limits.ts';

/**
 * Answers what a server has and takes no more. Closing waits for open connections; one that is kept alive after its last answer
 * has to be closed too.
 *
 * @param close stops the listening; done when the last connection has ended
 */
export async function closeDrained(server: Server, close: () => Promise<unknown>): Promise<void> {
  const idle = setInterval(() => {
    // After the sockets of this turn were read: a request may have come to one that seems idle.
    setImmediate(() => {
      server.closeIdleConnections();
    });
  }, timeouts.drainStepMs);
  await close();
  clearInterval(idle);
}
