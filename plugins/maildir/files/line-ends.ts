const CR = 13
const LF = 10

/** Counts, chunk by chunk, what a message would have in octets if each line ended with CRLF. */
export class CrlfMeter {
  /** Octets as they came. */
  octets = 0
  #bareLineFeeds = 0
  #endedInCr = false

  add(chunk: Buffer): void {
    this.octets += chunk.length
    this.#bareLineFeeds += countBareLineFeeds(chunk, this.#endedInCr)
    if (chunk.length > 0) this.#endedInCr = chunk.at(-1) === CR
  }

  get crlfOctets(): number {
    return this.octets + this.#bareLineFeeds
  }
}

/** Gives every LF that has none a CR before it. `afterCr` says whether the octet before the chunk was a CR. */
export function toCrlf(chunk: Buffer, afterCr: boolean): Buffer {
  // Most files have one kind of line ends only. As a text that is done in half the time.
  if (!afterCr && !chunk.includes(CR) && chunk.includes(LF))
    return Buffer.from(chunk.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')
  const places = bareLineFeeds(chunk, afterCr)
  if (places.length === 0) return chunk
  const result = Buffer.allocUnsafe(chunk.length + places.length)
  copyWithCr(chunk, places, result)
  return result
}

/** Where each LF is that has no CR before it. `afterCr` as in `toCrlf`. */
function bareLineFeeds(chunk: Buffer, afterCr: boolean): number[] {
  const places: number[] = []
  for (let place = chunk.indexOf(LF); place >= 0; place = chunk.indexOf(LF, place + 1)) {
    const before = place === 0 ? afterCr : chunk[place - 1] === CR
    if (!before) places.push(place)
  }
  return places
}

/** Copies octets to the beginning of another place, with a CR before those at some places. Answers how many there are then. */
function copyWithCr(chunk: Buffer, places: readonly number[], to: Buffer): number {
  let from = 0
  let filled = 0
  for (const place of places) {
    filled += chunk.copy(to, filled, from, place)
    to[filled++] = CR
    from = place
  }
  return filled + chunk.copy(to, filled, from)
}

/** Turns CRLF into LF, chunk by chunk; a CR at the end of a chunk waits for what follows. */
export class LfWriter {
  #held = false

  add(chunk: Buffer): Buffer {
    const all = this.#held ? Buffer.concat([Buffer.of(CR), chunk]) : chunk
    this.#held = all.at(-1) === CR
    const end = this.#held ? all.length - 1 : all.length
    return withoutCr(all.subarray(0, end))
  }

  /** What still waits. */
  end(): Buffer {
    return this.#held ? Buffer.of(CR) : Buffer.alloc(0)
  }
}

function withoutCr(chunk: Buffer): Buffer {
  const runs: Buffer[] = []
  let from = 0
  for (let place = chunk.indexOf('\r\n'); place >= 0; place = chunk.indexOf('\r\n', place + 2)) {
    runs.push(chunk.subarray(from, place))
    from = place + 1
  }
  runs.push(chunk.subarray(from))
  return runs.length === 1 ? chunk : Buffer.concat(runs)
}

function countBareLineFeeds(chunk: Buffer, afterCr: boolean): number {
  let count = 0
  for (let place = chunk.indexOf(LF); place >= 0; place = chunk.indexOf(LF, place + 1))
    if (place === 0 ? !afterCr : chunk[place - 1] !== CR) count += 1
  return count
}
