import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { vi } from 'vitest'
import { environment } from './run-process.ts'

/** A proxy in front of us. */
export interface ProxyProcess extends AsyncDisposable {
  /** What it has said on standard error. */
  readonly said: string
}

/** Starts one and waits until it is up, by what it has said so far or by whatever else shows it. */
export async function startProxyProcess(
  program: string,
  words: readonly string[],
  isUp: (said: string) => boolean | Promise<boolean>,
): Promise<ProxyProcess> {
  const child = spawn(program, words, {
    env: { ...environment(), PATH: '/usr/sbin:/usr/bin' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (octets: Buffer) => {
    said += octets.toString()
  })
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null) return
    child.kill()
    await once(child, 'exit')
  }
  const look = () => {
    if (child.exitCode !== null) throw new Error(said)
    return isUp(said)
  }
  try {
    await vi.waitUntil(look, { timeout: 20_000 })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    get said() {
      return said
    },
    [Symbol.asyncDispose]: stop,
  }
}
