import { systemClock } from './clock.ts'
import { type LoadedConfig, loadConfig } from './config-file.ts'
import { ConfigError, MailwrightError } from './errors.ts'
import { InheritedSockets } from './host/inherited-sockets.ts'
import { createListenerPool, type ListenerPool, type OpenListener } from './host/listeners.ts'
import { becomeUser, canRead, isRoot } from './host/privileges.ts'
import { createHost, type Host } from './host.ts'
import type { MetricStore } from './metrics/host-metrics.ts'
import { createPeers, type Question } from './workers/peers.ts'
import { allAreBound, isWorker } from './workers/worker.ts'

/** A running system that can take a new config without refusing a connection. */
export class Server {
  readonly #folder: string
  readonly #file: string | undefined
  readonly #inherited = new InheritedSockets(process.env)
  readonly #pool: ListenerPool = createListenerPool(this.#inherited)
  readonly #counted: MetricStore = new Map()
  readonly #peers = isWorker ? createPeers(systemClock) : undefined
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

  /**
   * Loads the config, starts everything and opens the listeners. Where the config names a user, the ports are opened first,
   * and everything else is done as that user. `config` is what was loaded just now, where somebody has done so. A reload that
   * is asked for meanwhile comes after it.
   */
  start(config?: LoadedConfig): Promise<Host> {
    const started = this.#start(config)
    this.#changing = started.catch(() => undefined)
    return started
  }

  async #start(config: LoadedConfig | undefined): Promise<Host> {
    const loaded = config ?? (await loadConfig(this.#folder, this.#file))
    const host = this.#hostOf(loaded)
    host.log.info('starting', { plugins: host.plugins })
    if (host.settings.user !== undefined) await this.#giveUpRights(host, loaded.file)
    else if (isRoot())
      host.log.warn('starting', { text: 'runs as root; the setting `user` names a better one' })
    for (const text of host.warnings) host.log.warn('starting', { text })
    await host.start()
    this.#listeners = await host.serve()
    await this.#refuseUnclaimed(host)
    this.#host = host
    host.log.info(isWorker ? 'worker-started' : 'ready', { listeners: this.#listeners })
    return host
  }

  async #giveUpRights(host: Host, file: string): Promise<void> {
    await host.bind()
    try {
      if (isWorker) await allAreBound()
      host.log.info('starting', { text: 'runs as', ...becomeUser(host.settings) })
    } catch (error) {
      await host.stop()
      throw error
    }
    if (!canRead(file))
      host.log.warn('starting', {
        text: `${host.settings.user} cannot read the config: no reload will work`,
        file,
      })
  }

  async #refuseUnclaimed(host: Host): Promise<void> {
    const { unclaimed } = this.#inherited
    if (unclaimed.length === 0) return
    await host.stop()
    const problem = `no listener is for what the service manager has opened: ${unclaimed.join(', ')}`
    throw new MailwrightError('MAIL_E_START', problem)
  }

  #hostOf({ config, folder }: LoadedConfig): Host {
    return createHost(config, {
      folder,
      listeners: this.#pool,
      counted: this.#counted,
      peers: this.#peers,
    })
  }

  /** The changed config. ConfigError where it wants what is done once, before the plugins start. */
  async #next({ settings }: Host): Promise<Host> {
    const next = this.#hostOf(await loadConfig(this.#folder, this.#file))
    for (const setting of ['user', 'group', 'workers'] as const)
      if (next.settings[setting] !== settings[setting])
        throw new ConfigError(setting, 'cannot change while the server runs: stop it, and start it again')
    return next
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
      next = await this.#next(old)
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

  /** What this worker says where another one asks; undefined where it does not run. Never rejects. */
  async answer(question: Question): Promise<unknown> {
    return question === 'metrics'
      ? this.#host?.instruments.metrics.own(true)
      : this.#host?.instruments.health.own()
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
