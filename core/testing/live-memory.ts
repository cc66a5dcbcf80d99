import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Octets that are in use in this process; what is garbage is taken away before, so that a test may rely on it. */
export function liveMemory(): number {
  collect()
  // The octets of what the first one found are certainly given back when the second begins.
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
