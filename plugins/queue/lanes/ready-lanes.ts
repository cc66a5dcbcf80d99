import type { Lane } from './lane.ts'

// Whoever stands behind so many others in a line has to wait for them in any case.
const mostSenders = 64

/**
 * Destinations that may have something to do, by the senders who wait for them. Senders take turns, and so do the destinations of each:
 * whoever sends one message does not wait for the thousands of destinations of another one's mailing.
 */
export class ReadyLanes {
  readonly #senders = new Map<string, Set<Lane>>()

  /** Adds one for all of its next senders. */
  add(lane: Lane): void {
    let count = 0
    for (const sender of lane.line.senders()) {
      const lanes = this.#senders.get(sender)
      if (lanes === undefined) this.#senders.set(sender, new Set([lane]))
      else lanes.add(lane)
      if (++count >= mostSenders) return
    }
  }

  /**
   * The next one of the sender whose turn it is, of those who may. Destinations that may not are left out until they are added again; those
   * of senders who may not stay.
   */
  next(may: (lane: Lane) => boolean, mayTake: (sender: string) => boolean): Lane | undefined {
    for (const [sender, lanes] of this.#senders) {
      if (!mayTake(sender)) continue
      // Whoever has had a turn goes to the end.
      this.#senders.delete(sender)
      for (const lane of lanes) {
        lanes.delete(lane)
        if (!may(lane)) continue
        if (lanes.size > 0) this.#senders.set(sender, lanes)
        return lane
      }
    }
    return undefined
  }
}
