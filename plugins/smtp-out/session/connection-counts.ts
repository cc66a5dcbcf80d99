/** Open connections, of each host and together. */
export class ConnectionCounts {
  readonly #hosts = new Map<string, number>()
  #total = 0

  get total(): number {
    return this.#total
  }

  of(host: string): number {
    return this.#hosts.get(host) ?? 0
  }

  add(host: string): void {
    this.#total += 1
    this.#hosts.set(host, this.of(host) + 1)
  }

  remove(host: string): void {
    this.#total -= 1
    const left = this.of(host) - 1
    if (left <= 0) this.#hosts.delete(host)
    else this.#hosts.set(host, left)
  }
}
