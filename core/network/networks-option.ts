import { type Network, networkProblem, parseNetwork } from '../model/network.ts'
import type { OptionReader } from '../options.ts'

/**
 * Reads an option that lists networks, such as `['127.0.0.1', '192.0.2.0/24', '2001:db8::/32']`; none where it is absent. Words that may stand
 * beside them, and mean something to the caller, are passed over.
 */
export function readNetworks(
  read: OptionReader,
  name: string,
  words: readonly string[] = [],
): readonly Network[] {
  return read.strings(name, { default: [] }).flatMap((text, index) => {
    if (words.includes(text)) return []
    const problem = networkProblem(text)
    if (problem !== undefined) read.fault(`${name}[${index}]`, `must be ${problem}`)
    return parseNetwork(text) ?? []
  })
}
