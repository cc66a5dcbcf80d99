import { Socket } from 'node:net'

/** Milliseconds in which what is open may close by itself. */
const grace = 3_000

/** What a command's words are written to. */
const outputs = [process.stdout, process.stderr]

/**
 * Ends the process some time after its work, also where a plugin has left something open that would keep it alive for ever.
 * Told is what that is. Who has left nothing ends at once, and what a slow reader has not taken yet is written first.
 */
export function endProcess(tell: (open: readonly string[]) => void): void {
  const end = (): void => {
    if (outputs.some(({ writableLength }) => writableLength > 0)) {
      endProcess(tell)
      return
    }
    tell(openResources())
    process.exit()
  }
  // It fires only where something else keeps the process alive.
  setTimeout(end, grace).unref()
}

/** As Node.js names them, without the standard streams, which are no more than listed. */
function openResources(): readonly string[] {
  const resources = process.getActiveResourcesInfo()
  for (const stream of [process.stdin, ...outputs]) {
    if (!(stream instanceof Socket)) continue
    const at = resources.indexOf(stream.isTTY ? 'TTYWrap' : 'PipeWrap')
    if (at >= 0) resources.splice(at, 1)
  }
  return resources
}
