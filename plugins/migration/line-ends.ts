const CR = 13
const LF = 10
const lineEnd = Buffer.from('\r\n')

/** Gives every LF that has none a CR before it, chunk by chunk. */
export class CrlfWriter {
  #last = 0

  add(chunk: Buffer): Buffer {
    const parts: Buffer[] = []
    let from = 0
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) {
      if ((at === 0 ? this.#last : chunk[at - 1]) === CR) continue
      parts.push(chunk.subarray(from, at), lineEnd)
      from = at + 1
    }
    this.#last = chunk.at(-1) ?? this.#last
    if (from === 0) return chunk
    parts.push(chunk.subarray(from))
    return Buffer.concat(parts)
  }
}

/** Turns CRLF into LF, chunk by chunk. */
export class LfWriter {
  #held = false

  /** A CR at the end of a chunk waits for what follows. */
  add(chunk: Buffer): Buffer {
    const all = this.#held ? Buffer.concat([Buffer.of(CR), chunk]) : chunk
    this.#held = all.at(-1) === CR
    return withoutCr(this.#held ? all.subarray(0, -1) : all)
  }

  /** What still waits. */
  end(): Buffer {
    const rest = this.#held ? Buffer.of(CR) : Buffer.alloc(0)
    this.#held = false
    return rest
  }
}

function withoutCr(chunk: Buffer): Buffer {
  const runs: Buffer[] = []
  let from = 0
  for (let at = chunk.indexOf(lineEnd); at >= 0; at = chunk.indexOf(lineEnd, at + 2)) {
    runs.push(chunk.subarray(from, at))
    from = at + 1
  }
  return from === 0 ? chunk : Buffer.concat([...runs, chunk.subarray(from)])
}
