import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

/** A call to the system as strace(1) has seen it begin or end; one without interruption does both in this order. */
export interface TracedCall {
  readonly name: string
  /** Which call of which thread it is: the same at its beginning and its end. */
  readonly key: string
  readonly phase: 'begins' | 'ends'
  /** Milliseconds since 1970. */
  readonly at: number
  /** What was said so far: at the beginning of an interrupted call it may not be all. */
  readonly words: string
  /** Undefined at the beginning. */
  readonly result?: number
}

/** What {@link readTrace} needs of strace: all strings as hex, whole, with times. */
export const traceWords: readonly string[] = ['-ttt', '-xx', '-s', '4000000']

interface Begun {
  readonly name: string
  readonly words: string
  readonly key: string
}

/** Reads what `strace -f -o FILE` has written with {@link traceWords}, in the order in which it happened. */
export async function* readTrace(file: string): AsyncGenerator<TracedCall> {
  const begun = new Map<string, Begun>()
  let number = 0
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    const [, thread = '', time = '', rest = ''] = /^(\d+) +(\d+\.\d+) (.*)$/.exec(line) ?? []
    const at = Number(time) * 1_000
    const [, resumed, tail = ''] = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest) ?? []
    if (resumed !== undefined) {
      const first = begun.get(thread)
      begun.delete(thread)
      if (first !== undefined) yield { ...first, phase: 'ends', at, ...ending(first.words + tail) }
      continue
    }
    const [, name, words = ''] = /^(\w+)\((.*)$/.exec(rest) ?? []
    if (name === undefined) continue
    const call = { name, key: String(number++), words: words.replace(/ ?<unfinished \.\.\.>$/, '') }
    yield { ...call, phase: 'begins', at }
    if (words.endsWith('<unfinished ...>')) begun.set(thread, call)
    else yield { ...call, phase: 'ends', at, ...ending(words) }
  }
}

/** Words and result of a call that is over; -1 for one whose process has died in it. */
function ending(text: string): { readonly words: string; readonly result: number } {
  const end = text.lastIndexOf(') ')
  const result = /^\) += (-?\d+)/.exec(text.slice(end))?.[1]
  return { words: text.slice(0, end), result: result === undefined ? -1 : Number(result) }
}

/** The strings among the words, as octets. */
export function stringsOf(words: string): readonly Buffer[] {
  return [...words.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map((match) =>
    Buffer.from((match[1] ?? '').replaceAll('\\x', ''), 'hex'),
  )
}

/** The words, each string as `"`. */
export function plainWords(words: string): readonly string[] {
  return words.replaceAll(/"(?:\\x[0-9a-f]{2})*"/g, '"').split(', ')
}
