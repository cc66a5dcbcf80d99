import type { ListenRequest } from './listeners.ts'

// Beyond it nobody would be answered in time anyway.
const mostWaiting = 1_000

/** Connections to ports that are open before the plugins can take them. What clients say meanwhile waits in the sockets. */
export class WaitingConnections {
  #waiting: (() => void)[] = []

  /** Requests for the same places, whose connections wait. */
  instead(requests: readonly ListenRequest[]): readonly ListenRequest[] {
    return requests.map((request) => ({
      ...request,
      onConnection: (socket) => {
        if (this.#waiting.length >= mostWaiting) socket.destroy()
        else this.#waiting.push(() => socket.destroyed || request.onConnection(socket))
      },
    }))
  }

  /** Hands them over, in the order in which they came. */
  letIn(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const hand of waiting) hand()
  }
}
