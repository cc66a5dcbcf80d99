import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Log } from '../log.ts'

/**
 * What systemd is told of a service of `Type=notify` (sd_notify(3)), and nothing where nobody listens. Node.js has no
 * datagrams of Unix sockets: `systemd-notify`, which systemd brings, sends them; the unit needs `NotifyAccess=all`.
 */
export class ServiceManager {
  readonly #socket: string | undefined
  /** Milliseconds in which it wants to hear from us; 0: it does not. */
  readonly #watchdog: number
  #log: Log | undefined
  #telling: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined
  #reloads = 0

  /** Takes what the environment says out of it: no child is to speak for us. */
  constructor(environment: NodeJS.ProcessEnv) {
    const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = environment
    this.#socket = NOTIFY_SOCKET === '' ? undefined : NOTIFY_SOCKET
    // The launcher of a clone is the service's process, and this one its child.
    const isOurs =
      WATCHDOG_PID === undefined || [process.pid, process.ppid].map(String).includes(WATCHDOG_PID)
    this.#watchdog = this.#socket !== undefined && isOurs ? Number(WATCHDOG_USEC ?? 0) / 1_000 : 0
    for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete environment[name]
  }

  /** The service can be used. From now on it is told regularly that work goes on, where it wants to hear that and it is so. */
  ready(log: Log, isAlive: () => boolean = () => true): Promise<void> {
    this.#log = log
    if (this.#watchdog > 0) {
      this.#timer ??= setInterval(() => {
        if (isAlive()) void this.#tell('WATCHDOG=1')
      }, this.#watchdog / 3)
      this.#timer.unref()
    }
    return this.#tell('READY=1')
  }

  /** Around a reload, however it ends. One that has to wait for another is in the log at once: it may take as long as sessions do. */
  async reloading(reload: () => Promise<unknown>): Promise<void> {
    if (this.#reloads++ > 0)
      this.#log?.info('reloading', { text: 'waits until the reload before it is over, and its sessions' })
    await this.#tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1_000n}`)
    try {
      await reload()
    } finally {
      this.#reloads--
      await this.#tell('READY=1')
    }
  }

  stopping(): Promise<void> {
    return this.#tell('STOPPING=1')
  }

  /** One after the other: what is told last is what is so. Never rejects. */
  #tell(...words: readonly string[]): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) return Promise.resolve()
    this.#telling = this.#telling.then(() => this.#send(socket, words))
    return this.#telling
  }

  async #send(socket: string, words: readonly string[]): Promise<void> {
    try {
      const env = { ...process.env, NOTIFY_SOCKET: socket }
      const sender = spawn('systemd-notify', words, { env, stdio: 'ignore', timeout: 10_000 })
      const [code] = (await once(sender, 'exit')) as [number | null]
      if (code !== 0) throw new Error(`it ends with the exit code ${code}`)
    } catch (error) {
      this.#log?.warn('unavailable', { service: 'systemd-notify', error })
    }
  }
}
