import { loadConfig } from './config-file.ts'
import { createListenerPool, type ListenerPool, type OpenListener } from './host/listeners.ts'
import { createHost, type Host } from './host.ts'

/** A running system that can take a new config without refusing a connection. */
export class Server {
  readonly #folder: string
  readonly #file: string | undefined
  readonly #pool: ListenerPool = createListenerPool()
  #host: Host | undefined
  #listeners: readonly OpenListener[] = []
  #changing: Promise<unknown> = Promise.resolve()

  /** The config is the named file, or the one found upwards from `folder`. */
  constructor(folder: string, file?: string) {
    this.#folder = folder
    this.#file = file
  }

  get listeners(): readonly OpenListener[] {
    return this.#listeners
  }

  /** Loads the config, starts everything and opens the listeners. */
  async start(): Promise<Host> {
    const host = await this.#load()
    host.log.info('starting', { plugins: host.plugins })
    await host.start()
    this.#listeners = await host.serve()
    this.#host = host
    host.log.info('ready', { listeners: this.#listeners })
    return host
  }

  async #load(): Promise<Host> {
    const { config, folder } = await loadConfig(this.#folder, this.#file)
    return createHost(config, { folder, listeners: this.#pool })
  }

  /**
   * Takes the config as it is now: the new plugins start beside the old ones, take over the listeners, and the old ones
   * finish their sessions. Where anything is wrong the old system goes on; answers whether the new one runs.
   */
  reload(): Promise<boolean> {
    const done = this.#changing.then(() => this.#reload())
    this.#changing = done.catch(() => undefined)
    return done
  }

  async #reload(): Promise<boolean> {
    const old = this.#host
    if (old === undefined) return false
    old.log.info('reloading')
    let next: Host
    try {
      next = await this.#load()
      await next.start()
    } catch (error) {
      old.log.error('reload-refused', { error })
      return false
    }
    try {
      this.#listeners = await next.serve()
    } catch (error) {
      old.log.error('reload-refused', { error })
      this.#listeners = await old.listen()
      return false
    }
    this.#host = next
    next.log.info('reloaded', { listeners: this.#listeners })
    await old.stop().catch((error: unknown) => next.log.error('plugin-failed', { error }))
    return true
  }

  /** Finishes the sessions and stops everything; MAIL_E_STOP where a plugin could not. */
  async stop(): Promise<void> {
    await this.#changing
    const host = this.#host
    this.#host = undefined
    if (host === undefined) return
    host.log.info('stopping')
    await host.stop()
    host.log.info('stopped')
  }
}
