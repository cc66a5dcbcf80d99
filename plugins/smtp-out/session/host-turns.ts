/** Somebody who waits for a host. */
export interface Waiting {
  readonly host: string
  /** Whose mail it is, as `senderInTurn` has it. */
  readonly sender: string
}

/**
 * Who waits for hosts. Hosts take turns, and so do the senders of each: a host that has the mail of thousands of domains may keep a
 * mailing to these waiting, and not somebody else's letter.
 */
export class HostTurns<One extends Waiting> {
  readonly #hosts = new Map<string, Map<string, Set<One>>>()

  add(one: One): void {
    const senders = this.#hosts.get(one.host) ?? new Map<string, Set<One>>()
    this.#hosts.set(one.host, senders)
    const own = senders.get(one.sender) ?? new Set<One>()
    senders.set(one.sender, own.add(one))
  }

  /** Whoever waits no longer. */
  delete(one: One): void {
    const senders = this.#hosts.get(one.host)
    const own = senders?.get(one.sender)
    if (senders === undefined || own?.delete(one) !== true) return
    if (own.size === 0) senders.delete(one.sender)
    if (senders.size === 0) this.#hosts.delete(one.host)
  }

  /** Hosts that somebody waits for. Those that are put to the end meanwhile come once more. */
  hosts(): Iterable<string> {
    return this.#hosts.keys()
  }

  /** Takes out the next one for a host, of those that fit. The host and the sender go to the end. */
  take(host: string, fits: (one: One) => boolean = () => true): One | undefined {
    const senders = this.#hosts.get(host)
    for (const [sender, own] of senders ?? [])
      for (const one of own) {
        if (!fits(one)) continue
        this.delete(one)
        if (senders?.delete(sender) === true) senders.set(sender, own)
        if (this.#hosts.delete(host) && senders !== undefined) this.#hosts.set(host, senders)
        return one
      }
    return undefined
  }
}
